//! What bounds webhook endpoints: the room of deliveries, the work of a look at them, and what a failure costs.

use jiff::SignedDuration;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_core::item::{GET_WEBHOOK_ENDPOINT, Properties};
use sea_orm::ConnectionTrait;

use super::releases::planned;
use super::webhooks::{
    ENDPOINT, OTHER, called, claim, endpoint, endpoint_of, forwarded, ids, request, states,
};
use super::*;
use crate::webhooks::space::Bounds;
use crate::{
    DeliveryOutcome, DeliveryState, NewDelivery, NewRefusal, NewWebhookRequest, Received, Seek, StoreError,
};

/// Bounds that a test can reach.
const SMALL: Bounds = Bounds { waiting: 1_000, dead: 1_000, dead_rows: 3 };

fn long(id: i64, bytes: usize) -> NewWebhookRequest {
    NewWebhookRequest { body: "x".repeat(bytes), ..forwarded(id) }
}

async fn dead(store: &Store, requests: &[NewWebhookRequest]) {
    store.receive_webhooks(requests).await.unwrap();
    for delivery in claim(store, now()).await {
        let outcome = DeliveryOutcome::Dead { answer: String::new() };
        store.mark_deliveries(&[(&delivery, outcome)], now()).await.unwrap();
    }
}

/// How many rows there are of this.
async fn count(store: &Store, of: &str) -> i64 {
    let count = format!("SELECT count(*) AS many FROM {of}");
    let statement = sea_orm::Statement::from_string(store.inner.orm.get_database_backend(), count);
    let row = store.inner.orm.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "many").unwrap()
}

on_both_databases! {
    async fn what_waits_has_a_bound_in_bytes(fixture: Fixture) {
        let store = fixture.open().await;
        store.inner.spaces.bound(SMALL);
        let elsewhere = NewWebhookRequest { endpoint: OTHER, ..long(9, 500) };
        let kept = NewWebhookRequest { body: "x".repeat(5_000), ..request(4) };
        let batch = [long(1, 500), long(2, 500), long(3, 300), kept, elsewhere];
        let received = store.receive_webhooks(&batch).await.unwrap();
        let (accepted, full) = (Received::Accepted, Received::Full);
        assert_eq!(received, [accepted, full, accepted, accepted, accepted], "what is only kept has room");
        assert_eq!(store.receive_webhooks(&[long(5, 500)]).await.unwrap(), [full]);
        let claimed = claim(&store, now()).await;
        let first = claimed.iter().find(|delivery| delivery.request == RequestId::from_i64(1)).unwrap();
        let delivered = DeliveryOutcome::Delivered { answer: String::new() };
        store.mark_deliveries(&[(first, delivered)], now()).await.unwrap();
        assert_eq!(store.receive_webhooks(&[long(6, 500)]).await.unwrap(), [accepted], "it made room");
    }

    async fn room_that_other_nodes_take_and_give_is_counted(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        nodes.iter().for_each(|node| node.inner.spaces.bound(SMALL));
        let (accepted, full) = (Received::Accepted, Received::Full);
        assert_eq!(nodes[0].receive_webhooks(&[long(1, 300)]).await.unwrap(), [accepted]);
        assert_eq!(nodes[1].receive_webhooks(&[long(2, 500)]).await.unwrap(), [accepted]);
        assert_eq!(nodes[0].receive_webhooks(&[long(3, 300)]).await.unwrap(), [full], "with the other's");
        for delivery in claim(&nodes[1], now()).await {
            let delivered = DeliveryOutcome::Delivered { answer: String::new() };
            nodes[1].mark_deliveries(&[(&delivery, delivered)], now()).await.unwrap();
        }
        let soon = NewWebhookRequest { at: now() + SignedDuration::from_secs(9), ..long(4, 300) };
        assert_eq!(nodes[0].receive_webhooks(&[soon]).await.unwrap(), [full], "not with every refusal");
        let later = NewWebhookRequest { at: now() + SignedDuration::from_secs(10), ..long(5, 300) };
        assert_eq!(nodes[0].receive_webhooks(&[later]).await.unwrap(), [accepted]);
    }

    async fn what_another_node_took_is_not_taken_off_what_this_one_counted(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        nodes.iter().for_each(|node| node.inner.spaces.bound(SMALL));
        assert_eq!(nodes[0].receive_webhooks(&[long(1, 600)]).await.unwrap(), [Received::Accepted]);
        assert_eq!(nodes[1].receive_webhooks(&[long(2, 300)]).await.unwrap(), [Received::Accepted]);
        let claimed = claim(&nodes[0], now()).await;
        let others = claimed.iter().find(|delivery| delivery.request == RequestId::from_i64(2)).unwrap();
        let delivered = DeliveryOutcome::Delivered { answer: String::new() };
        nodes[0].mark_deliveries(&[(others, delivered)], now()).await.unwrap();
        assert_eq!(nodes[0].receive_webhooks(&[long(3, 600)]).await.unwrap(), [Received::Full], "its own waits on");
        assert_eq!(nodes[0].receive_webhooks(&[long(4, 300)]).await.unwrap(), [Received::Accepted]);
    }

    async fn a_change_gives_room_back_when_it_is_durable_and_not_before(fixture: Fixture) {
        let store = fixture.open().await;
        store.inner.spaces.bound(SMALL);
        store.receive_webhooks(&[long(1, 800)]).await.unwrap();
        let claimed = claim(&store, now()).await;
        for (is_durable, id, expected) in [(false, 2, Received::Full), (true, 3, Received::Accepted)] {
            let mut change = store.change(&admin(), now()).await.unwrap();
            change.deliver(&claimed[0], "started").await.unwrap();
            change.insert_release(&planned(1, "By event"), "release.start", serde_json::json!({})).await.unwrap();
            if is_durable {
                change.commit().await.unwrap();
            } else {
                drop(change);
            }
            assert_eq!(store.receive_webhooks(&[long(id, 300)]).await.unwrap(), [expected], "{is_durable}");
        }
        let mut again = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(again.deliver(&claimed[0], "started").await, Err(StoreError::Overtaken(_))));
    }

    async fn what_waited_before_the_server_started_counts(fixture: Fixture) {
        let before = fixture.open().await;
        before.receive_webhooks(&[long(1, 800)]).await.unwrap();
        let store = fixture.open().await;
        store.inner.spaces.bound(SMALL);
        assert_eq!(store.receive_webhooks(&[long(2, 300)]).await.unwrap(), [Received::Full]);
    }

    async fn what_begins_again_takes_room_again(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        store.inner.spaces.bound(SMALL);
        dead(&store, &[long(1, 800)]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.redeliver(ENDPOINT, DeliveryId::from_i64(1_001)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.receive_webhooks(&[long(2, 300)]).await.unwrap(), [Received::Full]);
    }

    async fn what_begins_again_by_another_node_takes_room_at_this_one(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        endpoint(&nodes[0]).await;
        nodes.iter().for_each(|node| node.inner.spaces.bound(SMALL));
        dead(&nodes[0], &[long(1, 800)]).await;
        let redeliver = async || {
            let mut change = nodes[1].change(&admin(), now()).await.unwrap();
            change.redeliver(ENDPOINT, DeliveryId::from_i64(1_001)).await.unwrap();
            change.commit().await.unwrap();
        };
        let receive = async |id, bytes| nodes[0].receive_webhooks(&[long(id, bytes)]).await.unwrap()[0];
        redeliver().await;
        assert_eq!(receive(2, 300).await, Received::Full);
        // Done before it was added up.
        dead(&nodes[0], &[]).await;
        redeliver().await;
        let claimed = claim(&nodes[0], now()).await;
        assert_eq!(claimed.len(), 1);
        let delivered = DeliveryOutcome::Delivered { answer: String::new() };
        nodes[0].mark_deliveries(&[(&claimed[0], delivered)], now()).await.unwrap();
        assert_eq!(receive(3, 600).await, Received::Accepted);
        redeliver().await;
        assert_eq!(receive(4, 100).await, Received::Full, "both wait");
    }

    async fn of_what_was_given_up_the_newest_stay(fixture: Fixture) {
        let store = fixture.open().await;
        store.inner.spaces.bound(SMALL);
        dead(&store, &(1..=5).map(forwarded).collect::<Vec<_>>()).await;
        let left = |states: Vec<(i64, DeliveryState, u32)>| {
            states.into_iter().map(|(id, _, _)| id).collect::<Vec<_>>()
        };
        assert_eq!(left(states(&store).await), [1_003, 1_004, 1_005], "three rows");
        dead(&store, &[long(6, 600), long(7, 300)]).await;
        assert_eq!(left(states(&store).await), [1_005, 1_006, 1_007]);
        dead(&store, &[long(8, 400)]).await;
        assert_eq!(left(states(&store).await), [1_007, 1_008], "a thousand bytes");
    }

    async fn a_look_at_what_is_due_reads_no_more_than_asked_and_goes_on(fixture: Fixture) {
        let store = fixture.open().await;
        let mut requests: Vec<_> = (1..=7).map(forwarded).collect();
        requests[6].endpoint = OTHER;
        requests[6].at = now() + SignedDuration::from_secs(1);
        store.receive_webhooks(&requests).await.unwrap();
        let late = now() + SignedDuration::from_secs(1);
        let first = store.due_deliveries(late, None, 4).await.unwrap();
        let second = store.due_deliveries(late, first.last(), 4).await.unwrap();
        let of = |due: &[crate::DueDelivery]| due.iter().map(|due| due.id.as_i64()).collect::<Vec<_>>();
        assert_eq!((of(&first), of(&second)), (vec![1_001, 1_002, 1_003, 1_004], vec![1_005, 1_006, 1_007]));
        assert_eq!((second[2].endpoint, second[2].due_at), (OTHER, late));
        assert!(store.due_deliveries(late, second.last(), 4).await.unwrap().is_empty());
        assert_eq!(of(&store.newest_due_deliveries(late, 2).await.unwrap()), [1_007, 1_006]);
        let early = store.claim_deliveries(&[second[2].id, first[0].id], now(), late).await.unwrap();
        assert_eq!(early.iter().map(|claimed| claimed.id).collect::<Vec<_>>(), [first[0].id], "one is due");
    }

    async fn a_claim_that_is_given_back_is_no_attempt(fixture: Fixture) {
        let store = fixture.open().await;
        store.receive_webhooks(&[forwarded(1), forwarded(2)]).await.unwrap();
        let claimed = claim(&store, now()).await;
        assert!(claim(&store, now()).await.is_empty());
        store.release_deliveries(&claimed[..1], now()).await.unwrap();
        let again = claim(&store, now()).await;
        assert_eq!(again.iter().map(|one| (one.id, one.attempts)).collect::<Vec<_>>(), [(claimed[0].id, 1)]);
        store.release_deliveries(&[crate::ClaimedDelivery { attempts: 9, ..claimed[1].clone() }], now()).await.unwrap();
        assert!(claim(&store, now()).await.is_empty(), "what is another's stays so");
    }

    async fn a_request_whose_commit_was_not_answered_is_itself(fixture: Fixture) {
        let store = fixture.open().await;
        let batch = [called(1, "a", now()), request(2), forwarded(3)];
        store.receive_webhooks(&batch).await.unwrap();
        let accepted = vec![Received::Accepted; 3];
        assert_eq!(store.receive_webhooks_again(&batch).await.unwrap(), accepted);
        assert_eq!((claim(&store, now()).await.len(), store.deliveries_waiting(ENDPOINT).await.unwrap()), (1, 1));
        assert_eq!(ids(&store).await, [3, 2, 1]);
        let trimmed = [called(4, "b", now()), forwarded(7)].map(|one| NewWebhookRequest { keep: 0, ..one });
        store.receive_webhooks(&trimmed).await.unwrap();
        assert_eq!(store.receive_webhooks_again(&trimmed).await.unwrap(), [Received::Accepted; 2], "no log has them");
        assert_eq!(claim(&store, now()).await.len(), 1);
        let other = store.receive_webhooks_again(&[called(5, "b", now())]).await.unwrap();
        assert_eq!(other, [Received::Same(RequestId::from_i64(4))]);
        store.receive_webhooks(&[request(6)]).await.unwrap();
        let twice = store.receive_webhooks(&[request(6)]).await.unwrap_err();
        assert!(twice.minds_what_it_was_given(), "{twice:?}");
        assert!(!StoreError::Busy.minds_what_it_was_given());
    }

    async fn parameters_of_what_was_delivered_are_kept_without_their_secrets(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint_of(&store, GET_WEBHOOK_ENDPOINT.name, Properties::new()).await;
        let sent = |id: i64, shown: &str| {
            let delivery = NewDelivery {
                id: DeliveryId::from_i64(id + 1_000),
                parameters: vec![("token".to_owned(), "hush".to_owned())],
                content_type: "application/json".to_owned(),
                hops: 2,
                starts_by: Some(7),
            };
            let shown = vec![("token".to_owned(), shown.to_owned())];
            NewWebhookRequest { parameters: shown, delivery: Some(delivery), ..request(id) }
        };
        store.receive_webhooks(&[sent(1, "********"), sent(2, "hush")]).await.unwrap();
        let claimed = claim(&store, now()).await;
        assert_eq!((claimed[0].hops, claimed[0].starts_by), (2, Some(7)));
        assert_eq!((claimed[0].parameters[0].1.as_str(), claimed[0].parameters.len()), ("hush", 1));
        for delivery in &claimed {
            let delivered = DeliveryOutcome::Delivered { answer: String::new() };
            store.mark_deliveries(&[(delivery, delivered)], now()).await.unwrap();
        }
        assert_eq!(count(&store, "webhook_deliveries WHERE parameters LIKE '%hush%'").await, 0);
        let mut change = store.change(&admin(), now()).await.unwrap();
        let gone = change.redeliver(ENDPOINT, DeliveryId::from_i64(1_001)).await;
        assert!(matches!(gone, Err(StoreError::NotFound(_))), "its secret is there no longer: {gone:?}");
        change.redeliver(ENDPOINT, DeliveryId::from_i64(1_002)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(claim(&store, now()).await[0].parameters, claimed[1].parameters);
    }

    async fn a_search_ends_where_it_has_read_enough(fixture: Fixture) {
        let store = fixture.open().await;
        let requests: Vec<_> = (1..=5).map(|id| long(id, 100)).collect();
        store.receive_webhooks(&requests).await.unwrap();
        let reach = async |seek: &Seek<i64>, most| store.reach(ENDPOINT, seek, most).await.unwrap();
        assert_eq!(reach(&Seek::Start, 250).await, Some((3, false)));
        assert_eq!(reach(&Seek::After(3), 250).await, Some((1, true)));
        assert_eq!(reach(&Seek::Before(3), 1).await, Some((4, false)));
        assert_eq!(reach(&Seek::After(1), 250).await, None);
    }

    async fn many_rows_are_forgotten_in_parts(fixture: Fixture) {
        let store = fixture.open().await;
        endpoint(&store).await;
        let old: Vec<_> = (1..=1_200)
            .map(|id| NewWebhookRequest { keep: 5_000, same_since: Some(now()), message_id: Some(id.to_string()), ..forwarded(id) })
            .collect();
        store.receive_webhooks(&old).await.unwrap();
        let gone: Vec<_> = old.iter().enumerate().map(|(at, request)| NewWebhookRequest {
            id: RequestId::from_i64(5_000 + at as i64),
            endpoint: OTHER,
            delivery: Some(NewDelivery { id: DeliveryId::from_i64(9_000 + at as i64), ..request.delivery.clone().unwrap() }),
            ..request.clone()
        }).collect();
        store.receive_webhooks(&gone).await.unwrap();
        let refusal = NewRefusal {
            id: RequestId::from_i64(1), endpoint: OTHER, at: now(), sender: String::new(), headers: Vec::new(), cause: String::new(),
        };
        store.refuse_webhooks(&[refusal]).await.unwrap();
        let later = now() + SignedDuration::from_hours(1);
        let new = NewWebhookRequest { at: later, keep: 5_000, ..forwarded(3_000) };
        store.receive_webhooks(&[new]).await.unwrap();
        for _ in 0..13 {
            let claimed = claim(&store, now()).await;
            let delivered = || DeliveryOutcome::Delivered { answer: String::new() };
            let outcomes: Vec<_> = claimed.iter().map(|delivery| (delivery, delivered())).collect();
            store.mark_deliveries(&outcomes, later).await.unwrap();
        }
        store.forget_webhooks(later, now()).await.unwrap();
        let count = async |table: &str| count(&store, table).await;
        assert_eq!((count("webhook_messages").await, count("webhook_refusals").await), (0, 0));
        assert_eq!((count("webhook_requests").await, count("webhook_counters").await), (1_201, 1), "of one endpoint");
        assert_eq!(count("webhook_deliveries").await, 1_201, "as long as their requests are in the log");
        assert_eq!(store.forget_webhook_requests(ENDPOINT, later).await.unwrap(), 1_200);
        assert_eq!(ids(&store).await, [3_000]);
        store.forget_webhooks(later, now()).await.unwrap();
        assert_eq!(count("webhook_deliveries").await, 1, "it waits");
        store.forget_webhooks(later, later + SignedDuration::from_hours(1)).await.unwrap();
        assert_eq!(count("webhook_deliveries").await, 1);
        assert_eq!(store.webhook_requests(ItemNumber::from_i64(8), &Seek::Start, 1).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_died_counts_on_when_it_could_not_be_trimmed() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        // They are looked through whenever two more have died.
        store.inner.spaces.bound(Bounds { waiting: 1 << 20, dead: 1 << 20, dead_rows: 32 });
        dead(&store, &(1..=32).map(forwarded).collect::<Vec<_>>()).await;
        store.receive_webhooks(&[forwarded(33)]).await.unwrap();
        let last = claim(&store, now()).await.remove(0);
        let marked = [(&last, DeliveryOutcome::Dead { answer: String::new() })];
        let keep_all = "CREATE TRIGGER keep_all BEFORE DELETE ON webhook_deliveries BEGIN SELECT RAISE(ABORT, 'no'); END";
        store.inner.orm.execute_unprepared(keep_all).await.unwrap();
        assert!(store.mark_deliveries(&marked, now()).await.is_err(), "it is looked for what to forget");
        store.inner.orm.execute_unprepared("DROP TRIGGER keep_all").await.unwrap();
        store.mark_deliveries(&marked, now()).await.unwrap();
        assert_eq!(count(&store, "webhook_deliveries WHERE state = 'dead'").await, 32, "and again");
    })
    .await;
}
