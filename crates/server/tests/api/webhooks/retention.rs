//! Many at once, and for how long.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use patgate_core::identifier::{DeliveryId, RequestId};
use patgate_server::{jobs, webhook};
use patgate_store::{NewRefusal, NewWebhookRequest};
use patgate_testkit::clock::NOON;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{event, world};
use crate::common::{PASSWORD, World, accepted, post, to_forward};

#[tokio::test]
async fn retention_is_exact_under_64_writers_on_one_endpoint() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "requestRetention": 10 });
    let endpoint = world.post_endpoint("hook", properties).await;
    let writer = async |writer: u32| {
        for number in 0..4 {
            let call = event(&format!("hook?n={writer}.{number}"));
            assert_eq!(world.send(call).await.status(), 202);
            assert!(world.kept(endpoint).await.len() <= 10);
        }
    };
    join_all((0..64).map(writer)).await;
    let kept = world.kept(endpoint).await;
    let numbers: Vec<_> = kept.iter().map(|request| request.number).collect();
    assert_eq!(numbers, (247..=256).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn retention_that_is_lowered_under_64_writers_is_exact_when_it_is_answered() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "requestRetention": 60 });
    let endpoint = world.post_endpoint("hook", properties).await;
    let writer = async |_: u32| {
        for _ in 0..6 {
            assert_eq!(world.send(event("hook")).await.status(), 202);
        }
    };
    let lower = async {
        for keep in [20_usize, 3] {
            assert_eq!(
                world.change_endpoint("hook", json!({ "requestRetention": keep })).await.status(),
                200
            );
            for _ in 0..5 {
                let kept = world.kept(endpoint).await.len();
                assert!(kept <= keep, "{kept} of {keep}");
            }
        }
    };
    tokio::join!(join_all((0..64).map(writer)), lower);
    let kept = world.kept(endpoint).await;
    let numbers: Vec<_> = kept.iter().map(|request| request.number).collect();
    assert_eq!(numbers, [384, 383, 382]);
}

#[tokio::test]
async fn an_endpoint_takes_so_many_a_minute() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "requestsPerMinute": 3 });
    let endpoint = world.post_endpoint("hook", properties).await;
    for _ in 0..3 {
        assert_eq!(world.send(event("hook")).await.status(), 202);
    }
    let answer = world.send(event("hook")).await;
    assert_eq!((answer.status(), answer.header("retry-after")), (429, "20"));
    assert_eq!(world.change_endpoint("hook", json!({ "requestRetention": 5 })).await.status(), 200);
    assert_eq!(world.send(event("hook")).await.status(), 429, "a change of the endpoint forgives nothing");
    assert_eq!(world.kept(endpoint).await.len(), 3);
    world.clock.set(NOON + SignedDuration::from_secs(20));
    assert_eq!(world.send(event("hook")).await.status(), 202);
}

#[tokio::test]
async fn who_only_has_too_long_a_body_takes_nothing_of_the_minute() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "requestsPerMinute": 1, "bodyLimit": 1 });
    world.post_endpoint("hook", properties).await;
    let long = || post("/webhooks/hook").raw(vec![b' '; 2_000]).header("content-type", "application/json");
    assert_eq!(world.send(long()).await.status(), 413);
    assert_eq!(world.send(event("hook")).await.status(), 202);
    assert_eq!(world.send(long()).await.status(), 429, "what is too much is not read");
}

#[tokio::test]
async fn requests_are_kept_for_so_many_days() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "retentionDays": 2 });
    let endpoint = world.post_endpoint("hook", properties).await;
    let other = world.post_endpoint("other", json!({ "authentication": "none" })).await;
    for path in ["hook", "other"] {
        assert_eq!(world.send(event(path)).await.status(), 202);
    }
    world.clock.set(NOON + SignedDuration::from_hours(24));
    assert_eq!(world.send(event("hook")).await.status(), 202);
    let kept = async |hours: i64, milliseconds: i64| {
        world.clock.set(NOON + SignedDuration::from_hours(hours) + SignedDuration::from_millis(milliseconds));
        jobs::webhooks::forget_once(&world.state).await;
        world.kept(endpoint).await.into_iter().map(|request| request.number).collect::<Vec<_>>()
    };
    assert_eq!(kept(48, 0).await, [2, 1], "two days are not over yet");
    assert_eq!(kept(48, 1).await, [2]);
    assert_eq!(kept(72, 1).await, Vec::<i64>::new());
    assert_eq!(world.kept(other).await.len(), 1, "without a limit in days");
    assert_eq!(world.send(event("hook")).await.status(), 202);
    assert_eq!(world.kept(endpoint).await[0].number, 3);
}

#[tokio::test]
async fn a_server_that_starts_again_knows_its_endpoints() {
    let first = world().await;
    let endpoint = first.post_endpoint("hook", json!({ "authentication": "none" })).await;
    assert_eq!(first.send(event("hook")).await.status(), 202);
    let second = World::in_folder(first.close().await, "").await;
    assert_eq!(second.send(event("hook")).await.status(), 202);
    assert_eq!(second.kept(endpoint).await.len(), 2);
    // The command line, or another node, deletes it.
    let gone = crate::common::delete("/api/v1/configuration-items/Configuration/hook");
    assert!(second.send(gone.basic("root", PASSWORD)).await.status() < 300);
    second.state.node.load().await.unwrap();
    assert_eq!(second.send(event("hook")).await.status(), 404);
}

#[tokio::test]
async fn a_server_that_starts_forgets_what_is_old_and_what_is_left_of_endpoints() {
    let first = world().await;
    let old = first.post_endpoint("hook", json!({ "authentication": "none", "retentionDays": 2 })).await;
    assert_eq!(first.send(event("hook")).await.status(), 202);
    // What comes in while its endpoint is deleted.
    let gone = first.many_given_up("gone", 1).await;
    let refusal = NewRefusal {
        id: RequestId::from_i64(1),
        endpoint: gone,
        at: NOON,
        sender: String::new(),
        headers: Vec::new(),
        cause: "late".to_owned(),
    };
    let late = NewWebhookRequest {
        delivery: Some(to_forward(DeliveryId::from_i64(3))),
        ..accepted(RequestId::from_i64(2), gone, NOON)
    };
    let delete = crate::common::delete("/api/v1/configuration-items/Configuration/gone");
    assert!(first.send(delete.basic("root", PASSWORD)).await.status() < 300);
    first.state.store.receive_webhooks(&[late]).await.unwrap();
    first.state.store.refuse_webhooks(&[refusal]).await.unwrap();
    let second = World::in_folder(first.close().await, "").await;
    second.clock.set(NOON + SignedDuration::from_hours(72));
    let left = async || {
        let store = &second.state.store;
        let deliveries = store.deliveries_of(gone, RequestId::from_i64(2)).await.unwrap().len();
        let refusals = store.webhook_refusals(gone).await.unwrap().len();
        [second.kept(old).await.len(), second.kept(gone).await.len(), deliveries, refusals]
    };
    assert_eq!(left().await, [1, 1, 1, 1]);
    tokio::spawn(jobs::webhooks::run(second.state.clone(), CancellationToken::new()));
    for _ in 0..500 {
        if left().await == [0; 4] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not forgotten at the start: {:?}", left().await);
}

#[tokio::test]
async fn a_test_request_takes_the_same_way() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": super::SECRET })).await;
    let known = world.state.webhooks.endpoints.by_number(endpoint).unwrap();
    let id = webhook::send_test(&world.state, &known, "root").await.unwrap();
    let kept = world.kept(endpoint).await;
    assert_eq!((kept[0].id, kept[0].sender.as_str()), (id, "a test by root"));
}

#[tokio::test]
async fn a_body_has_a_mebibyte_at_most_where_nobody_says_otherwise() {
    let world = world().await;
    world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for (bytes, status) in [(1 << 20, 202), ((1 << 20) + 1, 413)] {
        let body = format!("\"{}\"", "x".repeat(bytes - 2));
        let call = post("/webhooks/hook").raw(body).header("content-type", "application/json");
        assert_eq!(world.send(call).await.status(), status, "{bytes}");
    }
}

#[tokio::test]
async fn requests_take_so_many_mebibytes_and_no_more() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    let item = "/api/v1/configuration-items/Configuration/hook";
    let item = world.send(crate::common::get(item).basic("root", PASSWORD)).await;
    assert_eq!(item.json()["properties"]["retentionSize"], 256, "{}", item.text());
    assert_eq!(world.change_endpoint("hook", json!({ "retentionSize": 0 })).await.status(), 400);
    assert_eq!(world.change_endpoint("hook", json!({ "retentionSize": 2 })).await.status(), 200);
    let body = format!("\"{}\"", "x".repeat(600_000));
    let send = async || {
        let call = post("/webhooks/hook").raw(body.clone()).header("content-type", "application/json");
        assert_eq!(world.send(call).await.status(), 202);
        world.kept(endpoint).await.into_iter().map(|request| request.number).collect::<Vec<_>>()
    };
    assert_eq!((send().await, send().await, send().await), (vec![1], vec![2, 1], vec![3, 2, 1]));
    assert_eq!(send().await, [4, 3, 2]);
    assert_eq!(world.change_endpoint("hook", json!({ "retentionSize": 1 })).await.status(), 200);
    let kept: Vec<_> = world.kept(endpoint).await.into_iter().map(|request| request.number).collect();
    assert_eq!(kept, [4], "a lower bound counts at once");
}
