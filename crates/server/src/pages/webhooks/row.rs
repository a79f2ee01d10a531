//! Requests and deliveries in words.

use patgate_core::identifier::ItemNumber;
use patgate_store::{Delivery, DeliveryState, WebhookRequest};

use super::path;
use crate::pages::Moment;
use crate::pages::beginning::beginning;

/// As many bytes of what a sender chose stand in a row of a list.
const LISTED: usize = 400;
/// As many bytes of what came of a delivery.
const ANSWER: usize = 800;

/// A request in the log.
pub(super) struct RequestRow {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) at: Moment,
    pub(super) sender: String,
    pub(super) size: u64,
    /// The id its sender gave it; empty: none.
    pub(super) message_id: String,
    /// Its query parameters in one line; empty: none.
    pub(super) parameters: String,
}

/// A delivery.
pub(super) struct DeliveryRow {
    /// Where it can begin again.
    pub(super) path: String,
    /// The request's page.
    pub(super) request_path: String,
    pub(super) request: String,
    pub(super) state: &'static str,
    pub(super) look: &'static str,
    pub(super) attempts: u32,
    pub(super) next: Option<Moment>,
    /// Whether it waits for its endpoint to be enabled; then it is given up at `next`.
    pub(super) is_paused: bool,
    pub(super) done: Option<Moment>,
    /// What came of the last attempt; empty: there was none.
    pub(super) answer: String,
    pub(super) is_done: bool,
}

impl From<WebhookRequest> for RequestRow {
    fn from(request: WebhookRequest) -> Self {
        let parameters: Vec<_> =
            request.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self {
            path: request_path(request.endpoint, &request.id.to_string()),
            id: request.id.to_string(),
            at: request.at.into(),
            sender: request.sender,
            size: request.size,
            message_id: request.message_id.unwrap_or_default(),
            parameters: parameters.join(" "),
        }
    }
}

impl RequestRow {
    /// The same in a list: of long texts their beginning.
    pub(super) fn brief(request: WebhookRequest) -> Self {
        let mut row = Self::from(request);
        row.message_id = beginning(&row.message_id, LISTED);
        row.parameters = beginning(&row.parameters, LISTED);
        row
    }
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        let (state, look) = match delivery.state {
            DeliveryState::Waiting if delivery.paused_at.is_some() => ("Paused", "plain"),
            DeliveryState::Waiting if delivery.attempts == 0 => ("Waiting", "plain"),
            DeliveryState::Waiting => ("Tried again", "warning"),
            DeliveryState::Delivered => ("Delivered", "good"),
            DeliveryState::Dead => ("Given up", "bad"),
        };
        Self {
            path: format!("{}/deliveries/{}", path(delivery.endpoint), delivery.id),
            request_path: request_path(delivery.endpoint, &delivery.request.to_string()),
            request: delivery.request.to_string(),
            state,
            look,
            attempts: delivery.attempts,
            next: delivery.due_at.map(Moment::from),
            is_paused: delivery.paused_at.is_some(),
            done: delivery.done_at.map(Moment::from),
            answer: beginning(&delivery.answer.unwrap_or_default(), ANSWER),
            is_done: delivery.state != DeliveryState::Waiting,
        }
    }
}

fn request_path(endpoint: ItemNumber, request: &str) -> String {
    format!("{}/requests/{request}", path(endpoint))
}
