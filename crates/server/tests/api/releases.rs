//! Templates and releases in the vendor's shapes: what is made, found, started and refused. What scripts do is tried with the
//! program itself.

use http::Method;
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::common::{Answer, Call, NewGrant, PASSWORD, Person, World, delete, get, post, put};

const TEMPLATES: &str = "/api/v1/templates";
const RELEASES: &str = "/api/v1/releases";
const MAKES: [&str; 4] = ["template#create", "release#create", "release#view", "release#abort"];

/// Ann, who may do all with releases.
async fn world() -> (World, Person) {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    (world, ann)
}

fn script(text: &str) -> Value {
    json!({ "type": "xlrelease.ScriptTask", "title": "Call", "script": text })
}

fn template(tasks: &[Value]) -> Value {
    json!({
        "id": "Applications/Release0123456789abcdef0123456789abcdef",
        "type": "xlrelease.Release", "status": "TEMPLATE", "title": "Ship it",
        "phases": [{ "type": "xlrelease.Phase", "title": "Test", "tasks": tasks }],
        "variables": [
            { "type": "xlrelease.StringVariable", "key": "version", "requiresValue": true },
            { "type": "xlrelease.PasswordStringVariable", "key": "secret", "value": "swordfish" },
        ],
    })
}

impl World {
    async fn as_ann(&self, call: Call) -> Answer {
        self.send(call.basic("ann", PASSWORD)).await
    }

    /// Makes a template and returns its id.
    async fn template(&self, body: &Value) -> String {
        let made = self.as_ann(post(TEMPLATES).json(body)).await;
        assert_eq!(made.status(), 200, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }
}

fn start() -> Value {
    json!({ "releaseTitle": "Ship 1.2", "variables": { "${version}": "1.2" } })
}

#[tokio::test]
async fn behaviour_34_a_release_is_made_of_a_template_and_started() {
    let (world, _) = world().await;
    let id = world.template(&template(&[script("print(1)")])).await;
    assert_eq!(id, "Applications/Release0123456789abcdef0123456789abcdef", "the name that the client gave");
    let made = world.as_ann(post(format!("{TEMPLATES}/{id}/create")).json(&start())).await;
    let made = made.json();
    let told = (&made["status"], &made["title"], &made["originTemplateId"]);
    assert_eq!(told, (&json!("PLANNED"), &json!("Ship 1.2"), &json!(id)));
    let release = made["id"].as_str().unwrap();
    assert!(release.starts_with("Applications/Release") && release != id, "{release}");
    let begun = world.as_ann(post(format!("{RELEASES}/{release}/start"))).await.json();
    assert_eq!(
        (&begun["status"], &begun["phases"][0]["tasks"][0]["status"]),
        (&json!("IN_PROGRESS"), &json!("QUEUED"))
    );
    let active = world.as_ann(get(format!("{RELEASES}/{release}/active-tasks"))).await.json();
    assert_eq!((active.as_array().unwrap().len(), &active[0]["status"]), (1, &json!("QUEUED")));
    // The short name of the template does as well, and the slash as it is encoded.
    let short = id.strip_prefix("Applications/").unwrap();
    let started = world.as_ann(post(format!("{TEMPLATES}/{short}/start")).json(&start())).await;
    assert_eq!((started.status(), &started.json()["status"]), (200, &json!("IN_PROGRESS")));
    let encoded = world.as_ann(get(format!("{RELEASES}/{}", release.replace('/', "%2F")))).await;
    assert_eq!((encoded.status(), &encoded.json()["id"]), (200, &json!(release)));
}

#[tokio::test]
async fn behaviour_35_what_is_not_there_is_404_and_a_template_is_no_release() {
    let (world, _) = world().await;
    let id = world.template(&template(&[])).await;
    for path in [
        format!("{RELEASES}/Applications/Release1"),
        format!("{RELEASES}/Applications/Folder1/Release1"),
        format!("{RELEASES}/{id}"),
        format!("{RELEASES}/nonsense"),
        format!("{TEMPLATES}/Applications/Release1"),
        format!("/api/v1/tasks/{id}/Phase1/Task1"),
    ] {
        assert_eq!(world.as_ann(get(path.clone())).await.status(), 404, "{path}");
    }
    let overview = world.as_ann(post(format!("{RELEASES}/search/overview")).json(&json!({}))).await;
    assert_eq!(overview.status(), 200, "this call is really here");
}

#[tokio::test]
async fn behaviour_36_the_overview_counts_milliseconds_and_the_search_writes_dates() {
    let (world, _) = world().await;
    let id = world.template(&template(&[script("print(1)")])).await;
    world.as_ann(post(format!("{TEMPLATES}/{id}/start")).json(&start())).await;
    let overview =
        world.as_ann(post(format!("{RELEASES}/search/overview")).json(&json!({ "title": "ship" })));
    let overview = overview.await.json();
    assert_eq!(overview[0]["startDate"], json!(patgate_testkit::clock::NOON.as_millisecond()));
    let found =
        world.as_ann(post(format!("{RELEASES}/search")).json(&json!({ "statuses": ["IN_PROGRESS"] })));
    let found = found.await.json();
    assert_eq!(found[0]["startDate"], json!(patgate_testkit::clock::NOON.to_string()));
    let none = json!({ "statuses": ["COMPLETED"] });
    assert_eq!(world.as_ann(post(format!("{RELEASES}/search")).json(&none)).await.json(), json!([]));
    let counts = world.as_ann(post(format!("{RELEASES}/count")).json(&json!({}))).await.json();
    assert_eq!(
        counts["live"],
        json!({ "total": 1, "byStatus": { "IN_PROGRESS": 1 } }),
        "templates do not count"
    );
    assert_eq!((&counts["all"]["total"], &counts["archived"]["total"]), (&json!(1), &json!(0)));
    let by_title = world.as_ann(get(format!("{RELEASES}/byTitle?releaseTitle=Ship%201.2"))).await.json();
    assert_eq!(by_title.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn behaviour_37_passwords_never_come_back() {
    let (world, ann) = world().await;
    let token = world.token(&ann, NewGrant::default()).await;
    let mut body = template(&[script("print(1)")]);
    (body["scriptUsername"], body["scriptUserPassword"]) = (json!(""), json!(token.text));
    let id = world.template(&body).await;
    let path = format!("{TEMPLATES}/{id}");
    let read = world.as_ann(get(path.clone())).await.json();
    assert_eq!(read["variables"][1]["value"], json!("********"));
    assert_eq!(read["runAs"], json!({ "username": "ann", "by": "token" }));
    assert!(read.get("scriptUserPassword").is_none() && read.get("scriptUsername").is_none(), "{read}");
    // Sent back as it was read, both stay.
    let sent_back = world.as_ann(put(path.clone()).json(&read)).await.json();
    assert_eq!((&sent_back["variables"], &sent_back["runAs"]), (&read["variables"], &read["runAs"]));
    let started = world.as_ann(post(format!("{path}/start")).json(&start())).await;
    let release = format!("{RELEASES}/{}", started.json()["id"].as_str().unwrap());
    let variables = world.as_ann(get(format!("{release}/variables"))).await.json();
    assert_eq!(variables[1]["value"], json!("********"), "it went with the release");
    let values = world.as_ann(get(format!("{release}/variableValues"))).await.json();
    assert_eq!(values, json!({ "version": "1.2" }), "passwords are left out");
    let lists = ["search", "fullSearch"].map(|list| post(format!("{RELEASES}/{list}")).json(&json!({})));
    let read = ["", "/variables", "/variableValues"].map(|part| get(format!("{release}{part}")));
    let read = read.into_iter().chain(["", "/variables"].map(|part| get(format!("{path}{part}"))));
    for call in read.chain(lists).chain([get(TEMPLATES), get(RELEASES)]) {
        let answer = world.as_ann(call).await;
        assert!(answer.status() == 200 && answer.text().contains("version"), "{}", answer.text());
        for secret in ["swordfish", &token.text[4..]] {
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn behaviour_64_66_the_credential_is_looked_at_before_anything_starts() {
    let (world, ann) = world().await;
    let expired = NewGrant { expires_at: Some("2026-05-03T12:00:00Z"), ..NewGrant::default() };
    let deploy = NewGrant { application: "deploy", ..NewGrant::default() };
    let expired = world.token(&ann, expired).await;
    let deploy = world.token(&ann, deploy).await;
    let good = world.token(&ann, NewGrant::default()).await;
    let id = world.template(&template(&[script("print(1)")])).await;
    let path = format!("{TEMPLATES}/{id}/start");
    let with = |username: &str, password: &str| {
        let mut body = start();
        (body["scriptUsername"], body["scriptUserPassword"]) = (json!(username), json!(password));
        body
    };
    for (username, password, why) in [
        ("", "rpa_wrong", "not a token"),
        ("", &*expired.text, "expired"),
        ("", &*deploy.text, "for another application"),
        ("bob", &*good.text, "not known"),
        ("ann", "wrong password here", "wrong"),
    ] {
        let refused = world.as_ann(post(path.clone()).json(&with(username, password))).await;
        assert_eq!(
            (refused.status(), &refused.json()["field"]),
            (400, &json!("scriptUserPassword")),
            "{why}"
        );
        assert!(!refused.text().contains(password), "{}", refused.text());
    }
    let counts = world.as_ann(post(format!("{RELEASES}/count")).json(&json!({}))).await.json();
    assert_eq!(counts["all"]["total"], json!(0), "nothing was made");
    for (username, password, by) in
        [("", &*good.text, "token"), ("ann", PASSWORD, "password"), ("ann", &*good.text, "token")]
    {
        let started = world.as_ann(post(path.clone()).json(&with(username, password))).await;
        assert_eq!(
            (started.status(), &started.json()["runAs"]["by"]),
            (200, &json!(by)),
            "{}",
            started.text()
        );
    }
    // One that stops passing after it was entered.
    let mut body = template(&[script("print(1)")]);
    (body["id"], body["scriptUserPassword"]) = (Value::Null, json!(good.text));
    let bound = world.template(&body).await;
    world.delete_token(&good).await;
    let refused = world.as_ann(post(format!("{TEMPLATES}/{bound}/start")).json(&start())).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("the token was deleted"), "{}", refused.text());
}

#[tokio::test]
async fn who_else_changes_a_script_takes_the_credential_away() {
    let (world, ann) = world().await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let narrow = NewGrant { permissions: Some(&["template#create"]), ..NewGrant::default() };
    let narrow = world.token(&ann, narrow).await;
    let mut body = template(&[script("print(1)")]);
    body["scriptUserPassword"] = json!(token.text);
    let path = format!("{TEMPLATES}/{}", world.template(&body).await);
    let as_bob =
        async |body: Value| world.send(put(path.clone()).json(&body).basic("bob", PASSWORD)).await.json();
    let with = |text: &str| json!({ "phases": [{ "title": "Test", "tasks": [script(text)] }] });
    assert!(as_bob(json!({ "title": "Another title" })).await["runAs"].is_object(), "no script changed");
    let own = world.as_ann(put(path.clone()).json(&with("print(2)"))).await.json();
    assert!(own["runAs"].is_object(), "her own hand");
    assert!(as_bob(with("print(3)")).await.get("runAs").is_none());
    let again = json!({ "scriptUserPassword": token.text });
    assert!(world.as_ann(put(path.clone()).json(&again)).await.json()["runAs"].is_object());
    let by_token = world.send(put(path.clone()).json(&with("print(4)")).token(&narrow)).await;
    assert!(by_token.json().get("runAs").is_none(), "a token that may less than she: {}", by_token.text());
}

#[tokio::test]
async fn somebody_else_gets_no_password_by_a_script_of_their_own_and_steers_no_script_of_hers() {
    let (world, ann) = world().await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let mut body = template(&[script("print(1)")]);
    body["scriptUserPassword"] = json!(token.text);
    let path = format!("{TEMPLATES}/{}", world.template(&body).await);
    let as_bob = async |call: Call| world.send(call.basic("bob", PASSWORD)).await;
    let secret = |release: &Value| release["variables"][1]["value"].clone();
    // It is not asked for at the start.
    let steered = as_bob(post(format!("{path}/start")).json(&start())).await;
    assert_eq!(
        (steered.status(), &steered.json()["field"]),
        (400, &json!("variables")),
        "{}",
        steered.text()
    );
    let made = as_bob(post(format!("{path}/create")).json(&json!({}))).await.json();
    assert_eq!((secret(&made), made["runAs"].is_object()), (json!("********"), true));
    let release = format!("{RELEASES}/{}", made["id"].as_str().unwrap());
    let phases = json!({ "phases": [{ "title": "Test", "tasks": [script("print(2)")] }] });
    let changed = as_bob(put(release).json(&phases)).await.json();
    assert_eq!((secret(&changed), changed.get("runAs")), (Value::Null, None), "{changed}");
    let steered = json!({ "variables": [{ "key": "version", "value": "9" }, made["variables"][1]] });
    let changed = as_bob(put(path.clone()).json(&steered)).await.json();
    assert_eq!((secret(&changed), changed.get("runAs")), (Value::Null, None), "{changed}");
}

#[tokio::test]
async fn what_ended_is_kept_for_ninety_days_and_no_other_release_goes() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.release_things().await;
    let as_root = async |call: Call| world.send(call.basic("root", PASSWORD)).await;
    let abort = post(format!("{RELEASES}/Release4/abort")).json(&json!({}));
    assert_eq!(as_root(abort).await.status(), 200);
    let there = async || {
        let mut there = Vec::new();
        for (id, path) in [(1, TEMPLATES), (2, RELEASES), (3, RELEASES), (4, RELEASES)] {
            there.push(as_root(get(format!("{path}/Release{id}"))).await.status());
        }
        there
    };
    for (days, expected) in [(89, [200; 4]), (91, [200, 200, 200, 404])] {
        world.clock.set(patgate_testkit::clock::NOON + jiff::SignedDuration::from_hours(24 * days));
        patgate_server::jobs::releases::forget_ended(&world.state, &CancellationToken::new()).await;
        assert_eq!(there().await, expected, "after {days} days");
    }
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let expired: Vec<_> = events.iter().filter(|event| event.action == "release.expire").collect();
    assert_eq!((expired.len(), expired[0].subject_id.as_str()), (1, "Applications/Release4"));
}

#[tokio::test]
async fn a_gate_waits_for_somebody_who_may() {
    let (world, _) = world().await;
    world.user("carl", &["release#view"]).await;
    let id = world.template(&template(&[json!({ "type": "xlrelease.GateTask", "title": "Go?" })])).await;
    let begun = world.as_ann(post(format!("{TEMPLATES}/{id}/start")).json(&start())).await.json();
    let task = begun["phases"][0]["tasks"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(begun["phases"][0]["tasks"][0]["status"], json!("IN_PROGRESS"));
    let complete = || post(format!("/api/v1/tasks/{task}/complete")).json(&json!({ "comment": "fine" }));
    let refused = world.send(complete().basic("carl", PASSWORD)).await;
    assert_eq!((refused.status(), refused.text()), (403, "You do not have release#create permission"));
    let done = world.as_ann(complete()).await.json();
    let told = (&done["status"], &done["completedBy"], &done["statusLine"]);
    assert_eq!(told, (&json!("COMPLETED"), &json!("ann"), &json!("fine")));
    assert_eq!(world.as_ann(complete()).await.status(), 409, "it waits no more");
    let release = begun["id"].as_str().unwrap();
    assert_eq!(world.as_ann(get(format!("{RELEASES}/{release}"))).await.json()["status"], json!("COMPLETED"));
    assert_eq!(world.as_ann(delete(format!("{RELEASES}/{release}"))).await.status(), 204);
    assert_eq!(world.as_ann(get(format!("{RELEASES}/{release}"))).await.status(), 404);
}

#[tokio::test]
async fn a_release_under_way_is_aborted_before_it_is_deleted() {
    let (world, _) = world().await;
    let id = world.template(&template(&[script("print(1)")])).await;
    let begun = world.as_ann(post(format!("{TEMPLATES}/{id}/start")).json(&start())).await.json();
    let path = format!("{RELEASES}/{}", begun["id"].as_str().unwrap());
    assert_eq!(world.as_ann(delete(path.clone())).await.status(), 409);
    assert_eq!(world.as_ann(put(path.clone()).json(&json!({ "title": "Late" }))).await.status(), 409);
    let abort = || post(format!("{path}/abort")).json(&json!({ "abortComment": "wrong day" }));
    let aborted = world.as_ann(abort()).await.json();
    assert_eq!((&aborted["status"], &aborted["abortComment"]), (&json!("ABORTED"), &json!("wrong day")));
    for again in [abort(), post(format!("{path}/restart")), post(format!("{path}/start"))] {
        assert_eq!(world.as_ann(again).await.status(), 409);
    }
    assert_eq!(world.as_ann(delete(path)).await.status(), 204);
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_told() {
    let (world, _) = world().await;
    let with = |field: &str, value: Value| {
        let mut body = template(&[]);
        (body["id"], body[field]) = (Value::Null, value);
        body
    };
    for (body, word) in [
        (with("title", json!("")), "title"),
        (
            with("phases", json!([{ "title": "P", "tasks": [{ "type": "xlrelease.ParallelGroup" }] }])),
            "ParallelGroup",
        ),
        (with("phases", json!([{ "tasks": [script(&"x".repeat(70_000))] }])), "script"),
        (
            with("variables", json!([{ "key": "n", "type": "xlrelease.IntegerVariable", "value": "x" }])),
            "whole number",
        ),
        (with("variables", json!([{ "key": "n", "type": "xlrelease.DateVariable" }])), "DateVariable"),
        (with("variables", json!([{ "key": "n" }, { "key": "n" }])), "twice"),
        (with("id", json!("Applications/Folder1")), "Release"),
    ] {
        let refused = world.as_ann(post(TEMPLATES).json(&body)).await;
        assert_eq!(refused.status(), 400, "{word}: {}", refused.text());
        assert!(refused.text().contains(word), "{word}: {}", refused.text());
    }
    let id = world.template(&template(&[])).await;
    let taken = world.as_ann(post(TEMPLATES).json(&template(&[]))).await;
    assert_eq!(taken.status(), 409, "{}", taken.text());
    let path = format!("{TEMPLATES}/{id}");
    for (variables, word) in
        [(json!({}), "version"), (json!({ "version": 3 }), "text"), (json!({ "x": "" }), "x")]
    {
        let body = json!({ "variables": variables });
        let refused = world.as_ann(post(format!("{path}/start")).json(&body)).await;
        assert_eq!(refused.status(), 400, "{}", refused.text());
        assert!(refused.text().contains(word), "{}", refused.text());
    }
    let stale = json!({ "$token": "99", "title": "Late" });
    assert_eq!(world.as_ann(put(path).json(&stale)).await.status(), 409);
}

#[tokio::test]
async fn every_permission_of_releases_is_asked_for() {
    let (world, _) = world().await;
    let id = world.template(&template(&[])).await;
    let lists = [Call::new(Method::GET, RELEASES), get(format!("{TEMPLATES}/{id}"))];
    world.user("nora", &["login"]).await;
    for call in lists {
        let refused = world.send(call.basic("nora", PASSWORD)).await;
        assert_eq!((refused.status(), refused.text()), (403, "You do not have release#view permission"));
    }
    world.user("vera", &["release#view"]).await;
    for (call, permission) in [
        (post(TEMPLATES).json(&json!({ "title": "x" })), "template#create"),
        (delete(format!("{TEMPLATES}/{id}")), "template#create"),
        (post(format!("{TEMPLATES}/{id}/start")).json(&start()), "release#create"),
        (post(format!("{RELEASES}/{id}/abort")).json(&json!({})), "release#abort"),
    ] {
        let refused = world.send(call.basic("vera", PASSWORD)).await;
        assert_eq!(
            (refused.status(), refused.text()),
            (403, &*format!("You do not have {permission} permission"))
        );
    }
}
