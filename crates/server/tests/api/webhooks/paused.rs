//! Requests that wait while their endpoint is switched off, and lists of what was given up.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Delivery, DeliveryState, Seek};
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::event;
use super::forwarding::{ALLOWED, Does, Receiver, delivery, forwarding, to};
use crate::common::{PASSWORD, World, get, post};

const DOWN: Does = Does::Answers("500 Oops\r\n\r\n");

async fn enable(world: &World, enabled: bool) {
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": enabled })).await.status(), 200);
}

/// Waits until the one delivery of an endpoint that waits is paused.
async fn paused(world: &World, endpoint: ItemNumber) -> Delivery {
    for _ in 0..900 {
        let found = world.state.store.deliveries_in(endpoint, DeliveryState::Waiting, &Seek::Start, 2).await;
        if let [delivery] = &found.unwrap()[..]
            && delivery.paused_at.is_some()
        {
            return delivery.clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing was paused");
}

/// An endpoint whose receiver failed once, and which was switched off then; its delivery, and the receiver.
async fn switched_off() -> (World, Receiver, Delivery) {
    let (world, receiver) = (forwarding(ALLOWED).await, Receiver::start([DOWN]).await);
    let endpoint = world.post_endpoint("hook", to(&receiver)).await;
    assert_eq!(world.send(event("hook")).await.status(), 202);
    delivery(&world, "hook", DeliveryState::Waiting, "500").await;
    enable(&world, false).await;
    world.clock.set(NOON + SignedDuration::from_hours(1));
    let paused = paused(&world, endpoint).await;
    (world, receiver, paused)
}

#[tokio::test]
async fn what_waits_when_an_endpoint_is_switched_off_goes_on_when_it_is_enabled() {
    let (world, receiver, paused) = switched_off().await;
    let since = NOON + SignedDuration::from_hours(1);
    assert_eq!((paused.attempts, paused.paused_at), (1, Some(since)), "it is no attempt");
    assert_eq!(paused.due_at, Some(since + SignedDuration::from_hours(72)));
    let path = format!("/api/v1/webhook-endpoints/{}/deliveries?state=waiting", paused.endpoint);
    let shown = world.send(get(path).basic("root", PASSWORD)).await;
    assert_eq!(shown.json()["deliveries"][0]["pausedAt"], json!(since), "{}", shown.text());
    assert!(world.claim().await.is_empty(), "nobody claims it");
    world.clock.set(NOON + SignedDuration::from_hours(48));
    assert!(world.claim().await.is_empty(), "nor later");
    enable(&world, true).await;
    let taken = delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!((taken.attempts, taken.id, receiver.got().len()), (2, paused.id, 2));
}

#[tokio::test]
async fn what_waits_for_three_days_is_given_up_until_somebody_redelivers() {
    let (world, receiver, paused) = switched_off().await;
    world.clock.set(paused.due_at.unwrap());
    let dead = delivery(&world, "hook", DeliveryState::Dead, "the endpoint was not enabled").await;
    assert_eq!((dead.attempts, receiver.got().len()), (1, 1));
    assert_eq!(world.state.store.deliveries_waiting(dead.endpoint).await.unwrap(), 0);
    enable(&world, true).await;
    let path = format!("/api/v1/webhook-endpoints/{}/deliveries/{}/redeliver", dead.endpoint, dead.id);
    assert_eq!(world.send(post(path).basic("root", PASSWORD)).await.status(), 204);
    delivery(&world, "hook", DeliveryState::Delivered, "204").await;
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn everything_that_was_given_up_is_listed_page_by_page() {
    let world = super::world().await;
    let endpoint = world.many_given_up("hook", 230).await;
    let path = format!("/api/v1/webhook-endpoints/{endpoint}/deliveries");
    let (mut seen, mut sizes, mut query) = (BTreeSet::new(), Vec::new(), String::new());
    loop {
        let page = world.send(get(format!("{path}{query}")).basic("root", PASSWORD)).await.json();
        let rows = page["deliveries"].as_array().unwrap();
        sizes.push(rows.len());
        seen.extend(rows.iter().map(|row| row["number"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?after={next}");
    }
    assert_eq!((sizes, seen.into_iter().collect::<Vec<_>>()), (vec![100, 100, 30], (1..=230).collect()));
    let none = world.send(get(format!("{path}?state=delivered")).basic("root", PASSWORD)).await.json();
    assert_eq!(none, json!({ "deliveries": [] }));
    assert_eq!(world.send(get(format!("{path}?after=x")).basic("root", PASSWORD)).await.status(), 400);
}
