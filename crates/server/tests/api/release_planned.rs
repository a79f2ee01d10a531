//! Releases that were made and wait to be started: their credential is looked at anew, and who changes them takes it away.

use patgate_store::{AuditFilter, Page, ReleaseFilter};
use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, World, get, post, put};

const MAKES: [&str; 4] = ["template#create", "release#create", "release#view", "login"];
const NEXT_PASSWORD: &str = "another horse entirely";

/// Makes a release as somebody, of a template with a gate and passwords of which the last is asked for at the start. Its path.
async fn planned(world: &World, username: &str, credential: &Value) -> String {
    let password = |key: &str, is_asked: bool| {
        json!({
            "type": "xlrelease.PasswordStringVariable", "key": key, "value": format!("the {key}"),
            "showOnReleaseStart": is_asked,
        })
    };
    let mut template = json!({
        "title": "Ship it",
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        "variables": [password("one", false), password("two", false), password("asked", true)],
    });
    template.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
    let made = world.send(post("/api/v1/templates").json(&template).basic(username, PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let create = format!("/api/v1/templates/{}/create", made.json()["id"].as_str().unwrap());
    let release = world.send(post(create).json(&json!({})).basic(username, PASSWORD)).await;
    assert_eq!(release.json()["status"], json!("PLANNED"), "{}", release.text());
    format!("/api/v1/releases/{}", release.json()["id"].as_str().unwrap())
}

/// What somebody does to a document before they send it back.
type Edit = fn(&mut Value);

#[tokio::test]
async fn a_planned_release_whose_credential_passes_no_more_is_not_started() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let by_token = json!({ "scriptUserPassword": token.text });
    let by_token = planned(&world, "root", &by_token).await;
    let by_password = json!({ "scriptUsername": "ann", "scriptUserPassword": PASSWORD });
    let by_password = planned(&world, "root", &by_password).await;
    world.delete_token(&token).await;
    let new = json!({ "newPassword": NEXT_PASSWORD });
    let changed = world.send(post("/api/v1/users/ann/password").json(&new).basic("root", PASSWORD)).await;
    assert_eq!(changed.status(), 204, "{}", changed.text());
    let written = async || {
        let whole = world.state.store.releases(&ReleaseFilter::default(), Page::WHOLE).await.unwrap();
        let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        (whole, events.len())
    };
    for (release, why) in
        [(by_token, "the token was deleted"), (by_password, "the password was changed since it was entered")]
    {
        let before = written().await;
        let start = || post(format!("{release}/start")).basic("root", PASSWORD);
        let refused = world.send(start()).await;
        assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!("scriptUserPassword")));
        for told in [why, "nothing was started"] {
            assert!(refused.text().contains(told), "{told}: {}", refused.text());
        }
        assert_eq!(written().await, before, "{why}");
        let anew = json!({ "scriptUsername": "ann", "scriptUserPassword": NEXT_PASSWORD });
        let entered = world.send(put(release.clone()).json(&anew).basic("root", PASSWORD)).await;
        assert_eq!(entered.status(), 200, "{}", entered.text());
        let started = world.send(start()).await.json();
        assert_eq!(started["status"], json!("IN_PROGRESS"), "{started}");
    }
}

#[tokio::test]
async fn who_changes_a_password_of_a_release_takes_the_others_away_and_somebody_else_the_credential_too() {
    let world = World::new().await;
    let ann = world.user("ann", &MAKES).await;
    world.user("bob", &MAKES).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let edits: [(&str, &str, bool, bool, Edit); 5] = [
        ("bob", "sent back as it was read", true, true, |_| {}),
        ("bob", "one that is asked for", true, true, |variables| variables[2]["value"] = json!("of bob")),
        ("bob", "one that is not", false, false, |variables| variables[0]["value"] = json!("of bob")),
        ("bob", "one under another key", false, false, |variables| variables[2]["key"] = json!("elsewhere")),
        ("ann", "her own credential stays", true, false, |variables| variables[0]["value"] = json!("new")),
    ];
    for (who, what, keeps_credential, keeps_passwords, edit) in edits {
        let path = planned(&world, "ann", &json!({ "scriptUserPassword": token.text })).await;
        let mut variables =
            world.send(get(path.clone()).basic(who, PASSWORD)).await.json()["variables"].take();
        edit(&mut variables);
        let change = put(path.clone()).json(&json!({ "variables": variables }));
        let changed = world.send(change.basic(who, PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{what}: {}", changed.text());
        let read = world.send(get(path).basic("ann", PASSWORD)).await.json();
        assert_eq!(read["runAs"].is_object(), keeps_credential, "{what}: {read}");
        assert_eq!(read["variables"][1]["value"] == json!("********"), keeps_passwords, "{what}: {read}");
    }
}
