//! `GET /api/v1/webhook-endpoints/{number}/requests/live`: requests as they arrive, as server-sent events.

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method};
use patgate_core::identifier::ItemNumber;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::RequestBody;
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::{Caller, Watcher};
use crate::problem::Problem;
use crate::service::webhooks::{self, Arrivals, Came};
use crate::state::AppState;
use crate::watching::{self, Watching};

/// The header in which a browser that connects again says which event it had last (HTML Living Standard, §9.2.4).
const LAST_EVENT: &str = "last-event-id";

/// From where on to tell.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The number of a request: those after it are told of. Absent: those that arrive from now on.
    after: Option<String>,
}

/// Tells of each accepted request as it arrives (server-sent events: each has the event `request`, and a request without its
/// body as data), in their order. Of those that the log does not keep, or that came before the newest 500 which were not told of
/// yet, the event `others` tells how many they are: `{"requests": 3}`. Each event has the number of its last request as `id`:
/// whoever connects again with the one they had last, in the header `Last-Event-ID`, which counts before `after`, is told once
/// of what arrived meanwhile. Ends after an hour, when the server stops, and when the right to see it ends. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/requests/live",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item"), Asked),
    responses(
        (status = 200, description = "The requests, for up to an hour", body = String, content_type = "text/event-stream"),
        Malformed,
        Unproven,
        Missing
    )
)]
pub(super) async fn watch_webhook_requests(
    State(state): State<AppState>,
    Watcher(caller): Watcher,
    Named(number): Named<ItemNumber>,
    Parameters(asked): Parameters<Asked>,
    parts: Parts,
) -> Result<Response, Problem> {
    let after = after(&parts.headers, asked.after.as_deref())?;
    let arrivals = webhooks::watch(&state, &caller, number, after).await?;
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

/// The number of the last request that somebody was told of, when they say.
fn after(headers: &HeaderMap, asked: Option<&str>) -> Result<Option<i64>, Problem> {
    let (name, text) = match (headers.get(LAST_EVENT), asked) {
        (Some(last), _) => ("Last-Event-ID", last.to_str().unwrap_or_default()),
        (None, Some(asked)) => ("after", asked),
        (None, None) => return Ok(None),
    };
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    let detail = || format!("`{name}` is the number of a request, from 0 on");
    number.map(Some).ok_or_else(|| Problem::field(name, detail()))
}

/// The events of what came; empty: nothing did.
fn told(came: Came, method: &Method) -> String {
    let (mut events, mut last) = (String::new(), came.since);
    let others = |events: &mut String, last: i64, next: i64| {
        let others = next - last - 1;
        if others > 0 {
            *events += &format!("event: others\nid: {}\ndata: {{\"requests\":{others}}}\n\n", next - 1);
        }
    };
    for request in came.requests {
        let number = request.number;
        others(&mut events, last, number);
        let data = serde_json::to_string(&RequestBody::of(request, method));
        events += &format!("event: request\nid: {number}\ndata: {}\n\n", data.unwrap_or_default());
        last = number;
    }
    others(&mut events, last, came.last + 1);
    events
}
