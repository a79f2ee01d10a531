//! Watching requests arrive: what came since the last look, at whichever node.

use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Seek, WebhookRequest};

use super::endpoint;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhook::WatchersPlace;

/// The most requests of one look; of the others it says how many they are.
const MOST: u64 = 50;

/// Somebody who watches.
pub struct Arrivals {
    endpoint: ItemNumber,
    /// The newest that was seen.
    seen: i64,
    _place: WatchersPlace,
}

/// What came since the last look.
#[derive(Debug, Default)]
pub struct Came {
    /// The newest of it that is in the log, oldest first.
    pub requests: Vec<WebhookRequest>,
    /// How many came before those. The log may have them, or keep none so long.
    pub others: u64,
}

/// Begins to watch: what comes from now on.
///
/// # Errors
/// 403 without `webhook#view`; 404; 503 when too many watch.
pub async fn watch(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<Arrivals, Problem> {
    endpoint(state, caller, number)?;
    let place = state.webhooks.watchers.enter(caller.user);
    let place = place.ok_or_else(|| {
        let detail = "You watch requests arrive in too many windows, or too many people do on this node; close one, or \
                      try again in a minute";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(60)
    })?;
    let seen = state.store.last_webhook_request(number).await?;
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
        if last <= self.seen {
            return Ok(Came::default());
        }
        let mut requests = state.store.webhook_requests(self.endpoint, &Seek::Start, MOST).await?;
        requests.retain(|request| request.number > self.seen);
        requests.reverse();
        let last = requests.last().map_or(last, |request| request.number.max(last));
        let others = (last - self.seen).unsigned_abs() - requests.len() as u64;
        self.seen = last;
        Ok(Came { requests, others })
    }
}
