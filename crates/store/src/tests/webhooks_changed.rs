//! Endpoints that are changed while requests are on their way: what is kept of those, and what waits until they are enabled.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_core::item::{POST_WEBHOOK_ENDPOINT, Properties, Value, webhook_property as property};

use super::webhooks::{ENDPOINT, OTHER, claim, endpoint_of, forwarded, ids, request, states};
use super::*;
use crate::{DeliveryState, ItemUpdate, NewRefusal, NewWebhookRequest, Received, Seek, StoredSecrets};

/// The properties of an endpoint that keeps so many requests.
fn keeping(keep: i64) -> Properties {
    let properties = [
        (property::ENABLED, Value::Boolean(true)),
        (property::REQUEST_RETENTION, Value::Integer(keep)),
        (property::RETENTION_SIZE, Value::Integer(8)),
    ];
    properties.map(|(name, value)| (name.to_owned(), value)).into()
}

fn with(mut properties: Properties, name: &str, value: Value) -> Properties {
    properties.insert(name.to_owned(), value);
    properties
}

fn off() -> Properties {
    with(keeping(100), property::ENABLED, Value::Boolean(false))
}

async fn endpoint(store: &Store, properties: Properties) {
    endpoint_of(store, POST_WEBHOOK_ENDPOINT.name, properties).await;
}

async fn update(store: &Store, at: Timestamp, properties: Properties) {
    let mut change = store.change(&admin(), at).await.unwrap();
    let before = change.item_by_number(ENDPOINT).await.unwrap().unwrap();
    let update = ItemUpdate { before, properties, secrets: StoredSecrets::new() };
    change.update_item(update).await.unwrap();
    change.commit().await.unwrap();
}

async fn write(store: &Store, requests: &[NewWebhookRequest]) {
    let received = store.receive_webhooks(requests).await.unwrap();
    assert!(received.iter().all(|one| *one == Received::Accepted), "{received:?}");
}

/// When what is paused at `at` is given up.
fn until(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_hours(72)
}

fn refusal(id: i64, endpoint: ItemNumber, at: Timestamp) -> NewRefusal {
    NewRefusal {
        id: RequestId::from_i64(id),
        endpoint,
        at,
        sender: "203.0.113.9".to_owned(),
        headers: Vec::new(),
        cause: format!("cause {id}"),
    }
}

on_both_databases! {
    async fn what_was_accepted_before_retention_was_lowered_keeps_no_more(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        endpoint(&nodes[0], keeping(10)).await;
        let accepted = |id| NewWebhookRequest { keep: 10, ..request(id) };
        write(&nodes[1], &(1..=10).map(accepted).collect::<Vec<_>>()).await;
        update(&nodes[0], now(), keeping(3)).await;
        assert_eq!(ids(&nodes[1]).await, [10, 9, 8]);
        // Accepted by nodes that did not know of the change, or before it, and written after it.
        write(&nodes[1], &[accepted(11), NewWebhookRequest { keep: 3, ..request(12) }, accepted(13)]).await;
        assert_eq!(ids(&nodes[1]).await, [13, 12, 11]);
        write(&nodes[0], &(14..=20).map(accepted).collect::<Vec<_>>()).await;
        assert_eq!(ids(&nodes[0]).await, [20, 19, 18]);
        update(&nodes[0], now(), keeping(5)).await;
        write(&nodes[1], &[NewWebhookRequest { keep: 3, ..request(21) }, NewWebhookRequest { keep: 3, ..request(22) }]).await;
        assert_eq!(ids(&nodes[0]).await, [22, 21, 20, 19, 18], "nor does a higher one forget more than it says");
        write(&nodes[1], &[NewWebhookRequest { keep: 3, ..request(23) }]).await;
        assert_eq!(ids(&nodes[0]).await, [23, 22, 21, 20, 19]);
        update(&nodes[0], now(), keeping(0)).await;
        write(&nodes[1], &[accepted(24)]).await;
        assert!(ids(&nodes[0]).await.is_empty());
    }

    async fn retention_is_exact_while_it_is_lowered_under_many_writers(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        endpoint(&nodes[0], keeping(30)).await;
        let writers: Vec<_> = (0..16_i64).map(|writer| {
            let store = nodes[writer as usize % 2].clone();
            tokio::spawn(async move {
                for at in 0..8 {
                    write(&store, &[NewWebhookRequest { keep: 30, ..request(writer * 100 + at) }]).await;
                }
            })
        }).collect();
        for keep in [12, 4] {
            update(&nodes[1], now(), keeping(keep)).await;
            for _ in 0..5 {
                let kept = ids(&nodes[0]).await.len() as i64;
                assert!(kept <= keep, "{kept} of {keep}");
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        write(&nodes[0], &[NewWebhookRequest { keep: 30, ..request(9_000) }]).await;
        let kept = nodes[1].webhook_requests(ENDPOINT, &Seek::Start, 100).await.unwrap();
        assert_eq!(kept.iter().map(|request| request.number).collect::<Vec<_>>(), [129, 128, 127, 126]);
    }

    async fn a_lower_size_and_fewer_days_count_at_once(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store, keeping(100)).await;
        let day = SignedDuration::from_hours(24);
        let long = |id, at| NewWebhookRequest { at, body: "x".repeat(600_000), keep_bytes: 8 << 20, ..request(id) };
        write(&store, &[long(1, now()), long(2, now() + day), long(3, now() + day), long(4, now() + day)]).await;
        let days = with(keeping(100), property::RETENTION_DAYS, Value::Integer(2));
        update(&store, now() + day * 2, days.clone()).await;
        assert_eq!(ids(&store).await, [4, 3, 2, 1], "two days are not over");
        update(&store, now() + day * 2, keeping(100)).await;
        update(&store, now() + day * 2 + SignedDuration::from_millis(1), days).await;
        assert_eq!(ids(&store).await, [4, 3, 2]);
        update(&store, now() + day * 2, with(keeping(100), property::RETENTION_SIZE, Value::Integer(1))).await;
        assert_eq!(ids(&store).await, [4]);
        write(&store, &[long(5, now() + day * 2)]).await;
        assert_eq!(ids(&store).await, [5], "as it was accepted, eight would have had room");
    }

    async fn refused_requests_are_kept_for_no_more_days_than_accepted_ones(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store, keeping(100)).await;
        let day = SignedDuration::from_hours(24);
        let refused = [
            refusal(1, ENDPOINT, now()),
            refusal(2, OTHER, now()),
            refusal(3, ENDPOINT, now() + day),
            refusal(4, ENDPOINT, now() + day * 2),
        ];
        store.refuse_webhooks(&refused).await.unwrap();
        let kept = async |endpoint| {
            let kept = store.webhook_refusals(endpoint).await.unwrap();
            kept.iter().map(|refusal| refusal.id.as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(store.forget_webhook_requests(ENDPOINT, now()).await.unwrap(), 0);
        assert_eq!(kept(ENDPOINT).await, [4, 3, 1]);
        write(&store, &[request(5)]).await;
        let millisecond = SignedDuration::from_millis(1);
        assert_eq!(store.forget_webhook_requests(ENDPOINT, now() + millisecond).await.unwrap(), 2);
        assert_eq!((kept(ENDPOINT).await, ids(&store).await.len()), (vec![4, 3], 0));
        let days = with(keeping(100), property::RETENTION_DAYS, Value::Integer(1));
        update(&store, now() + day * 2, days).await;
        assert_eq!(kept(ENDPOINT).await, [4, 3], "a day is not over");
        update(&store, now() + day * 3, keeping(100)).await;
        assert_eq!(kept(ENDPOINT).await, [4, 3], "without a limit in days");
        let days = with(keeping(100), property::RETENTION_DAYS, Value::Integer(1));
        update(&store, now() + day * 2 + millisecond, days).await;
        assert_eq!((kept(ENDPOINT).await, kept(OTHER).await), (vec![4], vec![2]));
    }

    async fn what_waits_for_an_endpoint_that_is_off_is_claimed_when_it_is_enabled(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        endpoint(&nodes[0], keeping(100)).await;
        let elsewhere = NewWebhookRequest { endpoint: OTHER, ..forwarded(9) };
        write(&nodes[0], &[forwarded(1), forwarded(2), elsewhere]).await;
        assert!(!nodes[1].pause_deliveries(ENDPOINT, now(), until(now())).await.unwrap(), "it is on");
        let lease = now() + SignedDuration::from_mins(3);
        let under_way = nodes[0].claim_deliveries(&[DeliveryId::from_i64(1_002)], now(), lease).await.unwrap();
        assert_eq!(under_way.len(), 1);
        update(&nodes[0], now(), off()).await;
        assert!(nodes[1].pause_deliveries(ENDPOINT, now(), until(now())).await.unwrap());
        assert!(!nodes[1].pause_deliveries(OTHER, now(), until(now())).await.unwrap(), "it is not there");
        let waiting = nodes[0].deliveries_in(ENDPOINT, DeliveryState::Waiting, &Seek::Start, 9).await.unwrap();
        let paused: Vec<_> = waiting.iter().map(|one| (one.number, one.paused_at, one.attempts)).collect();
        assert_eq!(paused, [(2, None, 1), (1, Some(now()), 0)], "what is under way is finished");
        assert_eq!(waiting[1].due_at, Some(until(now())));
        let claimed = claim(&nodes[0], now()).await;
        assert_eq!(claimed.iter().map(|one| one.endpoint).collect::<Vec<_>>(), [OTHER]);
        let later = now() + SignedDuration::from_hours(1);
        assert!(nodes[0].pause_deliveries(ENDPOINT, later, until(later)).await.unwrap());
        update(&nodes[0], later, keeping(100)).await;
        let claimed = claim(&nodes[1], later).await;
        let claimed: Vec<_> = claimed.iter().filter(|one| one.endpoint == ENDPOINT).map(|one| one.id.as_i64()).collect();
        assert_eq!(claimed, [1_001, 1_002]);
        let waiting = nodes[0].deliveries_in(ENDPOINT, DeliveryState::Waiting, &Seek::Start, 9).await.unwrap();
        assert!(waiting.iter().all(|one| one.paused_at.is_none()), "{waiting:?}");
    }

    async fn what_waits_too_long_for_its_endpoint_is_given_up(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store, keeping(100)).await;
        write(&store, &[forwarded(1), forwarded(2)]).await;
        update(&store, now(), off()).await;
        assert!(store.pause_deliveries(ENDPOINT, now(), until(now())).await.unwrap());
        let early = until(now()) - SignedDuration::from_millis(1);
        assert!(store.due_deliveries(early, None, 9).await.unwrap().is_empty());
        let late = until(now());
        write(&store, &[NewWebhookRequest { at: late, ..forwarded(3) }]).await;
        assert!(store.pause_deliveries(ENDPOINT, late, until(late)).await.unwrap());
        let (dead, waits) = (DeliveryState::Dead, DeliveryState::Waiting);
        assert_eq!(states(&store).await, [(1_001, dead, 0), (1_002, dead, 0), (1_003, waits, 0)]);
        assert_eq!(store.deliveries_waiting(ENDPOINT).await.unwrap(), 1);
        let given_up = store.deliveries_in(ENDPOINT, dead, &Seek::Start, 9).await.unwrap();
        assert!(given_up[0].answer.as_deref().is_some_and(|answer| answer.contains("not enabled")), "{given_up:?}");
        update(&store, late, keeping(100)).await;
        let mut change = store.change(&admin(), late).await.unwrap();
        change.redeliver(ENDPOINT, DeliveryId::from_i64(1_001)).await.unwrap();
        change.commit().await.unwrap();
        let claimed = claim(&store, late).await;
        assert_eq!(claimed.iter().map(|one| one.id.as_i64()).collect::<Vec<_>>(), [1_001, 1_003]);
        assert_eq!(claimed[0].body, "{\"number\": 1}", "whole");
    }

    async fn deliveries_are_listed_page_by_page(fixture: Fixture) {
        let store = fixture.open().await;
        let requests: Vec<_> = (1..=7).map(|id| match id {
            4 => NewWebhookRequest { endpoint: OTHER, ..forwarded(id) },
            _ => forwarded(id),
        }).collect();
        write(&store, &requests).await;
        let page = async |state, seek: Seek<i64>| {
            let found = store.deliveries_in(ENDPOINT, state, &seek, 3).await.unwrap();
            found.iter().map(|one| (one.number, one.id.as_i64())).collect::<Vec<_>>()
        };
        let waits = DeliveryState::Waiting;
        assert_eq!(page(waits, Seek::Start).await, [(6, 1_007), (5, 1_006), (4, 1_005)]);
        assert_eq!(page(waits, Seek::After(4)).await, [(3, 1_003), (2, 1_002), (1, 1_001)]);
        assert_eq!(page(waits, Seek::Before(2)).await, [(5, 1_006), (4, 1_005), (3, 1_003)]);
        assert!(page(waits, Seek::After(1)).await.is_empty() && page(DeliveryState::Dead, Seek::Start).await.is_empty());
    }
}
