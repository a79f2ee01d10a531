//! `GET /api/v1/webhook-endpoints/{number}/requests/live`: requests as they arrive, as server-sent events.

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::Method;
use http::request::Parts;
use patgate_core::identifier::ItemNumber;

use super::body::RequestBody;
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::{Caller, Watcher};
use crate::problem::Problem;
use crate::service::webhooks::{self, Arrivals, Came};
use crate::state::AppState;
use crate::watching::{self, Watching};

/// Tells of each accepted request as it arrives (server-sent events: each has the event `request`, and a request without its
/// body as data). Of those that the log does not keep, or that are more than 50 in half a second, the event `others` tells
/// how many they are: `{"requests": 3}`. Ends after an hour, when the server stops, and when the right to see it ends. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/requests/live",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item")),
    responses(
        (status = 200, description = "The requests, for up to an hour", body = String, content_type = "text/event-stream"),
        Unproven,
        Missing
    )
)]
pub(super) async fn watch_webhook_requests(
    State(state): State<AppState>,
    Watcher(caller): Watcher,
    Named(number): Named<ItemNumber>,
    parts: Parts,
) -> Result<Response, Problem> {
    let arrivals = webhooks::watch(&state, &caller, number).await?;
    let method = webhooks::method(&state, &caller, number)?;
    Ok(watching::answer(state, Watched { parts, caller, arrivals, method }))
}

/// An endpoint that somebody watches.
struct Watched {
    parts: Parts,
    caller: Caller,
    arrivals: Arrivals,
    /// That of every request of the endpoint.
    method: Method,
}

impl Watching for Watched {
    async fn judge_again(&mut self, state: &AppState) -> Option<()> {
        Watcher(self.caller) = Watcher::from_request_parts(&mut self.parts, state).await.ok()?;
        Some(())
    }

    async fn look(&mut self, state: &AppState) -> Option<String> {
        let came = self.arrivals.look(state, &self.caller).await.ok()?;
        Some(told(came, &self.method))
    }
}

/// The events of what came; empty: nothing did.
fn told(came: Came, method: &Method) -> String {
    let mut events = String::new();
    if came.others > 0 {
        events += &format!("event: others\ndata: {{\"requests\":{}}}\n\n", came.others);
    }
    for request in came.requests {
        let number = request.number;
        let data = serde_json::to_string(&RequestBody::of(request, method));
        events += &format!("event: request\nid: {number}\ndata: {}\n\n", data.unwrap_or_default());
    }
    events
}
