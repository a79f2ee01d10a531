//! How much the log of a webhook endpoint takes, in bytes.

use super::webhooks::{ENDPOINT, OTHER, ids, request};
use super::*;
use crate::{NewWebhookRequest, Received};

/// Nearly full are more than 1,500 bytes; an eighth is free from 1,400 on.
const MOST: u64 = 1_600;

/// A request whose row takes so many bytes.
fn sized(id: i64, bytes: usize) -> NewWebhookRequest {
    let empty = "[]".len();
    NewWebhookRequest {
        headers: Vec::new(),
        parameters: Vec::new(),
        body: "x".repeat(bytes - 2 * empty),
        keep_bytes: MOST,
        ..request(id)
    }
}

async fn write(store: &Store, requests: &[NewWebhookRequest]) {
    let received = store.receive_webhooks(requests).await.unwrap();
    assert!(received.iter().all(|one| *one == Received::Accepted), "{received:?}");
}

on_both_databases! {
    async fn the_oldest_go_when_a_log_is_full_until_an_eighth_is_free(fixture: Fixture) {
        let store = fixture.open().await;
        write(&store, &[NewWebhookRequest { endpoint: OTHER, ..sized(100, 1_600) }]).await;
        for id in 1..=5 {
            write(&store, &[sized(id, 300)]).await;
        }
        assert_eq!(ids(&store).await, [5, 4, 3, 2, 1], "1,500 bytes");
        write(&store, &[sized(6, 300)]).await;
        assert_eq!(ids(&store).await, [6, 5, 4, 3], "1,800 were too many, and 1,500 left less than an eighth");
        write(&store, &[sized(7, 300), sized(8, 300)]).await;
        assert_eq!(ids(&store).await, [8, 7, 6, 5], "two at once are no exception");
        assert_eq!(store.webhook_requests(OTHER, &crate::Seek::Start, 9).await.unwrap().len(), 1, "another has its own");
    }

    async fn what_the_number_forgets_is_not_counted_for_long(fixture: Fixture) {
        let store = fixture.open().await;
        for id in 1..=40 {
            write(&store, &[NewWebhookRequest { keep: 4, ..sized(id, 300) }]).await;
            assert_eq!(ids(&store).await.len(), id.min(4) as usize, "1,200 bytes at most");
        }
    }

    async fn the_newest_may_fill_a_log_alone_and_none_is_larger_than_it(fixture: Fixture) {
        let store = fixture.open().await;
        write(&store, &[sized(1, 300), sized(2, 1_600)]).await;
        assert_eq!(ids(&store).await, [2]);
        write(&store, &[sized(3, 1_601)]).await;
        assert!(ids(&store).await.is_empty());
        let mut headers = sized(4, 300);
        headers.headers = vec![("x-long".to_owned(), "y".repeat(1_400))];
        write(&store, &[headers]).await;
        let mut parameters = sized(5, 300);
        parameters.parameters = vec![("long".to_owned(), "y".repeat(1_400))];
        write(&store, &[parameters]).await;
        assert!(ids(&store).await.is_empty(), "headers and parameters count");
    }

    async fn what_other_nodes_write_and_forget_counts(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let batch = |ids: std::ops::RangeInclusive<i64>| ids.map(|id| sized(id, 300)).collect::<Vec<_>>();
        write(&nodes[0], &batch(1..=3)).await;
        write(&nodes[1], &batch(4..=6)).await;
        assert_eq!(ids(&nodes[0]).await, [6, 5, 4, 3], "the second knows what the first wrote");
        write(&nodes[0], &batch(7..=7)).await;
        assert_eq!(ids(&nodes[0]).await, [7, 6, 5, 4, 3], "and the first what the second forgot");
        write(&fixture.open().await, &batch(8..=8)).await;
        assert_eq!(ids(&nodes[0]).await, [8, 7, 6, 5], "a node that starts adds up what is there");
    }

    async fn the_number_of_the_last_request_is_known_though_none_is_kept(fixture: Fixture) {
        let store = fixture.open().await;
        assert_eq!(store.last_webhook_request(ENDPOINT).await.unwrap(), 0);
        write(&store, &[NewWebhookRequest { keep: 0, ..request(1) }, NewWebhookRequest { keep: 0, ..request(2) }]).await;
        assert_eq!((store.last_webhook_request(ENDPOINT).await.unwrap(), ids(&store).await.len()), (2, 0));
    }
}
