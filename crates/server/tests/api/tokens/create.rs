//! Making a token.

use insta::assert_snapshot;
use serde_json::json;

use super::TOKENS;
use crate::common::{NewGrant, PASSWORD, World, get, post};

#[tokio::test]
async fn ann_makes_a_token_with_the_vendors_call() {
    let world = World::new().await;
    world.user("ann", &["login", "runner#registration"]).await;
    let body = json!({"tokenNote": "Create Runner Token", "globalPermissions": ["runner#registration"]});
    let call = post(TOKENS).basic("ann", PASSWORD).raw(body.to_string());
    let answer = world.send(call.header("content-type", "application/json;charset=UTF-8")).await;
    assert_snapshot!(answer.shown());
    let text = answer.json()["token"].as_str().unwrap().to_owned();
    let used = world.send(get(answer.header("location").trim_start_matches("http://127.0.0.1:5516")).basic("", &text)).await;
    assert_eq!(used.status(), 200, "{}", used.text());
}

#[tokio::test]
async fn a_token_for_any_application_says_so_in_its_prefix() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let _ = world.token(&ann, NewGrant::default()).await;
    for (application, prefix) in [("any", "pat_"), ("release", "rpa_"), ("deploy", "dpa_")] {
        let body = json!({"tokenNote": "n", "application": application});
        let answer = world.send(post(TOKENS).basic("ann", PASSWORD).json(&body)).await;
        assert_eq!(answer.status(), 201);
        assert!(answer.json()["token"].as_str().unwrap().starts_with(prefix));
        assert_eq!(answer.json()["application"], application);
    }
}
