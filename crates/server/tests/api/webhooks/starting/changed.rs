//! Endpoints that are changed, and releases that are deleted, while requests are on their way to a release.

use jiff::SignedDuration;
use patgate_core::identifier::ItemNumber;
use patgate_server::webhook::forward;
use patgate_store::{ClaimedDelivery, DeliveryOutcome, DeliveryState, Seek};
use patgate_testkit::servers::postgres::Database;
use serde_json::{Value, json};

use super::{RELEASES, SECRET, event, starting, still, with_token};
use crate::common::{NewGrant, PASSWORD, World, delete, post};

/// Longer than a claim holds.
const LATER: SignedDuration = SignedDuration::from_mins(5);

impl World {
    /// Claims what is due.
    pub(in crate::webhooks) async fn claim(&self) -> Vec<ClaimedDelivery> {
        let (store, now) = (&self.state.store, self.clock.now());
        let due = store.due_deliveries(now, None, 100).await.unwrap();
        let due: Vec<_> = due.iter().map(|delivery| delivery.id).collect();
        store.claim_deliveries(&due, now, now + SignedDuration::from_mins(3)).await.unwrap()
    }

    /// Tries what is due once, as a node does; what became of it.
    pub(super) async fn attempt(&self) -> Vec<DeliveryOutcome> {
        let mut outcomes = Vec::new();
        for delivery in self.claim().await {
            let endpoint = self.state.webhooks.endpoints.by_number(delivery.endpoint);
            let outcome = forward::deliver(&self.state, endpoint.as_deref(), &delivery).await;
            let marked = [(&delivery, outcome.clone())];
            self.state.store.mark_deliveries(&marked, self.clock.now()).await.unwrap();
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Sends an endpoint of this path a request that it accepts.
    pub(super) async fn accepted(&self, path: &str) {
        let sent = self.send(with_token(event(path), SECRET)).await;
        assert_eq!(sent.status(), 202, "{}", sent.text());
    }

    async fn change_to(&self, path: &str, properties: Value) {
        let changed = self.change_endpoint(path, properties).await;
        assert_eq!(changed.status(), 200, "{}", changed.text());
    }

    /// *Redeliver* for the one delivery that was given up.
    async fn redeliver(&self, endpoint: ItemNumber) {
        let dead =
            self.state.store.deliveries_in(endpoint, DeliveryState::Dead, &Seek::Start, 2).await.unwrap();
        assert_eq!(dead.len(), 1);
        let path = format!("/api/v1/webhook-endpoints/{endpoint}/deliveries/{}/redeliver", dead[0].id);
        let again = self.send(post(path).basic("root", PASSWORD)).await;
        assert_eq!(again.status(), 204, "{}", again.text());
    }
}

async fn what_was_accepted_before_a_change_starts_nothing_but_by_hand(configuration: &str) {
    let (world, ann) = still(configuration).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let (template, other) = (world.startable(&token.text).await, world.startable(&token.text).await);
    let forwards = json!({ "secretToken": SECRET, "action": "forward", "forwardUrl": "https://192.0.2.1/" });
    let start = json!({ "action": "start", "template": template });
    let another = "another secret of many characters";
    for (at, (before, changes)) in [
        (forwards, vec![start.clone()]),
        (starting(&template), vec![json!({ "template": other })]),
        (starting(&template), vec![json!({ "template": other }), json!({ "template": template })]),
        (starting(&template), vec![json!({ "enabled": false }), json!({ "enabled": true })]),
        (starting(&template), vec![json!({ "secretToken": another })]),
        (
            starting(&template),
            vec![json!({ "authentication": "basic", "username": "ci", "password": another })],
        ),
        (starting(&template), vec![json!({ "action": "keep" }), start]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("hook{at}");
        let endpoint = world.post_endpoint(&path, before).await;
        world.accepted(&path).await;
        for change in changes {
            world.change_to(&path, change).await;
        }
        let releases = world.all_releases().await.len();
        let outcomes = world.attempt().await;
        let [DeliveryOutcome::Dead { answer }] = &outcomes[..] else { panic!("{at}: {outcomes:?}") };
        assert!(answer.contains("accepted before the endpoint was changed"), "{at}: {answer}");
        assert_eq!(world.all_releases().await.len(), releases, "{at}");
        world.redeliver(endpoint).await;
        let outcomes = world.attempt().await;
        assert!(matches!(&outcomes[..], [DeliveryOutcome::Delivered { .. }]), "{at}: {outcomes:?}");
        assert_eq!(world.all_releases().await.len(), releases + 1, "{at}");
    }
}

#[tokio::test]
async fn what_was_accepted_before_a_change_starts_nothing_but_by_hand_on_sqlite() {
    what_was_accepted_before_a_change_starts_nothing_but_by_hand("").await;
}

#[tokio::test]
async fn what_was_accepted_before_a_change_starts_nothing_but_by_hand_on_postgresql() {
    let database = tokio::task::spawn_blocking(Database::create).await.unwrap();
    let configuration = format!("database_url = \"{}\"", database.url());
    what_was_accepted_before_a_change_starts_nothing_but_by_hand(&configuration).await;
}

#[tokio::test]
async fn a_change_of_something_else_leaves_what_was_accepted_as_it_is() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    world.post_endpoint("hook", starting(&template)).await;
    world.accepted("hook").await;
    world.change_to("hook", json!({ "requestRetention": 5, "requestsPerMinute": 7 })).await;
    let outcomes = world.attempt().await;
    assert!(matches!(&outcomes[..], [DeliveryOutcome::Delivered { .. }]), "{outcomes:?}");
}

#[tokio::test]
async fn what_an_older_program_accepted_starts_its_release() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    let endpoint = world.post_endpoint("hook", starting(&template)).await;
    world.accepted("hook").await;
    let mut claimed = world.claim().await;
    // It noted nothing of the endpoint with what it accepted.
    claimed[0].starts_by = None;
    let known = world.state.webhooks.endpoints.by_number(endpoint);
    let started = forward::deliver(&world.state, known.as_deref(), &claimed[0]).await;
    assert!(matches!(started, DeliveryOutcome::Delivered { .. }), "{started:?}");
    assert_eq!(world.all_releases().await.len(), 1);
}

#[tokio::test]
async fn a_node_that_knows_an_older_endpoint_starts_nothing_and_forwards_nothing_of_it() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let (template, other) = (world.startable(&token.text).await, world.startable(&token.text).await);
    let endpoint = world.post_endpoint("hook", starting(&template)).await;
    let older = world.state.webhooks.endpoints.by_number(endpoint).unwrap();
    world.change_to("hook", json!({ "template": other })).await;
    world.accepted("hook").await;
    let claimed = world.claim().await;
    let behind = forward::deliver(&world.state, Some(&older), &claimed[0]).await;
    assert!(matches!(behind, DeliveryOutcome::Later { .. }), "{behind:?}");
    assert!(world.all_releases().await.is_empty());
    let newer = world.state.webhooks.endpoints.by_number(endpoint).unwrap();
    let forwards = json!({ "action": "forward", "forwardUrl": "https://192.0.2.1/" });
    world.change_to("hook", forwards).await;
    let forwarding = world.state.webhooks.endpoints.by_number(endpoint).unwrap();
    let dead = forward::deliver(&world.state, Some(&forwarding), &claimed[0]).await;
    let DeliveryOutcome::Dead { answer } = dead else { panic!("{dead:?}") };
    assert!(answer.contains("accepted to start a release"), "{answer}");
    let late = forward::deliver(&world.state, Some(&newer), &claimed[0]).await;
    assert!(matches!(late, DeliveryOutcome::Later { .. }), "it forwards by now: {late:?}");
    assert!(world.all_releases().await.is_empty());
}

#[tokio::test]
async fn a_release_that_is_deleted_before_its_request_is_marked_is_started_no_second_time() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    let endpoint = world.post_endpoint("hook", starting(&template)).await;
    world.accepted("hook").await;
    let claimed = world.claim().await;
    let known = world.state.webhooks.endpoints.by_number(endpoint);
    let started = forward::deliver(&world.state, known.as_deref(), &claimed[0]).await;
    assert!(matches!(started, DeliveryOutcome::Delivered { .. }), "{started:?}");
    // Here the server that started it crashes: it marks nothing any more.
    let releases = world.all_releases().await;
    let path = format!("{RELEASES}/{}", releases[0]["id"].as_str().unwrap());
    let aborted = post(format!("{path}/abort")).json(&json!({})).basic("root", PASSWORD);
    assert_eq!(world.send(aborted).await.status(), 200);
    assert_eq!(world.send(delete(path).basic("root", PASSWORD)).await.status(), 204);
    world.clock.set(world.clock.now() + LATER);
    assert!(world.attempt().await.is_empty(), "nothing is due any more");
    assert_eq!(world.state.store.deliveries_waiting(endpoint).await.unwrap(), 0);
    // Nor does an attempt that took too long, and comes to it now.
    let late = forward::deliver(&world.state, known.as_deref(), &claimed[0]).await;
    assert!(matches!(late, DeliveryOutcome::Later { .. }), "{late:?}");
    assert!(world.all_releases().await.is_empty());
    let done =
        world.state.store.deliveries_in(endpoint, DeliveryState::Delivered, &Seek::Start, 2).await.unwrap();
    assert!(done[0].answer.as_deref().is_some_and(|answer| answer.starts_with("started ")), "{done:?}");
}
