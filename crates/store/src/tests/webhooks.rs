//! What comes in at webhook endpoints: exact retention, one request for one id, and deliveries that nobody loses.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_core::item::{FOLDER, Properties};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::items::{folder, insert};
use super::*;
use crate::tables::WebhookCounters;
use crate::{
    ClaimedDelivery, DeliveryOutcome, DeliveryState, MOST_WAITING, NewDelivery, NewItem, NewRefusal,
    NewWebhookRequest, REFUSALS_KEPT, Received, Seek, StoreError,
};

pub(super) const ENDPOINT: ItemNumber = ItemNumber::from_i64(7);
pub(super) const OTHER: ItemNumber = ItemNumber::from_i64(8);

pub(super) fn request(id: i64) -> NewWebhookRequest {
    NewWebhookRequest {
        id: RequestId::from_i64(id),
        endpoint: ENDPOINT,
        at: now(),
        sender: "192.0.2.7".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        parameters: vec![("branch".to_owned(), "main".to_owned())],
        body: format!("{{\"number\": {id}}}"),
        message_id: None,
        keep: 100,
        keep_bytes: 1 << 20,
        same_since: None,
        delivery: None,
    }
}

pub(super) fn called(id: i64, message: &str, at: Timestamp) -> NewWebhookRequest {
    let same_since = at.checked_sub(SignedDuration::from_mins(60)).ok();
    NewWebhookRequest { message_id: Some(message.to_owned()), at, same_since, ..request(id) }
}

pub(super) fn forwarded(id: i64) -> NewWebhookRequest {
    let delivery = NewDelivery {
        id: DeliveryId::from_i64(id + 1_000),
        parameters: vec![("token".to_owned(), "whole".to_owned())],
        content_type: "application/json".to_owned(),
        hops: 0,
        starts_by: None,
    };
    NewWebhookRequest { delivery: Some(delivery), ..request(id) }
}

/// Makes an item of the endpoint's number, where nothing else of it counts.
pub(super) async fn endpoint(store: &Store) {
    endpoint_of(store, FOLDER.name, Properties::new()).await;
}

pub(super) async fn endpoint_of(store: &Store, type_name: &str, properties: Properties) {
    let type_name = type_name.to_owned();
    let item = NewItem { number: ENDPOINT, type_name, properties, ..folder(0, "Configuration/hook") };
    insert(store, &[item]).await;
}

pub(super) async fn ids(store: &Store) -> Vec<i64> {
    let listed = store.webhook_requests(ENDPOINT, &Seek::Start, 1_000).await.unwrap();
    listed.iter().map(|request| request.id.as_i64()).collect()
}

pub(super) async fn claim(store: &Store, at: Timestamp) -> Vec<ClaimedDelivery> {
    let due = store.due_deliveries(at, None, 100).await.unwrap();
    let due: Vec<_> = due.iter().map(|delivery| delivery.id).collect();
    store.claim_deliveries(&due, at, at + SignedDuration::from_mins(2)).await.unwrap()
}

pub(super) async fn states(store: &Store) -> Vec<(i64, DeliveryState, u32)> {
    let mut states = Vec::new();
    for state in DeliveryState::ALL {
        let found = store.deliveries_in(ENDPOINT, state, &Seek::Start, 100).await.unwrap();
        states.extend(found.iter().map(|delivery| (delivery.id.as_i64(), delivery.state, delivery.attempts)));
    }
    states.sort_unstable_by_key(|(id, _, _)| *id);
    states
}

on_both_databases! {
    async fn a_request_is_read_as_it_came(fixture: Fixture) {
        let store = fixture.open().await;
        let received = store.receive_webhooks(&[called(1, "msg", now()), request(2)]).await.unwrap();
        assert_eq!(received, [Received::Accepted; 2]);
        let listed = store.webhook_requests(ENDPOINT, &Seek::Start, 10).await.unwrap();
        assert_eq!(listed.iter().map(|request| request.number).collect::<Vec<_>>(), [2, 1], "newest first");
        let (first, body) = store.webhook_request(ENDPOINT, RequestId::from_i64(1)).await.unwrap().unwrap();
        assert_eq!((&first, body.as_str()), (&listed[1], "{\"number\": 1}"));
        assert_eq!(first.message_id.as_deref(), Some("msg"));
        assert_eq!((first.size, first.at, first.sender.as_str()), (body.len() as u64, now(), "192.0.2.7"));
        assert_eq!(first.parameters, [("branch".to_owned(), "main".to_owned())]);
        assert!(store.webhook_request(OTHER, RequestId::from_i64(1)).await.unwrap().is_none());
        assert!(store.webhook_requests(OTHER, &Seek::Start, 10).await.unwrap().is_empty());
        let older = store.webhook_requests(ENDPOINT, &Seek::After(2), 10).await.unwrap();
        let newer = store.webhook_requests(ENDPOINT, &Seek::Before(1), 10).await.unwrap();
        assert_eq!((older[0].number, newer[0].number), (1, 2));
    }

    async fn the_newest_requests_of_many_endpoints_are_asked_for_at_once(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        assert!(store.newest_webhook_requests(&[ENDPOINT, OTHER]).await.unwrap().is_empty());
        let later = now() + SignedDuration::from_mins(1);
        let of_other = NewWebhookRequest { endpoint: OTHER, ..request(3) };
        let newer = NewWebhookRequest { at: later, ..request(2) };
        store.receive_webhooks(&[request(1), newer, of_other]).await.unwrap();
        let newest = store.newest_webhook_requests(&[ENDPOINT, OTHER]).await.unwrap();
        assert_eq!(newest, [(ENDPOINT, later)].into(), "the other one is no item");
        assert!(store.newest_webhook_requests(&[]).await.unwrap().is_empty());
    }

    async fn exactly_the_newest_stay_whoever_writes(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let mut writers = Vec::new();
        for writer in 0..64_i64 {
            let store = nodes[writer as usize % 2].clone();
            writers.push(tokio::spawn(async move {
                for batch in 0..3 {
                    let first = writer * 100 + batch * 10;
                    let batch: Vec<_> =
                        (0..3).map(|n| NewWebhookRequest { keep: 20, ..request(first + n) }).collect();
                    store.receive_webhooks(&batch).await.unwrap();
                    let kept = store.webhook_requests(ENDPOINT, &Seek::Start, 1_000).await.unwrap();
                    assert!(kept.len() <= 20, "{}", kept.len());
                    let numbers: Vec<_> = kept.iter().map(|request| request.number).collect();
                    assert!(numbers.windows(2).all(|pair| pair[0] == pair[1] + 1), "{numbers:?}");
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let kept = nodes[0].webhook_requests(ENDPOINT, &Seek::Start, 1_000).await.unwrap();
        let numbers: Vec<_> = kept.iter().map(|request| request.number).collect();
        assert_eq!(numbers, (557..=576).rev().collect::<Vec<_>>());
        nodes[1].receive_webhooks(&[NewWebhookRequest { keep: 0, ..request(90_000) }]).await.unwrap();
        assert!(ids(&nodes[0]).await.is_empty(), "none is kept");
    }

    async fn an_id_that_comes_again_is_the_same_request_for_a_while(fixture: Fixture) {
        let store = fixture.open().await;
        let same = Received::Same(RequestId::from_i64(1));
        let first = [called(1, "a", now()), called(2, "a", now()), called(3, "b", now())];
        let received = store.receive_webhooks(&first).await.unwrap();
        assert_eq!(received, [Received::Accepted, same, Received::Accepted], "within one batch");
        assert_eq!(store.receive_webhooks(&[called(4, "a", now())]).await.unwrap(), [same], "and later");
        let elsewhere = NewWebhookRequest { endpoint: OTHER, ..called(5, "a", now()) };
        assert_eq!(store.receive_webhooks(&[elsewhere]).await.unwrap(), [Received::Accepted], "here alone");
        let late = now() + SignedDuration::from_mins(61);
        assert_eq!(store.receive_webhooks(&[called(6, "a", late)]).await.unwrap(), [Received::Accepted]);
        let again = Received::Same(RequestId::from_i64(6));
        assert_eq!(store.receive_webhooks(&[called(7, "a", late)]).await.unwrap(), [again]);
        let careless = NewWebhookRequest { message_id: Some("a".to_owned()), ..request(8) };
        assert_eq!(store.receive_webhooks(&[careless]).await.unwrap(), [Received::Accepted], "no window");
        assert_eq!(ids(&store).await, [8, 6, 3, 1]);
    }

    async fn an_id_that_comes_again_is_forwarded_once(fixture: Fixture) {
        let store = fixture.open().await;
        let same = |id| NewWebhookRequest { delivery: forwarded(id).delivery, ..called(id, "a", now()) };
        store.receive_webhooks(&[same(1), same(2)]).await.unwrap();
        store.receive_webhooks(&[same(3)]).await.unwrap();
        let claimed = claim(&store, now()).await;
        assert_eq!(claimed.iter().map(|delivery| delivery.id.as_i64()).collect::<Vec<_>>(), [1_001]);
    }

    async fn of_many_writers_with_one_id_one_is_accepted_and_goes_on_once(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let tasks = (0..16_i64).map(|id| {
            let store = nodes[id as usize % 2].clone();
            let same = NewWebhookRequest { delivery: forwarded(id).delivery, ..called(id, "one", now()) };
            tokio::spawn(async move { store.receive_webhooks(&[same]).await.unwrap()[0] })
        });
        let (mut accepted, mut same) = (0, BTreeSet::new());
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Received::Accepted => accepted += 1,
                Received::Same(first) => {
                    same.insert(first.as_i64());
                }
                Received::Full => panic!("there is room"),
            }
        }
        assert_eq!((accepted, ids(&nodes[0]).await), (1, same.into_iter().collect()), "all others are told of it");
        let (one, two) = tokio::join!(claim(&nodes[0], now()), claim(&nodes[1], now()));
        assert_eq!(one.len() + two.len(), 1);
    }

    async fn strangers_push_no_request_out(fixture: Fixture) {
        let store = fixture.open().await;
        store.receive_webhooks(&[request(1)]).await.unwrap();
        let refusal = |id: i64, endpoint| NewRefusal {
            id: RequestId::from_i64(id),
            endpoint,
            at: now(),
            sender: "203.0.113.9".to_owned(),
            headers: Vec::new(),
            cause: format!("cause {id}"),
        };
        let many: Vec<_> = (1..=130).map(|id| refusal(id, ENDPOINT)).collect();
        store.refuse_webhooks(&many[..70]).await.unwrap();
        store.refuse_webhooks(&many[70..]).await.unwrap();
        store.refuse_webhooks(&[refusal(500, OTHER)]).await.unwrap();
        let kept = store.webhook_refusals(ENDPOINT).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|refusal| refusal.cause.clone()).collect();
        let newest: Vec<_> = (1..=130_i64).rev().take(REFUSALS_KEPT as usize).map(|id| format!("cause {id}")).collect();
        assert_eq!(kept, newest);
        assert_eq!(store.webhook_refusals(OTHER).await.unwrap().len(), 1);
        assert_eq!(ids(&store).await, [1]);
        store.receive_webhooks(&[request(2)]).await.unwrap();
        assert_eq!(store.webhook_requests(ENDPOINT, &Seek::Start, 1).await.unwrap()[0].number, 2);
    }

    async fn a_text_is_found_in_every_part_of_a_request(fixture: Fixture) {
        let store = fixture.open().await;
        let requests = [
            NewWebhookRequest { body: "{\"who\": \"Ännä 100%\"}".to_owned(), ..request(1) },
            NewWebhookRequest { headers: vec![("x-kind".to_owned(), "push".to_owned())], ..request(2) },
            NewWebhookRequest { parameters: vec![("who".to_owned(), "bob".to_owned())], ..request(3) },
            called(4, "msg_4", now()),
        ];
        store.receive_webhooks(&requests).await.unwrap();
        let found = async |text: &str| {
            let found = store.search_webhook_requests(ENDPOINT, text, &Seek::Start, 10).await.unwrap();
            assert_eq!(found.looked_until, None, "all were looked at");
            found.requests.iter().map(|request| request.id.as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(found("Ännä 100%").await, [1]);
        assert_eq!(found("push").await, [2]);
        assert_eq!(found("bob").await, [3]);
        assert_eq!(found("msg_").await, [4]);
        assert_eq!(found(&RequestId::from_i64(3).to_string()).await, [3]);
        assert_eq!(found("192.0.2.7").await, [4, 3, 2, 1]);
        assert!(found("_").await == [4] && found("' OR 1=1").await.is_empty());
    }

    async fn a_search_says_how_far_it_looked(fixture: Fixture) {
        let store = fixture.open().await;
        let mut requests: Vec<_> = (1..=1_100).map(|id| NewWebhookRequest { keep: 5_000, ..request(id) }).collect();
        requests[9].body = "\"needle\"".to_owned();
        store.receive_webhooks(&requests).await.unwrap();
        let first = store.search_webhook_requests(ENDPOINT, "needle", &Seek::Start, 10).await.unwrap();
        assert_eq!((first.requests.len(), first.looked_until), (0, Some(101)));
        let next = store.search_webhook_requests(ENDPOINT, "needle", &Seek::After(101), 10).await.unwrap();
        assert_eq!((next.requests[0].number, next.looked_until), (10, None));
    }

    async fn a_delivery_is_claimed_once_and_again_when_nobody_marks_it(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let requests: Vec<_> = (1..=40).map(forwarded).collect();
        nodes[0].receive_webhooks(&requests).await.unwrap();
        let (one, two) = tokio::join!(claim(&nodes[0], now()), claim(&nodes[1], now()));
        let claimed: BTreeSet<_> = one.iter().chain(&two).map(|delivery| delivery.id).collect();
        assert_eq!((claimed.len(), one.len() + two.len()), (40, 40));
        let first = one.iter().chain(&two).find(|delivery| delivery.id.as_i64() == 1_001).unwrap();
        assert_eq!((first.body.as_str(), first.attempts), ("{\"number\": 1}", 1));
        assert_eq!(first.message_id, RequestId::from_i64(1).to_string());
        assert_eq!(first.parameters, [("token".to_owned(), "whole".to_owned())]);
        assert!(claim(&nodes[0], now()).await.is_empty());
        let late = now() + SignedDuration::from_mins(2);
        assert_eq!(nodes[0].due_deliveries(late, None, 1).await.unwrap()[0].due_at, late);
        let again = claim(&nodes[1], late).await;
        assert!(again.len() == 40 && again.iter().all(|delivery| delivery.attempts == 2));
        let outcome = DeliveryOutcome::Dead { answer: "too late".to_owned() };
        nodes[0].mark_deliveries(&[(first, outcome)], late).await.unwrap();
        assert_eq!(states(&nodes[0]).await[0], (1_001, DeliveryState::Waiting, 2), "it is another's now");
    }

    async fn a_late_attempt_marks_nothing_of_a_delivery_that_was_redelivered(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        endpoint(&nodes[0]).await;
        nodes[0].receive_webhooks(&[forwarded(1)]).await.unwrap();
        let dead = || DeliveryOutcome::Dead { answer: "410 Gone".to_owned() };
        let hangs = claim(&nodes[0], now()).await;
        let late = now() + SignedDuration::from_mins(2);
        let second = claim(&nodes[1], late).await;
        nodes[1].mark_deliveries(&[(&second[0], dead())], late).await.unwrap();
        let mut change = nodes[1].change(&admin(), late).await.unwrap();
        change.redeliver(ENDPOINT, DeliveryId::from_i64(1_001)).await.unwrap();
        change.commit().await.unwrap();
        let again = claim(&nodes[1], late).await;
        assert_eq!((hangs[0].attempts, again[0].attempts), (1, 1), "the number comes again");
        nodes[0].mark_deliveries(&[(&hangs[0], dead())], late).await.unwrap();
        nodes[0].release_deliveries(&hangs, late).await.unwrap();
        assert_eq!(states(&nodes[0]).await, [(1_001, DeliveryState::Waiting, 1)], "it is another's now");
        let mut change = nodes[0].change(&admin(), late).await.unwrap();
        let starts = change.deliver(&hangs[0], "started").await;
        assert!(matches!(starts, Err(StoreError::Overtaken(_))), "{starts:?}");
        drop(change);
        assert!(claim(&nodes[0], late).await.is_empty(), "and stays claimed");
        let delivered = DeliveryOutcome::Delivered { answer: String::new() };
        nodes[1].mark_deliveries(&[(&again[0], delivered)], late).await.unwrap();
        assert_eq!(states(&nodes[0]).await, [(1_001, DeliveryState::Delivered, 1)]);
    }

    async fn what_became_of_a_delivery_is_kept(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        store.receive_webhooks(&[forwarded(1), forwarded(2), forwarded(3)]).await.unwrap();
        let claimed = claim(&store, now()).await;
        let due_at = now() + SignedDuration::from_secs(5);
        let answer = || "200 OK".to_owned();
        let outcomes = [
            (&claimed[0], DeliveryOutcome::Delivered { answer: answer() }),
            (&claimed[1], DeliveryOutcome::Later { due_at, answer: answer() }),
            (&claimed[2], DeliveryOutcome::Dead { answer: answer() }),
        ];
        store.mark_deliveries(&outcomes, now()).await.unwrap();
        store.mark_deliveries(&outcomes, now()).await.unwrap();
        assert_eq!(store.deliveries_waiting(ENDPOINT).await.unwrap(), 1, "marked twice, counted once");
        let [delivered, waiting, dead] = states(&store).await.try_into().unwrap();
        assert_eq!(delivered, (1_001, DeliveryState::Delivered, 1));
        assert_eq!(waiting, (1_002, DeliveryState::Waiting, 1));
        assert_eq!(dead, (1_003, DeliveryState::Dead, 1));
        let later = store.deliveries_of(ENDPOINT, RequestId::from_i64(2)).await.unwrap();
        assert_eq!((later[0].due_at, later[0].answer.as_deref()), (Some(due_at), Some("200 OK")));

        let mut change = store.change(&admin(), now()).await.unwrap();
        for id in [1_001, 1_003] {
            change.redeliver(ENDPOINT, DeliveryId::from_i64(id)).await.unwrap();
        }
        for (endpoint, id) in [(ENDPOINT, 1_002), (ENDPOINT, 9), (OTHER, 1_001)] {
            let refused = change.redeliver(endpoint, DeliveryId::from_i64(id)).await;
            assert!(matches!(refused, Err(StoreError::NotFound(_))), "{id}: {refused:?}");
        }
        change.commit().await.unwrap();
        assert_eq!(store.deliveries_waiting(ENDPOINT).await.unwrap(), 3);
        let again = claim(&store, now()).await;
        let bodies: Vec<_> = again.iter().map(|delivery| (delivery.id.as_i64(), delivery.body.as_str())).collect();
        assert_eq!(bodies, [(1_001, "{\"number\": 1}"), (1_003, "{\"number\": 3}")], "whole again");
    }

    async fn a_delivery_holds_its_body_when_the_log_forgets_its_request(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        let none = |id| NewWebhookRequest { keep: 0, ..forwarded(id) };
        store.receive_webhooks(&[none(1), none(2)]).await.unwrap();
        assert!(ids(&store).await.is_empty());
        let claimed = claim(&store, now()).await;
        assert_eq!(claimed[0].body, "{\"number\": 1}");
        let delivered = DeliveryOutcome::Delivered { answer: String::new() };
        let dead = DeliveryOutcome::Dead { answer: String::new() };
        store.mark_deliveries(&[(&claimed[0], delivered), (&claimed[1], dead)], now()).await.unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        let gone = change.redeliver(ENDPOINT, claimed[0].id).await;
        assert!(matches!(gone, Err(StoreError::NotFound(_))), "its body is there no longer");
        change.redeliver(ENDPOINT, claimed[1].id).await.unwrap();
    }

    async fn no_more_wait_than_there_is_room_for(fixture: Fixture) {
        let store = fixture.open().await;
        store.receive_webhooks(&[forwarded(1)]).await.unwrap();
        let fill = Query::update()
            .table(WebhookCounters::Table)
            .value(WebhookCounters::Waiting, MOST_WAITING as i64 - 1)
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(ENDPOINT.as_i64()))
            .take();
        store.inner.orm.execute(&fill).await.unwrap();
        let received = store.receive_webhooks(&[forwarded(2), forwarded(3), request(4)]).await.unwrap();
        assert_eq!(received, [Received::Accepted, Received::Full, Received::Accepted]);
        assert_eq!(ids(&store).await, [4, 2, 1]);
    }

    async fn what_is_old_or_without_an_endpoint_is_forgotten(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        let elsewhere = NewWebhookRequest { endpoint: OTHER, ..forwarded(9) };
        let later = now() + SignedDuration::from_hours(1);
        let second = NewWebhookRequest { at: later, ..request(2) };
        store.receive_webhooks(&[called(1, "a", now()), second, elsewhere]).await.unwrap();
        assert_eq!(store.forget_webhook_requests(ENDPOINT, later).await.unwrap(), 1);
        assert_eq!(ids(&store).await, [2]);
        store.forget_webhooks(later, later).await.unwrap();
        assert!(store.webhook_requests(OTHER, &Seek::Start, 10).await.unwrap().is_empty());
        assert_eq!(store.deliveries_waiting(OTHER).await.unwrap(), 0);
        let again = store.receive_webhooks(&[called(3, "a", now())]).await.unwrap();
        assert_eq!(again, [Received::Accepted], "its id is forgotten");

        store.receive_webhooks(&[forwarded(4)]).await.unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_item(ENDPOINT, None).await.unwrap();
        change.commit().await.unwrap();
        assert!(ids(&store).await.is_empty() && claim(&store, now()).await.is_empty());
    }
}
