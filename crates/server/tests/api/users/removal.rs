//! Disabling, enabling and deleting users: what becomes of their tokens.

use insta::assert_snapshot;
use jiff::SignedDuration;
use patgate_core::confirmation::Withdrawal;
use patgate_core::user::Origin;
use serde_json::json;

use super::USERS;
use crate::common::{NewGrant, PASSWORD, World, delete, get, post, put};

const PROBE: &str = "/api/v1/global-permissions";

#[tokio::test]
async fn the_tokens_of_the_disabled_wait_and_pass_again() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let disable = || post(format!("{USERS}/Ann/disable")).basic("root", PASSWORD);
    for _ in 0..2 {
        assert_eq!(world.send(disable()).await.status(), 204);
        assert_snapshot!("disabled", world.send(get(PROBE).token(&token)).await.shown());
        assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 401);
    }
    let enable = put(format!("{USERS}/ann")).json(&json!({ "loginAllowed": true }));
    assert_eq!(world.send(enable.basic("root", PASSWORD)).await.status(), 200);
    assert_eq!(world.send(get(PROBE).token(&token)).await.status(), 200);
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 200);
}

#[tokio::test]
async fn a_user_made_again_gets_nothing_back() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login", "audit#view"]).await;
    let (token, session) = (world.token(&ann, NewGrant::default()).await, world.session(&ann).await);
    assert_eq!(world.send(delete(format!("{USERS}/ANN")).basic("root", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(delete(format!("{USERS}/ann")).basic("root", PASSWORD)).await.status(), 404);
    assert_snapshot!("token_of_the_deleted", world.send(get(PROBE).token(&token)).await.shown());
    let make = post(format!("{USERS}/ann")).json(&json!({ "password": "a long password" }));
    let made = world.send(make.basic("root", PASSWORD)).await;
    assert_ne!(made.json()["profileId"], ann.id.to_string());
    assert_eq!(world.send(get(PROBE).token(&token)).await.status(), 401);
    assert_eq!(world.send(get(PROBE).cookie(&session)).await.status(), 401);
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 401);
    let own = |path: &str| get(path.to_owned()).basic("ann", "a long password");
    assert_eq!(world.send(own("/api/v1/personal-access-tokens")).await.json(), json!([]));
    let sign_in = json!({ "username": "ann", "password": "a long password" });
    let sign_in = world.send(post("/api/v1/session").json(&sign_in)).await;
    assert_eq!(sign_in.text(), "You do not have login permission");
    let role = world.send(get("/api/v1/roles/ann's%20role").basic("root", PASSWORD)).await;
    assert_eq!(role.json()["principals"], json!([]));
}

#[tokio::test]
async fn every_change_of_a_user_is_in_the_audit_log() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let path = format!("{USERS}/ben");
    for call in [
        post(&*path).json(&json!({ "password": "a long password" })),
        put(&*path).json(&json!({ "fullName": "Ben" })),
        post(format!("{path}/password")).json(&json!({ "newPassword": "another password" })),
        post(format!("{path}/disable")),
        post(format!("{path}/enable")),
        post(format!("{path}/unlock")),
        delete(&*path),
    ] {
        assert!(world.send(call.basic("root", PASSWORD)).await.status() < 300);
    }
    let page = patgate_store::Page::WHOLE;
    let mut events = world.state.store.audit_events(&Default::default(), page).await.unwrap();
    events.retain(|event| event.sequence > before);
    events.reverse();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let address = event.actor.address.as_deref().unwrap_or_default();
            format!(
                "{} from {address}: {} {} {}",
                event.actor.name, event.action, event.subject_name, event.detail
            )
        })
        .collect();
    assert_snapshot!("audited", told.join("\n"));
}

#[tokio::test]
async fn changes_of_several_users_are_told_in_their_order() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for name in ["ann", "bob", "cat"] {
        world.user(name, &[]).await;
    }
    let before = world.state.store.last_sequence().await.unwrap();
    let changes = json!([
        { "username": "cat", "fullName": "Cat" },
        { "username": "ann", "fullName": "Ann", "loginAllowed": false },
        { "username": "bob", "email": "bob@new.example" },
    ]);
    let changed = world.send(put(USERS).json(&changes).basic("root", PASSWORD)).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let names: Vec<_> =
        changed.json().as_array().unwrap().iter().map(|user| user["username"].clone()).collect();
    assert_eq!(names, ["cat", "ann", "bob"]);
    let page = patgate_store::Page::WHOLE;
    let mut events = world.state.store.audit_events(&Default::default(), page).await.unwrap();
    events.retain(|event| event.sequence > before);
    events.reverse();
    let told: Vec<_> =
        events.iter().map(|event| format!("{} {}", event.action, event.subject_name)).collect();
    assert_eq!(told, ["user.update cat", "user.update ann", "user.disable ann", "user.update bob"]);
}

#[tokio::test]
async fn whom_a_provider_does_not_vouch_for_is_not_the_administrator_who_stays() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let lee = world.user_from("lee", Origin::Ldap, "corp", &["admin"]).await;
    let go = async || world.send(post(format!("{USERS}/root/disable")).basic("root", PASSWORD)).await;
    let confirm = async || {
        let mut change = world.change().await;
        change.confirm_users(&[lee.id], world.clock.now()).await.unwrap();
        world.commit(change).await;
    };
    let mut change = world.change().await;
    change.withdraw_user(lee.id, Withdrawal::Disabled).await.unwrap();
    world.commit(change).await;
    assert_eq!(go().await.status(), 409, "withdrawn");
    confirm().await;
    world.clock.set(world.clock.now() + SignedDuration::from_hours(30 * 24));
    let refused = go().await;
    assert_eq!(refused.status(), 409, "not heard of for as long as the freshness window");
    assert!(refused.text().contains("no administrator"), "{}", refused.shown());
    confirm().await;
    assert_eq!(go().await.status(), 204);
}
