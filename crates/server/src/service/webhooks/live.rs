//! Watching requests arrive: what came since the last look, at whichever node.

use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Seek, WebhookRequest};

use super::endpoint;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhook::WatchersPlace;

/// The most requests of one look.
const MOST: u64 = 50;
/// The most that wait to be told of. What came before those is not waited for: it is said how many they are.
const BACKLOG: i64 = 500;

/// Somebody who watches.
pub struct Arrivals {
    endpoint: ItemNumber,
    /// The newest that was seen.
    seen: i64,
    _place: WatchersPlace,
}

/// What came since the last look.
#[derive(Debug)]
pub struct Came {
    /// The number of the last request that was told of before.
    pub since: i64,
    /// Requests after that one which are in the log, oldest first. Where numbers are missing between them, the log keeps those
    /// requests no longer, or never did.
    pub requests: Vec<WebhookRequest>,
    /// The number of the last request that is told of now, whether it is in the log or not.
    pub last: i64,
}

/// Begins to watch: what comes after the request of this number, or from now on.
///
/// # Errors
/// 403 without `webhook#view`; 404; 503 when too many watch.
pub async fn watch(
    state: &AppState,
    caller: &Caller,
    number: ItemNumber,
    after: Option<i64>,
) -> Result<Arrivals, Problem> {
    endpoint(state, caller, number)?;
    let place = state.webhooks.watchers.enter(caller.user);
    let place = place.ok_or_else(|| {
        let detail = "You watch requests arrive in too many windows, or too many people do on this node; close one, or \
                      try again in a minute";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(60)
    })?;
    let last = state.store.last_webhook_request(number).await?;
    // A number that was not given yet is one of a database that was put back.
    let seen = after.map_or(last, |after| after.min(last));
    Ok(Arrivals { endpoint: number, seen, _place: place })
}

impl Arrivals {
    /// What came since the last look, for somebody who still may see it.
    ///
    /// # Errors
    /// As [`watch`].
    pub async fn look(&mut self, state: &AppState, caller: &Caller) -> Result<Came, Problem> {
        endpoint(state, caller, self.endpoint)?;
        // Before the log: what comes in between is in that, or is told of by the next look.
        let last = state.store.last_webhook_request(self.endpoint).await?;
        let since = self.seen;
        if last <= since {
            return Ok(Came { since, requests: Vec::new(), last: since });
        }
        let from = since.max(last - BACKLOG);
        let mut requests = state.store.webhook_requests(self.endpoint, &Seek::Before(from), MOST).await?;
        requests.reverse();
        let newest = requests.last().map_or(from, |request| request.number);
        // A full look ends with its last request.
        self.seen = if requests.len() as u64 == MOST { newest } else { newest.max(last) };
        Ok(Came { since, requests, last: self.seen })
    }
}
