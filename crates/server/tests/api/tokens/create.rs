//! Making a token for oneself.

use insta::assert_snapshot;
use patgate_core::user::Origin;
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use super::TOKENS;
use crate::common::{Answer, PASSWORD, World, get, post};

/// Ann, who may register runners and create releases, asks for a token.
async fn ask(world: &World, body: &Value) -> Answer {
    world.send(post(TOKENS).basic("ann", PASSWORD).json(body)).await
}

async fn world_of_ann() -> World {
    let world = World::new().await;
    world.user("ann", &["login", "runner#registration", "release#create"]).await;
    world
}

async fn set_maximum(world: &World, days: u32) {
    let mut change = world.change().await;
    let mut settings = change.token_settings().await.unwrap();
    settings.maximum_lifetime_days = Some(days.try_into().unwrap());
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
}

#[tokio::test]
async fn ann_makes_a_token_with_the_vendors_call() {
    let world = world_of_ann().await;
    let body = json!({"tokenNote": "Create Runner Token", "globalPermissions": ["runner#registration"]});
    let call = post(TOKENS).basic("ann", PASSWORD).raw(body.to_string());
    let answer = world.send(call.header("content-type", "application/json;charset=UTF-8")).await;
    assert_snapshot!(answer.shown());
}

#[tokio::test]
async fn a_token_works_wherever_a_token_can_stand() {
    let world = world_of_ann().await;
    let made = ask(&world, &json!({"tokenNote": "n", "application": "any"})).await.json();
    let text = made["token"].as_str().unwrap();
    let probe = || get("/api/v1/settings/instance-information");
    for call in [
        probe().header("x-release-personal-token", text),
        probe().header("x-deploy-personal-token", text),
        probe().header("authorization", &format!("Bearer {text}")),
        probe().basic("", text),
        probe().basic("ann", text),
        probe().basic("ANN", text),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
    }
    assert_eq!(world.send(probe().basic("bob", text)).await.status(), 401);
}

#[tokio::test]
async fn the_application_gives_the_prefix() {
    let file = "[[application]]\nname = \"shop\"\ntoken_prefix = \"shop\"\nlabel = \"Shop\"\n";
    let world = World::configured(file).await;
    world.user("ann", &[]).await;
    for (application, prefix) in [
        (json!("any"), "pat_"),
        (json!("release"), "rpa_"),
        (json!("deploy"), "dpa_"),
        (json!("shop"), "shop_"),
        (Value::Null, "rpa_"),
    ] {
        let made = ask(&world, &json!({"tokenNote": "n", "application": application})).await.json();
        assert!(made["token"].as_str().unwrap().starts_with(prefix), "{made}");
        assert_eq!(made["application"], application.as_str().unwrap_or("release"));
    }
}

#[tokio::test]
async fn a_lifetime_can_be_said_in_four_ways() {
    let world = world_of_ann().await;
    for (field, value, expires_at) in [
        ("expiresAt", json!("2026-06-01T00:00:00Z"), json!("2026-06-01T00:00:00Z")),
        ("expiresAt", json!("2026-06-01T02:00:00.9+02:00"), json!("2026-06-01T00:00:00Z")),
        ("expiryDate", json!("2026-06-01T00:00:00.000+0000"), json!("2026-06-01T00:00:00Z")),
        ("expiresInDays", json!(30), json!("2026-06-02T12:00:00Z")),
        ("expiresAt", Value::Null, Value::Null),
        ("application", Value::Null, Value::Null),
    ] {
        let answer = ask(&world, &json!({"tokenNote": "n", field: value})).await;
        assert_eq!(answer.status(), 201, "{}", answer.text());
        assert_eq!(answer.json()["expiresAt"], expires_at, "{field}: {value}");
    }
}

#[tokio::test]
async fn behaviour_22_the_maximum_cuts_an_absent_lifetime_and_refuses_a_longer_one() {
    let world = world_of_ann().await;
    set_maximum(&world, 30).await;
    let absent = ask(&world, &json!({"tokenNote": "n"})).await.json();
    assert_eq!(absent["expiresAt"], "2026-06-02T12:00:00Z");
    let null = ask(&world, &json!({"tokenNote": "n", "expiresAt": null})).await.json();
    assert_eq!(null["expiresAt"], "2026-06-02T12:00:00Z");
    let longest = ask(&world, &json!({"tokenNote": "n", "expiresAt": "2026-06-02T12:00:00Z"})).await;
    assert_eq!(longest.status(), 201);
    let refused = ask(&world, &json!({"tokenNote": "n", "expiresAt": "2026-06-02T12:00:01Z"})).await;
    assert_snapshot!(refused.shown());
    assert_eq!(
        ask(&world, &json!({"tokenNote": "n", "expiresInDays": 31})).await.json()["field"],
        "expiresInDays"
    );
}

#[tokio::test]
async fn absent_permissions_are_all_and_an_empty_list_is_none() {
    let world = world_of_ann().await;
    for (asked, held) in [
        (Value::Null, json!(["login", "release#create", "runner#registration"])),
        (json!([]), json!([])),
        (json!(["release#create", "release#create"]), json!(["release#create"])),
    ] {
        let made = ask(&world, &json!({"tokenNote": "n", "application": "any", "globalPermissions": asked}))
            .await
            .json();
        let who = world.send(get("/api/v1/deployit").basic("", made["token"].as_str().unwrap())).await.json();
        assert_eq!(who["user"]["permissions"], held, "{asked}");
        let shown = if asked.is_null() { Value::Null } else { held };
        assert_eq!(made["globalPermissions"], shown);
    }
}

#[tokio::test]
async fn permissions_that_nobody_knows_or_the_owner_lacks_are_named() {
    let world = world_of_ann().await;
    let unknown = json!({"tokenNote": "n", "globalPermissions": ["login", "shop#buy", "No Id!"]});
    assert_snapshot!("unknown", ask(&world, &unknown).await.shown());
    let lacking = json!({"tokenNote": "n", "globalPermissions": ["login", "admin", "audit#view"]});
    assert_snapshot!("lacking", ask(&world, &lacking).await.shown());
    world.user("root", &["admin"]).await;
    let all = json!({"tokenNote": "n", "globalPermissions": ["audit#view", "release#abort"]});
    assert_eq!(world.send(post(TOKENS).basic("root", PASSWORD).json(&all)).await.status(), 201);
}

#[tokio::test]
async fn behaviour_17_an_origin_that_is_closed_for_an_application_gets_no_tokens_for_it() {
    let world = World::new().await;
    let lena = world.user_from("lena", Origin::Ldap, "corp", &["login"]).await;
    let session = world.session(&lena).await;
    let ask = |application: &str| {
        world
            .send(post(TOKENS).session(&session).json(&json!({"tokenNote": "n", "application": application})))
    };
    assert_snapshot!(ask("release").await.shown());
    for open in ["deploy", "any"] {
        assert_eq!(ask(open).await.status(), 201);
    }
}

#[tokio::test]
async fn a_token_of_a_session_needs_the_csrf_token() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let ask = || post(TOKENS).json(&json!({"tokenNote": "n"}));
    assert_eq!(world.send(ask().cookie(&session)).await.status(), 403);
    assert_eq!(world.send(ask().session(&session)).await.status(), 201);
    let foreign = ask().session(&session).header("origin", "https://evil.example");
    assert_eq!(world.send(foreign).await.status(), 403);
}

#[tokio::test]
async fn what_is_stored_does_not_hold_the_token() {
    let world = world_of_ann().await;
    let made = ask(&world, &json!({"tokenNote": "a very special note"})).await.json();
    let token = made["token"].as_str().unwrap();
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let event = events.iter().find(|event| event.action == "grant.create").unwrap();
    assert_eq!((event.actor.name.as_str(), event.subject_id.as_str()), ("ann", made["id"].as_str().unwrap()));
    assert_eq!(event.actor.address.as_deref(), Some("192.0.2.7"));
    let (mut notes, mut secrets) = (0, 0);
    for file in std::fs::read_dir(&world.state.data_dir).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let holds =
            |text: &str| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
        notes += holds("a very special note");
        secrets += holds(token) + holds(&token[4..]);
    }
    assert!(notes > 0, "the files were not looked at");
    assert_eq!(secrets, 0);
}

#[tokio::test]
async fn a_script_cannot_fill_the_store() {
    let world = world_of_ann().await;
    let ann = world.state.store.user_by_name(&"ann".parse().unwrap()).await.unwrap().unwrap();
    let mut change = world.change().await;
    for _ in 0..10_000 {
        let (grant, digest) = world.grant_of(ann.id);
        change.insert_grant(&grant, 1, &digest).await.unwrap();
    }
    world.commit(change).await;
    assert_snapshot!(ask(&world, &json!({"tokenNote": "one too many"})).await.shown());
    let listed = world.send(get(format!("{TOKENS}?resultsPerPage=1")).basic("ann", PASSWORD)).await.json();
    let path = format!("{TOKENS}/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(world.send(crate::common::delete(path).basic("ann", PASSWORD)).await.status(), 204);
    assert_eq!(ask(&world, &json!({"tokenNote": "room for one"})).await.status(), 201);
}
