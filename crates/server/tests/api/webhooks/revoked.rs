//! Tokens that are revoked, and endpoints that close or change, while somebody is still sending, or what came still waits.

use std::future::Future;

use jiff::SignedDuration;
use patgate_core::grant::GrantState;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_core::webhook::MOST_ATTEMPTS;
use patgate_server::webhook::forward;
use patgate_store::{ClaimedDelivery, DeliveryOutcome};
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::{SECRET, world};
use crate::common::{NewGrant, World, post};

/// Sends an event in two halves, and does something between them. The status that is answered.
async fn send_halves(world: &World, token: &str, between: impl Future<Output = ()>) -> u16 {
    let call = post("/webhooks/hook").header("x-release-webhook-token", token);
    world.send_in_halves(call.json(&json!({ "event": "push" })), between).await.status()
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

#[tokio::test]
async fn retention_that_is_lowered_while_the_body_comes_counts() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    for _ in 0..2 {
        assert_eq!(send_halves(&world, SECRET, async {}).await, 202);
    }
    let lower = json!({ "requestRetention": 1 });
    let change = async { assert_eq!(world.change_endpoint("hook", lower).await.status(), 200) };
    assert_eq!(send_halves(&world, SECRET, change).await, 202);
    let kept: Vec<_> = world.kept(endpoint).await.into_iter().map(|request| request.number).collect();
    assert_eq!(kept, [3]);
}

/// A delivery of an endpoint that is tried for so many times.
fn claimed(endpoint: ItemNumber, attempts: u32) -> ClaimedDelivery {
    ClaimedDelivery {
        id: DeliveryId::from_i64(1),
        endpoint,
        request: RequestId::from_i64(2),
        number: 1,
        message_id: String::new(),
        parameters: Vec::new(),
        content_type: String::new(),
        body: String::new(),
        hops: 0,
        starts_by: None,
        bytes: 0,
        attempts,
        claimed_until: NOON,
        created_at: NOON,
    }
}

/// Another node may have accepted it by a change of the endpoint that this one has not applied yet.
#[tokio::test]
async fn what_this_node_knows_no_way_for_waits_until_it_was_tried_too_often() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    let keeps = world.state.webhooks.endpoints.by_number(endpoint).unwrap();
    for known in [None, Some(&*keeps)] {
        let first = forward::deliver(&world.state, known, &claimed(endpoint, 1)).await;
        let DeliveryOutcome::Later { due_at, answer } = first else { panic!("{first:?}") };
        assert_eq!(due_at, NOON + SignedDuration::from_secs(5));
        let last = forward::deliver(&world.state, known, &claimed(endpoint, MOST_ATTEMPTS)).await;
        assert_eq!(last, DeliveryOutcome::Dead { answer });
    }
}

#[tokio::test]
async fn an_endpoint_that_is_off_starts_nothing_that_came_before() {
    let world = world().await;
    let starts = json!({ "secretToken": SECRET, "action": "start", "template": "Applications/Release1" });
    let endpoint = world.post_endpoint("hook", starts).await;
    let outcome = async || {
        let known = world.state.webhooks.endpoints.by_number(endpoint);
        forward::deliver(&world.state, known.as_deref(), &claimed(endpoint, 1)).await
    };
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": false })).await.status(), 200);
    let off = outcome().await;
    let DeliveryOutcome::Dead { answer } = off else { panic!("{off:?}") };
    assert!(answer.contains("the endpoint is off; enable it, and *Redeliver*"), "{answer}");
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": true })).await.status(), 200);
    let tried = outcome().await;
    assert!(matches!(tried, DeliveryOutcome::Dead { .. }), "there is no such template: {tried:?}");
}
