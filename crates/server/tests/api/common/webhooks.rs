//! A webhook endpoint with what can be there of it, put into the database as the server itself would have left it.

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use patgate_core::item::Value;
use patgate_store::{DeliveryOutcome, NewDelivery, NewItem, NewWebhookRequest, StoredSecrets};
use serde_json::json;

use super::World;

/// An endpoint that forwards, a request that it keeps, and its delivery, which was given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebhookThings {
    pub(crate) endpoint: ItemNumber,
    pub(crate) request: RequestId,
    pub(crate) delivery: DeliveryId,
}

/// An accepted request of which nothing becomes. Where its endpoint was saved, that says how many are kept.
pub(crate) fn accepted(id: RequestId, endpoint: ItemNumber, at: Timestamp) -> NewWebhookRequest {
    NewWebhookRequest {
        id,
        endpoint,
        at,
        sender: String::new(),
        headers: Vec::new(),
        parameters: Vec::new(),
        body: "{}".to_owned(),
        message_id: None,
        keep: 1_000,
        keep_bytes: 1 << 20,
        same_since: None,
        delivery: None,
    }
}

/// A request on its way to a receiver.
pub(crate) fn to_forward(id: DeliveryId) -> NewDelivery {
    NewDelivery {
        id,
        parameters: Vec::new(),
        content_type: "application/json".to_owned(),
        hops: 0,
        starts_by: None,
    }
}

impl World {
    /// Makes them. The endpoint is called `Builds`.
    pub(crate) async fn webhook_things(&self) -> WebhookThings {
        self.webhook_things_called("Builds").await
    }

    /// Makes them, with an endpoint of this name.
    pub(crate) async fn webhook_things_called(&self, name: &str) -> WebhookThings {
        let mut random = self.state.random.draw();
        let endpoint = ItemNumber::generate(&mut random);
        let text = |text: &str| Value::Text(text.to_owned());
        let properties = [
            ("enabled", Value::Boolean(true)),
            ("path", text("hook")),
            ("authentication", text("none")),
            ("requestRetention", Value::Integer(10)),
            ("action", text("forward")),
            ("forwardUrl", text("https://example.org/events")),
        ];
        let new = NewItem {
            number: endpoint,
            id: format!("Configuration/{name}").parse().unwrap(),
            type_name: "events.PostWebhookEndpoint".to_owned(),
            properties: properties.map(|(name, value)| (name.to_owned(), value)).into(),
            secrets: StoredSecrets::new(),
        };
        let mut change = self.change().await;
        change.insert_items(&[new]).await.unwrap();
        self.commit(change).await;
        let (request, delivery) = (RequestId::generate(&mut random), DeliveryId::generate(&mut random));
        let now = self.clock.now();
        let sent = NewWebhookRequest {
            sender: "192.0.2.7".to_owned(),
            headers: vec![("user-agent".to_owned(), "curl/8.9".to_owned())],
            body: r#"{"event":"push"}"#.to_owned(),
            delivery: Some(to_forward(delivery)),
            ..accepted(request, endpoint, now)
        };
        let store = &self.state.store;
        store.receive_webhooks(&[sent]).await.unwrap();
        let claimed = store.claim_deliveries(&[delivery], now, now).await.unwrap();
        let dead = DeliveryOutcome::Dead { answer: "410 Gone".to_owned() };
        store.mark_deliveries(&[(&claimed[0], dead)], now).await.unwrap();
        WebhookThings { endpoint, request, delivery }
    }

    /// Makes an endpoint that forwards, with so many deliveries that were given up; `root` must be there.
    pub(crate) async fn many_given_up(&self, path: &str, many: usize) -> ItemNumber {
        let properties =
            json!({ "authentication": "none", "action": "forward", "forwardUrl": "https://192.0.2.1/" });
        let endpoint = self.post_endpoint(path, properties).await;
        let (mut random, now) = (self.state.random.draw(), self.clock.now());
        let mut request = || NewWebhookRequest {
            delivery: Some(to_forward(DeliveryId::generate(&mut random))),
            ..accepted(RequestId::generate(&mut random), endpoint, now)
        };
        let batch: Vec<_> = (0..many).map(|_| request()).collect();
        let store = &self.state.store;
        store.receive_webhooks(&batch).await.unwrap();
        let ids: Vec<_> = batch.iter().filter_map(|one| Some(one.delivery.as_ref()?.id)).collect();
        let claimed = store.claim_deliveries(&ids, now, now).await.unwrap();
        let dead = || DeliveryOutcome::Dead { answer: "410 Gone".to_owned() };
        let outcomes: Vec<_> = claimed.iter().map(|delivery| (delivery, dead())).collect();
        store.mark_deliveries(&outcomes, now).await.unwrap();
        endpoint
    }
}
