//! Setting passwords.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::USERS;
use crate::common::{Answer, Call, PASSWORD, World, get, post, put};

const NEW: &str = "a long password";

fn set(name: &str, body: &Value) -> Call {
    post(format!("{USERS}/{name}/password")).json(body)
}

fn field(answer: &Answer) -> Value {
    assert_eq!(answer.status(), 400, "{}", answer.text());
    answer.json()["field"].clone()
}

#[tokio::test]
async fn ann_sets_her_own_password_with_the_current_one() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    let missing = world.send(set("ann", &json!({ "newPassword": NEW })).basic("ann", PASSWORD)).await;
    assert_snapshot!("current_missing", missing.shown());
    let wrong = json!({ "currentPassword": "wrong password", "newPassword": NEW });
    let wrong = world.send(set("ann", &wrong).basic("ann", PASSWORD)).await;
    assert_snapshot!("current_wrong", wrong.shown());
    let short = json!({ "currentPassword": PASSWORD, "newPassword": "short" });
    assert_eq!(field(&world.send(set("ann", &short).basic("ann", PASSWORD)).await), "newPassword");
    let right = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    assert_eq!(world.send(set("ANN", &right).basic("ann", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(get(format!("{USERS}/ann")).basic("ann", PASSWORD)).await.status(), 401);
    assert_eq!(world.send(get(format!("{USERS}/ann")).basic("ann", NEW)).await.status(), 200);
}

#[tokio::test]
async fn even_an_administrator_shows_their_own_current_password() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = json!({ "newPassword": NEW });
    assert_eq!(field(&world.send(set("root", &ann).basic("root", PASSWORD)).await), "currentPassword");
    let put_own = |body: &Value| put(format!("{USERS}/root")).json(body).basic("root", PASSWORD);
    let without = world.send(put_own(&json!({ "password": NEW }))).await;
    assert_eq!(field(&without), "previousPassword");
    let with = json!({ "password": NEW, "previousPassword": PASSWORD });
    assert_eq!(world.send(put_own(&with)).await.status(), 200);
    assert_eq!(world.send(get(USERS).basic("root", NEW)).await.status(), 200);
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let wrong = json!({ "currentPassword": "wrong password", "newPassword": NEW });
    for _ in 0..5 {
        assert_eq!(field(&world.send(set("ann", &wrong).session(&session)).await), "currentPassword");
    }
    let right = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    assert_eq!(world.send(set("ann", &right).session(&session)).await.status(), 429);
}

#[tokio::test]
async fn an_administrator_sets_the_password_of_another_without_the_current_one() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    for _ in 0..5 {
        assert_eq!(world.send(get(USERS).basic("ann", "wrong password")).await.status(), 401);
    }
    world.clock.set(patgate_testkit::clock::seconds_from_noon(2));
    assert_eq!(
        world.send(set("ann", &json!({ "newPassword": NEW })).basic("root", PASSWORD)).await.status(),
        204
    );
    assert_eq!(world.send(get("/api/v1/session").cookie(&session)).await.status(), 401);
    assert_eq!(world.send(get(format!("{USERS}/ann")).basic("ann", NEW)).await.status(), 200);
}

#[tokio::test]
async fn a_user_without_a_password_gets_in_when_one_is_set() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let made = post(format!("{USERS}/ben")).json(&json!({ "fullName": "Ben" })).basic("root", PASSWORD);
    assert_eq!(world.send(made).await.status(), 201);
    let probe = || get(format!("{USERS}/ben"));
    assert_eq!(world.send(probe().basic("ben", NEW)).await.status(), 401);
    assert_eq!(
        world.send(set("ben", &json!({ "newPassword": NEW })).basic("root", PASSWORD)).await.status(),
        204
    );
    assert_eq!(world.send(probe().basic("ben", NEW)).await.status(), 200);
}

#[tokio::test]
async fn of_two_new_passwords_at_once_one_counts() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    let to = |new: &str| set("ann", &json!({ "currentPassword": PASSWORD, "newPassword": new }));
    let (one, other) = tokio::join!(
        world.send(to("the first password").basic("ann", PASSWORD)),
        world.send(to("the second password").basic("ann", PASSWORD)),
    );
    let mut statuses = [one.status(), other.status()];
    statuses.sort_unstable();
    // The other one had a wrong password when it came, when its change began, or when the password was compared.
    assert!([[204, 400], [204, 401], [204, 403]].contains(&statuses), "{statuses:?}");
    let counts = if one.status() == 204 { "the first password" } else { "the second password" };
    assert_eq!(world.send(get(format!("{USERS}/ann")).basic("ann", counts)).await.status(), 200);
}
