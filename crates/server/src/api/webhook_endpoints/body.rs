//! Requests, refusals and deliveries as the API shows them.

use http::Method;
use jiff::Timestamp;
use patgate_store::{Delivery, Pairs, WebhookRefusal, WebhookRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::webhook::method_of;

/// A name with its value. Secrets are `********`.
#[derive(Serialize, ToSchema)]
#[schema(as = NameAndValue)]
pub(super) struct PairBody {
    /// The name.
    name: String,
    /// The value.
    value: String,
}

/// An accepted request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookRequest)]
pub(super) struct RequestBody {
    /// Names it.
    #[schema(example = "2vQ8bH0sLr1")]
    id: String,
    /// Its place among those of the endpoint, from 1.
    number: i64,
    /// Its method: that which the endpoint takes.
    #[schema(example = "POST")]
    method: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// From which address.
    #[schema(example = "192.0.2.7")]
    sender: String,
    /// How many bytes its body has.
    size: u64,
    /// The id its sender gave it.
    message_id: Option<String>,
    /// Its headers.
    headers: Vec<PairBody>,
    /// Its query parameters.
    parameters: Vec<PairBody>,
}

/// An accepted request with its body and its way on.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeWebhookRequest)]
pub(super) struct WholeRequestBody {
    #[serde(flatten)]
    pub(super) request: RequestBody,
    /// Its body, as it came; empty when it has none.
    pub(super) body: String,
    /// What became of it.
    pub(super) deliveries: Vec<DeliveryBody>,
}

/// A refused request.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookRefusal)]
pub(super) struct RefusalBody {
    /// Names it.
    id: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// From which address.
    sender: String,
    /// Its method.
    #[schema(example = "PUT")]
    method: String,
    /// Why it was refused. Its sender was not told.
    #[schema(example = "the header `x-release-webhook-token` is missing")]
    cause: String,
    /// Its headers.
    headers: Vec<PairBody>,
}

/// What becomes of an accepted request: it is forwarded, or starts a release.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryBody {
    /// Names it.
    id: String,
    /// The request.
    request: String,
    /// The place of that request among those of the endpoint, from 1.
    number: i64,
    /// What the receiver gets as `webhook-id`, and the release as the variable `webhookId`: the same with every attempt.
    message_id: String,
    /// `waiting`, `delivered` or `dead`.
    state: &'static str,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; when it is given up, for one that is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Since when it waits for its endpoint to be enabled; absent: it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<Timestamp>,
    /// What came of the last attempt: what the receiver said, which release was started, or what went wrong.
    answer: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
}

fn pairs(pairs: Pairs) -> Vec<PairBody> {
    pairs.into_iter().map(|(name, value)| PairBody { name, value }).collect()
}

impl RequestBody {
    pub(super) fn of(request: WebhookRequest, method: &Method) -> Self {
        Self {
            id: request.id.to_string(),
            number: request.number,
            method: method.to_string(),
            at: request.at,
            sender: request.sender,
            size: request.size,
            message_id: request.message_id,
            headers: pairs(request.headers),
            parameters: pairs(request.parameters),
        }
    }
}

impl RefusalBody {
    /// `method`: what the endpoint takes.
    pub(super) fn of(refusal: WebhookRefusal, method: &Method) -> Self {
        Self {
            method: method_of(&refusal.cause, method).to_owned(),
            id: refusal.id.to_string(),
            at: refusal.at,
            sender: refusal.sender,
            cause: refusal.cause,
            headers: pairs(refusal.headers),
        }
    }
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            request: delivery.request.to_string(),
            number: delivery.number,
            message_id: delivery.message_id,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            due_at: delivery.due_at,
            paused_at: delivery.paused_at,
            answer: delivery.answer,
            created_at: delivery.created_at,
            done_at: delivery.done_at,
        }
    }
}
