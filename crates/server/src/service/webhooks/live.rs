//! Watching requests arrive: what came since the last look, at whichever node.

use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_store::{Seek, WebhookRequest};

use super::endpoint;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhook::Listener;

/// The most requests of one look; the log has the others.
const MOST: u64 = 50;

/// Somebody who watches.
pub struct Arrivals {
    endpoint: ItemNumber,
    /// The newest that was seen.
    seen: i64,
    _place: Listener,
}

/// Begins to watch: what comes from now on.
///
/// # Errors
/// 403 without `webhook#view`; 404; 503 when too many watch.
pub async fn watch(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<Arrivals, Problem> {
    endpoint(state, caller, number)?;
    let place = state.webhooks.listeners.enter(caller.user);
    let place = place.ok_or_else(|| {
        let detail = "You watch requests arrive in too many windows, or too many people do on this node; close one, or \
                      try again in a minute";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(60)
    })?;
    let newest = state.store.webhook_requests(number, &Seek::Start, 1).await?;
    let seen = newest.first().map_or(0, |request| request.number);
    Ok(Arrivals { endpoint: number, seen, _place: place })
}

impl Arrivals {
    /// What came since the last look, oldest first, for somebody who still may see it.
    ///
    /// # Errors
    /// As [`watch`].
    pub async fn look(&mut self, state: &AppState, caller: &Caller) -> Result<Vec<WebhookRequest>, Problem> {
        endpoint(state, caller, self.endpoint)?;
        let mut came = state.store.webhook_requests(self.endpoint, &Seek::Start, MOST).await?;
        came.retain(|request| request.number > self.seen);
        came.reverse();
        self.seen = came.last().map_or(self.seen, |request| request.number);
        Ok(came)
    }
}
