//! Tokens that are revoked, and endpoints that close, while somebody is still sending.

use std::convert::Infallible;
use std::future::Future;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::{Request, StatusCode};
use patgate_core::grant::GrantState;
use patgate_testkit::clock::NOON;
use serde_json::json;
use tokio::sync::oneshot;

use super::{SECRET, world};
use crate::common::{NewGrant, World};

/// Sends a body of two halves, and does something between them. The status that is answered.
async fn send_halves(world: &World, token: &str, between: impl Future<Output = ()>) -> StatusCode {
    let (reached, first_is_read) = oneshot::channel::<()>();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let halves = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{\"event\":")) });
    let halves = halves.chain(stream::once(async move {
        reached.send(()).unwrap();
        may_go_on.await.unwrap();
        Ok(Bytes::from_static(b"\"push\"}"))
    }));
    let request = Request::post("/webhooks/hook")
        .header("content-type", "application/json")
        .header("x-release-webhook-token", token)
        .body(Body::from_stream(halves))
        .unwrap();
    let change = async {
        first_is_read.await.unwrap();
        between.await;
        go_on.send(()).unwrap();
    };
    let (answer, ()) = tokio::join!(world.stream(request), change);
    answer.status()
}

#[tokio::test]
async fn a_token_that_is_revoked_while_the_body_comes_opens_nothing() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
    assert_eq!(send_halves(&world, &token.text, async {}).await, 202);
    let revoke = async {
        let mut change = world.change().await;
        change.set_grant_state(token.id, GrantState::Deleted { at: NOON }).await.unwrap();
        world.commit(change).await;
    };
    assert_eq!(send_halves(&world, &token.text, revoke).await, 401);
    assert_eq!(world.kept(endpoint).await.len(), 1);
    let refused = world.refused(endpoint, 1).await;
    assert!(refused[0].cause.contains("deleted"), "{refused:?}");
}

#[tokio::test]
async fn an_endpoint_that_is_closed_or_changed_while_the_body_comes_takes_nothing() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    let change =
        async { assert_eq!(world.change_endpoint("hook", json!({ "enabled": false })).await.status(), 200) };
    assert_eq!(send_halves(&world, SECRET, change).await, 404);
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": true })).await.status(), 200);
    let other = json!({ "secretToken": "another secret of many characters" });
    let change = async { assert_eq!(world.change_endpoint("hook", other).await.status(), 200) };
    assert_eq!(send_halves(&world, SECRET, change).await, 401);
    assert!(world.kept(endpoint).await.is_empty());
}
