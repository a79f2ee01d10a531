//! What cannot be a user is refused by field, and changes nothing.

use serde_json::{Value, json};

use super::USERS;
use crate::common::{PASSWORD, World, delete, get, post};

#[tokio::test]
async fn wrong_fields_are_named_and_nobody_is_made() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sequence = world.state.store.last_sequence().await.unwrap();
    let long = "x".repeat(256);
    for (body, field) in [
        (json!({ "username": "other" }), "username"),
        (json!({ "username": 1 }), "username"),
        (json!({ "fullName": long }), "fullName"),
        (json!({ "fullName": "a\u{0}b" }), "fullName"),
        (json!({ "email": "no address" }), "email"),
        (json!({ "email": "a@b\nBcc: c@d" }), "email"),
        (json!({ "external": true }), "external"),
        (json!({ "external": "yes" }), "external"),
        (json!({ "loginAllowed": "true" }), "loginAllowed"),
        (json!({ "password": "seven77" }), "password"),
        (json!({ "password": "NewUser1" }), "password"),
        (json!({ "password": "x".repeat(1_025) }), "password"),
        (json!({ "password": "with\ttab in it" }), "password"),
        (json!({ "password": format!("rpa_{}", "a".repeat(33)) }), "password"),
        (json!({ "password": ["a long password"] }), "password"),
    ] {
        let answer = world.send(post(format!("{USERS}/newuser1")).json(&body).basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &Value::from(field)), "{body}");
        let password = body["password"].as_str().unwrap_or("nothing");
        assert!(!answer.text().contains(password), "{}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
}

#[tokio::test]
async fn wrong_names_in_the_path_are_refused() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let long = "x".repeat(101);
    for name in ["a%3Ab", "a%2Fb", "%20a", "a%0Ab", "%ff", "a%E2%80%8Bb", "..%2f", long.as_str()] {
        let path = format!("{USERS}/{name}");
        for call in [post(&*path).json(&json!({})), get(&*path), delete(&*path)] {
            let answer = world.send(call.basic("root", PASSWORD)).await;
            assert_eq!(answer.status(), 400, "{name}: {}", answer.text());
        }
    }
    assert_eq!(world.state.store.counts().await.unwrap().users, 1);
}
