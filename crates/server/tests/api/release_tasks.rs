//! Tasks that failed and are tried again, releases that are found by what they are, and the forms in which one is made.

use jiff::SignedDuration;
use patgate_core::release::{ReleaseId, RunAs};
use patgate_server::sealing::Purpose;
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};

use crate::common::{Answer, Call, NewGrant, PASSWORD, World, get, post, put};

async fn world() -> World {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.release_things().await;
    world
}

impl World {
    async fn as_root(&self, call: Call) -> Answer {
        self.send(call.basic("root", PASSWORD)).await
    }
}

#[tokio::test]
async fn the_task_that_failed_is_tried_again_and_no_other() {
    let world = world().await;
    let retry = |task: &str| {
        post(format!("/api/v1/tasks/Applications/Release3/Phase1/{task}/retry")).json(&json!({}))
    };
    let other = world.as_root(retry("Task1")).await;
    assert_eq!(other.status(), 409, "it is done: {}", other.text());
    assert_eq!(world.as_root(retry("Task9")).await.status(), 404);
    let retried = world.as_root(retry("Task2")).await;
    let task = retried.json();
    assert_eq!(
        (retried.status(), &task["status"], &task["restarts"]),
        (200, &json!("QUEUED"), &json!(1)),
        "{task}"
    );
    let release = world.as_root(get("/api/v1/releases/Release3")).await.json();
    assert_eq!(
        (&release["status"], &release["phases"][0]["tasks"][0]["runs"]),
        (&json!("IN_PROGRESS"), &json!(1))
    );
    assert_eq!(world.as_root(retry("Task2")).await.status(), 409, "it has not failed any more");
}

#[tokio::test]
async fn a_failed_release_whose_user_passes_no_more_says_what_helps() {
    let world = world().await;
    let ann = world.user("ann", &["release#create"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let id: ReleaseId = "Release3".parse().unwrap();
    let mut stored = world.state.store.release(&id).await.unwrap().unwrap();
    stored.release.run_as = Some(RunAs::Token { grant: token.id, user: ann.id, entered_by: ann.id });
    let mut change = world.change().await;
    change.update_release(&stored, "release.update", json!({})).await.unwrap();
    world.commit(change).await;
    world.delete_token(&token).await;
    for call in [
        post("/api/v1/releases/Release3/restart"),
        post("/api/v1/tasks/Applications/Release3/Phase1/Task2/retry").json(&json!({})),
    ] {
        let refused = world.as_root(call).await;
        assert_eq!(refused.status(), 400, "{}", refused.text());
        assert!(refused.text().contains("the token was deleted"), "{}", refused.text());
        let hint = refused.json()["hint"].as_str().unwrap().to_owned();
        assert!(hint.starts_with("Make a new release of the template with another user"), "{hint}");
    }
}

#[tokio::test]
async fn a_task_that_is_named_in_another_phase_is_missing_and_stays_as_it_is() {
    let world = world().await;
    let there = async || {
        let (failed, waiting) = (get("/api/v1/releases/Release3"), get("/api/v1/releases/Release4"));
        (world.as_root(failed).await.json(), world.as_root(waiting).await.json())
    };
    let before = there().await;
    let task = |place: &str, what: &str| format!("/api/v1/tasks/Applications/{place}{what}");
    let gate = "Release4/PhaseWrong/Task1";
    for call in [
        get(task(gate, "")),
        get(task(gate, "/log")),
        post(task(gate, "/complete")).json(&json!({})),
        post(task("Release3/PhaseWrong/Task2", "/retry")).json(&json!({})),
    ] {
        let answer = world.as_root(call).await;
        assert_eq!(answer.status(), 404, "{}", answer.text());
    }
    assert_eq!(there().await, before, "the gate still waits, and what failed has failed");
    let approved = post(task("Release4/Phase1/Task1", "/complete")).json(&json!({}));
    assert_eq!(world.as_root(approved).await.status(), 200);
}

#[tokio::test]
async fn a_failed_release_goes_on_from_a_phase_or_a_task_that_is_named() {
    for (from, task) in [
        ("fromPhaseId=Applications/Release3/Phase1", "Task1"),
        ("fromTaskId=Applications/Release3/Phase1/Task1", "Task1"),
        ("fromTaskId=Task2", "Task2"),
    ] {
        let world = world().await;
        let restart = |from: &str| post(format!("/api/v1/releases/Release3/restart?{from}"));
        for wrong in ["fromPhaseId=Phase9", "fromTaskId=Task9", "fromTaskId=nonsense"] {
            assert_eq!(world.as_root(restart(wrong)).await.status(), 404, "{wrong}");
        }
        let restarted = world.as_root(restart(from)).await;
        assert_eq!((restarted.status(), &restarted.json()["status"]), (200, &json!("IN_PROGRESS")), "{from}");
        let active = world.as_root(get("/api/v1/releases/Release3/active-tasks")).await.json();
        assert_eq!((&active[0]["title"], &active[0]["restarts"]), (&json!(task), &json!(1)), "{from}");
    }
}

#[tokio::test]
async fn what_a_release_is_made_with_comes_in_each_form_that_clients_know() {
    let world = world().await;
    let variables = json!({ "variables": [
        { "key": "version", "showOnReleaseStart": true },
        { "key": "secret", "type": "xlrelease.PasswordStringVariable", "showOnReleaseStart": true },
    ] });
    let changed = world.as_root(put("/api/v1/templates/Release1").json(&variables)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let create = |form: Value| post("/api/v1/templates/Release1/create").json(&form);
    let no_password = create(json!({ "releasePasswordVariables": { "version": "swordfish" } }));
    let refused = world.as_root(no_password).await;
    assert_eq!((refused.status(), refused.text().contains("swordfish")), (400, false), "{}", refused.text());
    let made = world
        .as_root(create(json!({
            "releaseTitle": "At once", "autoStart": true, "releaseVariables": { "version": "2" },
            "releasePasswordVariables": { "${secret}": "swordfish" },
        })))
        .await
        .json();
    assert_eq!((&made["title"], &made["status"]), (&json!("At once"), &json!("IN_PROGRESS")), "{made}");
    let values = [&made["variables"][0]["value"], &made["variables"][1]["value"]];
    assert_eq!(values, [&json!("2"), &json!("********")]);
}

#[tokio::test]
async fn an_empty_password_is_none_and_a_masked_one_is_the_one_that_is_stored() {
    let world = world().await;
    let password = |key: &str, value: &str| {
        json!({
            "type": "xlrelease.PasswordStringVariable", "key": key, "value": value, "requiresValue": true,
            "showOnReleaseStart": true,
        })
    };
    let note = json!({ "key": "note", "showOnReleaseStart": true });
    let variables = json!({ "variables": [password("kept", "swordfish"), password("asked", ""), note] });
    let changed = world.as_root(put("/api/v1/templates/Release1").json(&variables)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let start = |form: Value| post("/api/v1/templates/Release1/start").json(&form);
    for (form, why) in [
        (json!({}), "`asked` needs a value"),
        (json!({ "releasePasswordVariables": { "asked": "" } }), "`asked` needs a value"),
        (json!({ "variables": { "asked": "" } }), "`asked` needs a value"),
        (json!({ "releasePasswordVariables": { "asked": "new", "kept": "" } }), "`kept` needs a value"),
        (json!({ "releasePasswordVariables": { "asked": "********" } }), "no variable `asked` has one"),
        (json!({ "variables": { "asked": "********" } }), "no variable `asked` has one"),
    ] {
        let refused = world.as_root(start(form.clone())).await;
        let told = refused.json();
        assert_eq!((refused.status(), &told["field"]), (400, &json!("variables")), "{form}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(why), "{form}: {told}");
    }
    let masked = json!({ "title": "Other", "variables": [password("asked", "********")] });
    let refused = world.as_root(post("/api/v1/templates").json(&masked)).await;
    assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!("variables")));
    for given in ["variables", "releasePasswordVariables"] {
        let passwords = json!({ "asked": "new", "kept": "********" });
        let form = json!({ given: passwords, "releaseVariables": { "note": "********" } });
        let started = world.as_root(start(form)).await;
        assert_eq!(started.status(), 200, "{given}: {}", started.text());
        let started = started.json();
        assert_eq!(started["variables"][2]["value"], json!("********"), "{given}: a text is as it is");
        let id = ReleaseId::of_place(started["id"].as_str().unwrap()).unwrap();
        let stored = world.state.store.release(&id).await.unwrap().unwrap();
        let opened = ["kept", "asked"].map(|key| {
            let variable = stored.release.variable(key).unwrap().id.as_str();
            let purpose = Purpose::Variable { release: stored.number, variable };
            let sealed = stored.secrets[variable].sealed().unwrap();
            world.state.sealer.open(purpose, sealed).unwrap().reveal().to_owned()
        });
        assert_eq!(opened, ["swordfish", "new"], "{given}");
    }
}

#[tokio::test]
async fn what_no_release_can_be_called_is_not_sought() {
    let world = world().await;
    let tags = |count: usize| -> Value { (0..count).map(|number| format!("tag{number}")).collect() };
    for path in ["search", "search/overview", "fullSearch", "count"] {
        let search = async |filters: &Value| {
            world.as_root(post(format!("/api/v1/releases/{path}")).json(filters)).await
        };
        for (filters, field) in [
            (json!({ "title": "x".repeat(60_000) }), "title"),
            (json!({ "title": "a\u{0}b" }), "title"),
            (json!({ "tags": tags(51) }), "tags"),
            (json!({ "tags": ["x".repeat(256)] }), "tags"),
            (json!({ "tags": ["a\u{0}b"] }), "tags"),
        ] {
            let refused = search(&filters).await;
            let told = refused.json();
            assert_eq!((refused.status(), &told["field"]), (400, &json!(field)), "{path}: {told}");
        }
        for filters in [
            json!({ "title": "é".repeat(255), "tags": tags(50) }),
            json!({ "title": "", "tags": [] }),
            json!({ "statuses": vec!["PLANNED"; 40_000] }),
        ] {
            let found = search(&filters).await;
            assert_eq!(found.status(), 200, "{path}: {}", found.text());
        }
    }
    let long = "x".repeat(256);
    for (path, field) in [
        ("releases/byTitle?releaseTitle=a%00b", "releaseTitle"),
        (&*format!("templates?title={long}"), "title"),
        ("templates?tag=a%00b", "tag"),
    ] {
        let refused = world.as_root(get(format!("/api/v1/{path}"))).await;
        assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!(field)), "{path}");
    }
}

#[tokio::test]
async fn releases_are_found_by_who_made_them_where_they_stand_and_when_they_started() {
    let world = world().await;
    world.user("ann", &["release#create", "release#view"]).await;
    let later = NOON + SignedDuration::from_hours(1);
    world.clock.set(later);
    let own = post("/api/v1/templates/Release1/start").json(&json!({ "releaseTitle": "Of Ann" }));
    assert_eq!(world.send(own.basic("ann", PASSWORD)).await.status(), 200);
    let search = async |who: &str, filters: Value| {
        world.send(post("/api/v1/releases/search").json(&filters).basic(who, PASSWORD)).await
    };
    for (who, filters, expected) in [
        ("ann", json!({ "onlyMine": true }), vec!["Of Ann"]),
        ("root", json!({ "onlyMine": true }), vec!["Release4", "Release3", "Release2"]),
        ("root", json!({ "from": later.to_string() }), vec!["Of Ann"]),
        ("root", json!({ "from": later.as_millisecond() }), vec!["Of Ann"]),
        ("root", json!({ "to": later.to_string() }), vec!["Release4", "Release3"]),
        ("root", json!({ "title": "of ANN" }), vec!["Of Ann"]),
        ("root", json!({ "statuses": ["FAILED", "PAUSED"] }), vec!["Release3"]),
        ("root", json!({ "statuses": ["PAUSED", "TEMPLATE"] }), vec![]),
        ("root", json!({ "onlyArchived": true }), vec![]),
        ("root", json!({ "onlyFlagged": true }), vec![]),
        ("root", json!({ "taskTags": ["db"] }), vec![]),
        ("root", json!({ "onlyFlagged": false, "taskTags": [], "statuses": ["FAILED"] }), vec!["Release3"]),
    ] {
        let found = search(who, filters.clone()).await.json();
        let titles = found.as_array().unwrap().iter().map(|found| found["title"].as_str().unwrap());
        assert_eq!(titles.collect::<Vec<_>>(), expected, "{filters}");
    }
    let wrong = search("root", json!({ "from": "yesterday" })).await;
    assert_eq!((wrong.status(), &wrong.json()["field"]), (400, &json!("from")), "{}", wrong.text());
    for (kind, count) in [("RELEASE", 1), ("workflow", 0)] {
        let found = world.as_root(get(format!("/api/v1/templates?kind={kind}"))).await.json();
        assert_eq!(found.as_array().unwrap().len(), count, "{kind}");
    }
}

#[tokio::test]
async fn templates_and_releases_are_found_by_their_tags() {
    let world = world().await;
    let tagged = put("/api/v1/templates/Release1").json(&json!({ "tags": ["nightly", "db"] }));
    assert_eq!(world.as_root(tagged).await.status(), 200);
    let started = post("/api/v1/templates/Release1/start").json(&json!({ "releaseTitle": "Tonight" }));
    assert_eq!(world.as_root(started).await.status(), 200);
    let titles = |found: &Answer| -> Vec<Value> {
        found.json().as_array().unwrap().iter().map(|found| found["title"].clone()).collect()
    };
    for (tag, expected) in [("nightly", vec![json!("Ship it")]), ("night", vec![])] {
        let found = world.as_root(get(format!("/api/v1/templates?tag={tag}"))).await;
        assert_eq!(titles(&found), expected, "{tag}");
    }
    for path in ["search", "search/overview"] {
        let search = |tags: Value| post(format!("/api/v1/releases/{path}")).json(&json!({ "tags": tags }));
        let found = world.as_root(search(json!(["db", "nightly"]))).await;
        assert_eq!(titles(&found), [json!("Tonight")], "{path}");
        assert!(titles(&world.as_root(search(json!(["db", "weekly"]))).await).is_empty());
    }
}
