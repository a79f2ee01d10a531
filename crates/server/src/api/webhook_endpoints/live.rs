//! `GET /api/v1/webhook-endpoints/{number}/requests/live`: requests as they arrive, as server-sent events.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use patgate_core::identifier::ItemNumber;

use super::body::RequestBody;
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::{Caller, Watcher};
use crate::problem::Problem;
use crate::service::webhooks::{self, Arrivals, Came};
use crate::state::AppState;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// After so many looks it is over: an hour.
const LAST: u32 = 7_200;
/// After so many looks, who watches is asked for anew: they may have lost the right to.
const ASK_AGAIN: u32 = 10;
/// After so many looks at which nothing came, a sign of life is sent.
const SIGN_OF_LIFE: u32 = 20;

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
    let watching = Watching { state, parts, caller, arrivals, method, looks: 0 };
    let first = Bytes::from_static(b": the requests that come from now on\n\n");
    let body = stream::unfold((watching, Some(first)), |(mut watching, ready)| async move {
        let next = match ready {
            Some(first) => first,
            None => watching.next().await?,
        };
        Some((Ok::<_, std::convert::Infallible>(next), (watching, None)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, [("x-accel-buffering", "no")], Body::from_stream(body)).into_response())
}

struct Watching {
    state: AppState,
    parts: Parts,
    caller: Caller,
    arrivals: Arrivals,
    /// That of every request of the endpoint.
    method: Method,
    looks: u32,
}

impl Watching {
    /// The next events, or a sign of life; `None`: it is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.looks += 1;
            if self.looks > LAST || self.state.node.is_draining() {
                return None;
            }
            if self.looks.is_multiple_of(ASK_AGAIN) {
                Watcher(self.caller) =
                    Watcher::from_request_parts(&mut self.parts, &self.state).await.ok()?;
            }
            let came = self.arrivals.look(&self.state, &self.caller).await.ok()?;
            if came.others > 0 || !came.requests.is_empty() {
                return Some(self.told(came).into());
            }
            if self.looks.is_multiple_of(SIGN_OF_LIFE) {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
    }

    /// The events of what came.
    fn told(&self, came: Came) -> String {
        let mut events = String::new();
        if came.others > 0 {
            events += &format!("event: others\ndata: {{\"requests\":{}}}\n\n", came.others);
        }
        for request in came.requests {
            let number = request.number;
            let data = serde_json::to_string(&RequestBody::of(request, &self.method));
            events += &format!("event: request\nid: {number}\ndata: {}\n\n", data.unwrap_or_default());
        }
        events
    }
}
