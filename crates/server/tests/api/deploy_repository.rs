//! Deploy's repository of CIs, in JSON as its clients of today ask for it.

use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use crate::common::{Answer, Call, NewGrant, PASSWORD, World, delete, get, post, put};

pub(crate) const CI: &str = "/deployit/repository/ci";
pub(crate) const PLACE: &str = "Configuration/SMTPSERVERTEST";
pub(crate) const SECRET: &str = "hunter2 hunter2";

/// As a client of today asks: in JSON, as an administrator.
pub(crate) fn ask(call: Call) -> Call {
    call.basic("root", PASSWORD).header("accept", "application/json")
}

pub(crate) fn server(id: &str) -> Value {
    json!({
        "id": id,
        "type": "notification.PatSmtpServer",
        "host": "mail.example.org",
        "port": 465,
        "username": "patgate",
        "password": SECRET,
        "fromAddress": "patgate@example.org",
        "testAddress": "ann@example.org",
        "smtpProperties": { "mail.smtp.timeout": "5000" },
    })
}

/// A world with an administrator, and a mail server in it.
pub(crate) async fn with_server() -> (World, Answer) {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let made = world.send(ask(post(format!("{CI}/{PLACE}"))).json(&server(PLACE))).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    (world, made)
}

pub(crate) async fn make(world: &World, id: &str, type_name: &str) {
    let body = match type_name {
        "core.Directory" => json!({"id": id, "type": type_name}),
        _ => server(id),
    };
    let made = world.send(ask(post(format!("{CI}/{id}"))).json(&body)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
}

pub(crate) async fn found(world: &World, query: &str) -> Vec<String> {
    let answer = world.send(ask(get(format!("/deployit/repository/query?{query}")))).await;
    assert_eq!(answer.status(), 200, "{query}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json().as_array().unwrap().iter().map(|ci| ci["ref"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn behaviour_40_a_mail_server_is_made_and_read_with_its_password_masked() {
    let (world, made) = with_server().await;
    let read = world.send(ask(get(format!("{CI}/{PLACE}")))).await;
    assert_eq!((read.status(), read.json()), (200, made.json()));
    insta::assert_snapshot!(read.shown());
    // Both ways of writing the place, in any case.
    for place in
        ["Configuration%2FSMTPSERVERTEST", "configuration/smtpservertest", "Configuration%2fSmtpServerTest"]
    {
        assert_eq!(world.send(ask(get(format!("{CI}/{place}")))).await.json(), made.json(), "{place}");
    }
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    assert_eq!((events[0].action.as_str(), events[0].actor.name.as_str()), ("item.create", "root"));
    assert!(!format!("{events:?}").contains("hunter2"));
}

#[tokio::test]
async fn behaviour_41_what_was_read_is_sent_back_changed_and_the_password_stays() {
    let (world, made) = with_server().await;
    let before = world.state.store.item(&PLACE.parse().unwrap()).await.unwrap().unwrap();
    let mut ci = made.json();
    assert_eq!(ci["password"], "********");
    ci["testAddress"] = json!("bob@example.org");
    // Some clients write numbers as texts.
    ci["port"] = json!("465");
    let changed = world.send(ask(put(format!("{CI}/{PLACE}"))).json(&ci)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert_eq!(changed.json()["testAddress"], "bob@example.org");
    assert_eq!(changed.json()["port"], 465);
    assert_ne!(changed.json()["$token"], ci["$token"]);
    let after = world.state.store.item(&PLACE.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(before.secrets, after.secrets);
    // What is not sent gets its default, but for the password.
    let bare = json!({"id": PLACE, "type": "notification.PatSmtpServer", "host": "mail.example.org", "port": 465,
        "username": "patgate", "fromAddress": "patgate@example.org"});
    let changed = world.send(ask(put(format!("{CI}/{PLACE}"))).json(&bare)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    assert_eq!((changed.json().get("testAddress"), changed.json().get("smtpProperties")), (None, None));
    let after = world.state.store.item(&PLACE.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(before.secrets, after.secrets);
    // Whoever would send it elsewhere gives it again.
    let mut elsewhere = bare.clone();
    elsewhere["host"] = json!("mail.evil.example");
    let refused = world.send(ask(put(format!("{CI}/{PLACE}"))).json(&elsewhere)).await;
    assert_eq!(refused.status(), 400);
    assert!(
        refused.text().contains("`properties.password`") && refused.text().contains("Host"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn behaviour_42_a_change_over_an_old_version_is_refused_in_text() {
    let (world, made) = with_server().await;
    let path = format!("{CI}/{PLACE}");
    let mut ci = made.json();
    ci["testAddress"] = json!("bob@example.org");
    assert_eq!(world.send(ask(put(&*path)).json(&ci)).await.status(), 200);
    let old = world.send(ask(put(&*path)).json(&ci)).await;
    assert_eq!((old.status(), old.header("content-type")), (409, "text/plain; charset=utf-8"));
    // A CI of the same name that was made again is another one, though its version is the same.
    assert_eq!(world.send(ask(delete(&*path))).await.status(), 204);
    make(&world, PLACE, "notification.PatSmtpServer").await;
    let mut again = made.json();
    again["password"] = json!(SECRET);
    assert_eq!(world.send(ask(put(&*path)).json(&again)).await.status(), 409);
    again.as_object_mut().unwrap().remove("$token");
    assert_eq!(world.send(ask(put(&*path)).json(&again)).await.status(), 200);
}

#[tokio::test]
async fn behaviour_43_whether_a_ci_exists_is_told_with_200() {
    let (world, _) = with_server().await;
    for (place, is_there) in [
        (PLACE, true),
        ("Configuration%2FSMTPSERVERTEST", true),
        ("Configuration", true),
        ("Configuration/nothing", false),
        ("Environments/nothing", false),
        ("Configuration/a%25b", false),
    ] {
        let answer = world.send(ask(get(format!("/deployit/repository/exists/{place}")))).await;
        assert_eq!((answer.status(), answer.json()), (200, json!({"boolean": is_there})), "{place}");
    }
}

#[tokio::test]
async fn behaviour_44_a_deleted_ci_is_gone_and_nothing_changes_without_permission() {
    let (world, _) = with_server().await;
    world.user("ann", &["login", "config#view"]).await;
    let path = format!("{CI}/{PLACE}");
    let refused = world.send(delete(&*path).basic("ann", PASSWORD)).await;
    assert_eq!((refused.status(), refused.text()), (403, "You do not have config#edit permission"));
    let exists = || ask(get(format!("/deployit/repository/exists/{PLACE}")));
    assert_eq!(world.send(exists()).await.json(), json!({"boolean": true}));
    assert_eq!(world.send(ask(delete(&*path))).await.status(), 204);
    assert_eq!(world.send(exists()).await.json(), json!({"boolean": false}));
    assert_eq!(world.send(ask(delete(&*path))).await.status(), 404);
}

#[tokio::test]
async fn behaviour_45_cis_are_found_by_type_place_pattern_and_time() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (id, type_name) in [
        ("Configuration/Mail", "core.Directory"),
        ("Configuration/Mail/First", "notification.PatSmtpServer"),
        ("Configuration/Mail/Inner", "core.Directory"),
        ("Configuration/Mail/Inner/Se_cond", "notification.PatSmtpServer"),
        ("Configuration/SMTPSERVERTEST", "notification.PatSmtpServer"),
    ] {
        make(&world, id, type_name).await;
    }
    let (first, second) = ("Configuration/Mail/First", "Configuration/Mail/Inner/Se_cond");
    let (folder, inner) = ("Configuration/Mail", "Configuration/Mail/Inner");
    for (query, refs) in [
        ("type=notification.PatSmtpServer&parent=Configuration", &[PLACE][..]),
        ("type=notification.PatSmtpServer", &[first, second, PLACE]),
        ("type=udm.ConfigurationItem&ancestor=Configuration/Mail", &[first, inner, second]),
        ("type=udm.Environment", &[]),
        ("parent=Environments", &[]),
        ("parent=Configuration%2FMail", &[first, inner]),
        ("namePattern=F%25", &[first]),
        ("namePattern=smtp%25test", &[PLACE]),
        ("namePattern=%25c_n%25", &[]),
        ("namePattern=se_%25", &[second]),
        ("idPattern=%25/inner/%25", &[second]),
        ("idPattern=Configuration/Mail%25", &[folder, first, inner, second]),
        ("resultsPerPage=-1", &[folder, first, inner, second, PLACE]),
        ("resultsPerPage=2&page=1", &[inner, second]),
        ("lastModifiedAfter=2020-01-01&namePattern=first", &[first]),
        ("lastModifiedBefore=2016-09-27T09:42:58.212%2B0200", &[]),
        ("lastModifiedBefore=2099-09-27T09:42:58.212+0200&namePattern=first", &[first]),
    ] {
        assert_eq!(found(&world, query).await, refs, "{query}");
    }
    for version in ["query", "v2/query", "v3/query"] {
        let path = format!("/deployit/repository/{version}?idPattern=%25/first&type=");
        let answer = world.send(ask(get(path))).await;
        assert_eq!(answer.json(), json!([{"ref": first, "type": "notification.PatSmtpServer"}]), "{version}");
    }
    for wrong in [
        "page=x",
        "resultsPerPage=0",
        "lastModifiedAfter=soon",
        "namePattern=%25%25%25%25%25%25%25%25%25%25%25",
    ] {
        let answer = world.send(ask(get(format!("/deployit/repository/query?{wrong}")))).await;
        assert_eq!(answer.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn behaviour_47_a_missing_ci_is_named_in_the_words_that_scripts_compare() {
    let (world, _) = with_server().await;
    for call in [
        get(format!("{CI}/Configuration/nothing")),
        delete(format!("{CI}/Configuration/nothing")),
        put(format!("{CI}/Configuration/nothing")).json(&server("Configuration/nothing")),
        post("/deployit/repository/rename/Configuration/nothing?newName=x"),
        post("/deployit/repository/move/Configuration/nothing?newId=Configuration/x"),
        post("/deployit/repository/copy/Configuration/nothing?newId=Configuration/x"),
        post("/deployit/repository/cis/read").json(&json!([PLACE, "Configuration/nothing"])),
        get("/deployit/control/prepare/sendTestMail/Configuration/nothing"),
    ] {
        let answer = world.send(ask(call)).await;
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.text(), "Repository entity [Configuration/nothing] not found");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    let elsewhere = world.send(ask(get(format!("{CI}/Environments/x")))).await;
    assert_eq!((elsewhere.status(), elsewhere.text()), (404, "Repository entity [Environments/x] not found"));
}

#[tokio::test]
async fn behaviour_48_every_refusal_of_an_update_is_text() {
    let (world, made) = with_server().await;
    world.user("ann", &["login"]).await;
    let path = format!("{CI}/{PLACE}");
    let mut wrong = made.json();
    wrong["port"] = json!(0);
    let mut other = made.json();
    other["id"] = json!("Configuration/other");
    let calls = [
        (400, ask(put(&*path)).json(&wrong)),
        (400, ask(put(&*path)).json(&other)),
        (400, ask(put(&*path)).json(&json!([]))),
        (400, ask(put(&*path)).raw("{").header("content-type", "application/json")),
        (400, ask(put(&*path)).raw("<a>").header("content-type", "application/xml")),
        (415, ask(put(&*path)).raw("{}")),
        (404, ask(put(format!("{CI}/Configuration/nothing"))).json(&json!({}))),
        (403, put(&*path).basic("ann", PASSWORD).json(&made.json())),
        (401, put(&*path).json(&made.json())),
        (401, put(&*path).basic("", "dpa_nonsense").json(&made.json())),
    ];
    for (status, call) in calls {
        let answer = world.send(call).await;
        assert_eq!((answer.status(), answer.header("content-type")), (status, "text/plain; charset=utf-8"));
        assert!(serde_json::from_str::<Value>(answer.text()).is_err(), "{}", answer.text());
    }
}

#[tokio::test]
async fn behaviour_49_what_is_wrong_with_a_new_ci_is_named() {
    let (world, _) = with_server().await;
    let new = |body: Value| ask(post(format!("{CI}/Configuration/New"))).json(&body);
    let twice = world.send(ask(post(format!("{CI}/{PLACE}"))).json(&server(PLACE))).await;
    assert_eq!(twice.status(), 400, "{}", twice.text());
    assert!(twice.text().contains("There is a configuration item of this name"), "{}", twice.text());
    let wrong = world.send(new(json!({"type": "udm.Environment"}))).await;
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().contains("there is no type `udm.Environment`"), "{}", wrong.text());
    let missing = world.send(new(json!({"type": "notification.PatSmtpServer", "port": null}))).await;
    assert_eq!(missing.status(), 400);
    for property in ["host", "fromAddress"] {
        assert!(
            missing.text().contains(&format!("`properties.{property}`: this is needed")),
            "{}",
            missing.text()
        );
    }
    let mut misspelt = server("Configuration/New");
    misspelt["smtpProprties"] = json!({});
    let misspelt = world.send(new(misspelt)).await;
    assert_eq!(misspelt.status(), 400);
    assert!(misspelt.text().contains("smtpProprties"), "{}", misspelt.text());
    let untyped = world.send(new(json!({}))).await;
    assert_eq!((untyped.status(), untyped.text()), (400, "The field `type` is missing"));
    let new = world.send(ask(get("/deployit/repository/ci/new?type=notification.PatSmtpServer"))).await;
    assert_eq!(new.json(), json!({"id": "", "type": "notification.PatSmtpServer", "port": 587}));
    // A missing `port` is no fault: it has a default.
    let mut portless = server("Configuration/New");
    portless.as_object_mut().unwrap().remove("port");
    let made = world.send(ask(post(format!("{CI}/Configuration/New"))).json(&portless)).await;
    assert_eq!((made.status(), &made.json()["port"]), (200, &json!(587)), "{}", made.text());
}

#[tokio::test]
async fn behaviour_50_the_types_are_described_with_every_property() {
    let world = World::new().await;
    world.user("root", &["login"]).await;
    let one = world.send(ask(get("/deployit/metadata/type/notification.PatSmtpServer"))).await.json();
    let properties: Vec<_> = one["properties"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = properties
        .iter()
        .map(|property| (property["name"].as_str().unwrap(), property["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("host", "STRING"),
            ("port", "INTEGER"),
            ("username", "STRING"),
            ("password", "STRING"),
            ("fromAddress", "STRING"),
            ("testAddress", "STRING"),
            ("smtpProperties", "MAP_STRING_STRING"),
        ]
    );
    assert_eq!(one["description"], "Sends the mail before a personal access token expires.");
    let (port, told) =
        (properties[1], "465 speaks TLS from the start. 587 begins in clear and must change to TLS");
    assert_eq!(
        (&port["category"], &port["label"], &port["default"]),
        (&json!("Server"), &json!("Port"), &json!(587))
    );
    assert!(port["description"].as_str().unwrap().starts_with(told), "{port}");
    for property in properties {
        let name = property["name"].as_str().unwrap();
        assert_eq!(property["password"], name == "password");
        assert_eq!(property["required"], ["host", "port", "fromAddress"].contains(&name));
        assert_eq!(property["fqn"], format!("notification.PatSmtpServer.{name}"));
    }
    assert_eq!(
        (&one["root"], &one["interfaces"]),
        (&json!("Configuration"), &json!(["udm.ConfigurationItem"]))
    );
    let all = world.send(ask(get("/deployit/metadata/type"))).await.json();
    assert!(all.as_array().unwrap().contains(&one));
    let none = world.send(ask(get("/deployit/metadata/type/udm.Environment"))).await;
    assert_eq!((none.status(), none.text()), (404, "There is no type [udm.Environment]"));
}

#[tokio::test]
async fn behaviour_51_a_mail_server_is_made_under_configuration_alone() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for place in ["Environments/SMTPSERVERTEST", "SMTPSERVERTEST", "Configuration"] {
        let answer = world.send(ask(post(format!("{CI}/{place}"))).json(&server(place))).await;
        assert_eq!(answer.status(), 400, "{place}");
        assert!(answer.text().contains("Configuration"), "{}", answer.text());
    }
}

#[tokio::test]
async fn behaviour_52_the_server_says_that_it_runs() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant { application: "deploy", ..NewGrant::default() }).await;
    let call = get("/deployit/server/state").basic("", &token.text).header("accept", "application/json");
    let answer = world.send(call).await;
    assert_eq!((answer.status(), answer.json()), (200, json!({"current-mode": "RUNNING"})));
}

#[tokio::test]
async fn behaviour_54_blanks_around_query_values_do_not_count() {
    let (world, _) = with_server().await;
    let query = "type=notification.PatSmtpServer%20&parent=%20Configuration%20%20&resultsPerPage=%20-1%20";
    assert_eq!(found(&world, query).await, [PLACE]);
    let renamed =
        world.send(ask(post(format!("/deployit/repository/rename/{PLACE}?newName=%20Mail%20")))).await;
    assert_eq!(renamed.json()["id"], "Configuration/Mail");
}
