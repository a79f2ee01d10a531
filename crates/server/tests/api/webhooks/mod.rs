//! Webhook endpoints: who may call them, what is kept, and what is answered.

mod attacks;
mod behaviours;
mod bounds;
mod forwarding;
mod items;
mod methods;
mod paused;
mod resumed;
mod retention;
mod revoked;
mod starting;
mod watched;

use http::Method;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::webhook_property as property;
use patgate_store::{Seek, WebhookRefusal, WebhookRequest};
use serde_json::{Value, json};

use crate::common::{Answer, Call, PASSWORD, World, post};

const ITEMS: &str = "/api/v1/configuration-items";
/// The secret of endpoints that have no token.
pub(super) const SECRET: &str = "a secret of sixteen characters";

impl World {
    /// Makes an endpoint that takes JSON; `root` must be there.
    pub(crate) async fn post_endpoint(&self, path: &str, properties: Value) -> ItemNumber {
        self.endpoint("events.PostWebhookEndpoint", path, properties).await
    }

    /// Makes an endpoint that takes query parameters; `root` must be there.
    pub(crate) async fn get_endpoint(&self, path: &str, properties: Value) -> ItemNumber {
        self.endpoint("events.GetWebhookEndpoint", path, properties).await
    }

    async fn endpoint(&self, kind: &str, path: &str, properties: Value) -> ItemNumber {
        let answer = self.try_endpoint(kind, path, properties).await;
        assert_eq!(answer.status(), 201, "{}", answer.text());
        self.endpoint_number(path).await
    }

    /// Tries to make an endpoint.
    pub(crate) async fn try_endpoint(&self, kind: &str, path: &str, mut properties: Value) -> Answer {
        properties[property::PATH] = json!(path);
        let item = json!({ "id": format!("Configuration/{path}"), "type": kind, "properties": properties });
        self.send(post(ITEMS).json(&item).basic("root", PASSWORD)).await
    }

    /// Changes an endpoint.
    pub(crate) async fn change_endpoint(&self, path: &str, properties: Value) -> Answer {
        let id = format!("Configuration/{path}").parse().unwrap();
        let version = self.state.store.item(&id).await.unwrap().unwrap().version;
        let change = json!({ "version": version, "properties": properties });
        let call = Call::new(Method::PUT, format!("{ITEMS}/Configuration/{path}"));
        self.send(call.json(&change).basic("root", PASSWORD)).await
    }

    /// The number of the item `Configuration/{path}`.
    pub(crate) async fn endpoint_number(&self, path: &str) -> ItemNumber {
        let id = format!("Configuration/{path}").parse().unwrap();
        self.state.store.item(&id).await.unwrap().unwrap().number
    }

    /// What an endpoint keeps, newest first.
    pub(crate) async fn kept(&self, endpoint: ItemNumber) -> Vec<WebhookRequest> {
        self.state.store.webhook_requests(endpoint, &Seek::Start, 1_000).await.unwrap()
    }

    /// What an endpoint refused, newest first; waits until there are so many.
    pub(crate) async fn refused(&self, endpoint: ItemNumber, many: usize) -> Vec<WebhookRefusal> {
        for _ in 0..200 {
            let refused = self.state.store.webhook_refusals(endpoint).await.unwrap();
            if refused.len() >= many {
                return refused;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("fewer than {many} refusals were noted");
    }
}

/// A request with an event to an endpoint.
pub(super) fn event(path: &str) -> Call {
    post(format!("/webhooks/{path}")).json(&json!({ "event": "push" }))
}

/// A request with the endpoint's own token.
pub(super) fn with_token(call: Call, token: &str) -> Call {
    call.header("x-release-webhook-token", token)
}

/// A world in which `root` may do everything.
pub(super) async fn world() -> World {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world
}
