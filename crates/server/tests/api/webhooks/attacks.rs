//! What somebody tries who means harm.

use serde_json::json;

use super::{SECRET, event, with_token, world};
use crate::common::{get, post};

#[tokio::test]
async fn strangers_push_no_real_request_out() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET, "requestRetention": 5 })).await;
    for _ in 0..5 {
        assert_eq!(world.send(with_token(event("hook"), SECRET)).await.status(), 202);
    }
    let before = world.kept(endpoint).await;
    for _ in 0..120 {
        assert_eq!(world.send(with_token(event("hook"), "x")).await.status(), 401);
    }
    world.refused(endpoint, 50).await;
    assert_eq!(world.kept(endpoint).await, before);
    assert!(world.state.store.webhook_refusals(endpoint).await.unwrap().len() <= 50);
}

#[tokio::test]
async fn what_a_database_does_not_take_is_refused_and_spoils_no_others_request() {
    let world = world().await;
    world.get_endpoint("ping", json!({ "authentication": "none" })).await;
    world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    let many = "a=1&".repeat(101);
    for (call, status) in [
        (get("/webhooks/ping?a=%00"), 400),
        (get(format!("/webhooks/ping?{many}")), 400),
        (get(format!("/webhooks/ping?a={}", "x".repeat(9_000))), 400),
        (get("/webhooks/ping?a=%ff&%zz"), 202),
        (post("/webhooks/hook").raw(&b"\"\0\""[..]).header("content-type", "application/json"), 400),
        (post("/webhooks/hook").raw(&b"\"\xff\""[..]).header("content-type", "application/json"), 400),
        (post("/webhooks/hook").raw("[".repeat(100_000)).header("content-type", "application/json"), 400),
        (event("hook").header("x-odd", "\u{e9}\u{fffd}"), 202),
        (event("hook").header("webhook-id", &"x".repeat(5_000)), 202),
        (event("hook").header("cookie", "patgate_session=x"), 202),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_body_is_not_read_for_somebody_whose_header_is_wrong() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET, "bodyLimit": 1 })).await;
    let long = || post("/webhooks/hook").raw("x".repeat(2_000)).header("content-type", "application/json");
    assert_eq!(world.send(long()).await.status(), 401);
    assert_eq!(world.send(with_token(long(), SECRET)).await.status(), 413);
    let causes: Vec<_> = world.refused(endpoint, 2).await.into_iter().map(|refusal| refusal.cause).collect();
    assert_eq!(causes[0], "the body is longer than the endpoint takes");
}
