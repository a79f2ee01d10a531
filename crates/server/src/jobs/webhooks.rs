//! Webhooks: forwards what is due, and forgets what is old.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::SignedDuration;
use patgate_core::identifier::ItemNumber;
use patgate_store::{ClaimedDelivery, DeliveryOutcome};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::problem::with_causes;
use crate::state::AppState;
use crate::webhook::forward;

/// How often one looks for what came due, or came in at another node.
const LOOK: Duration = Duration::from_secs(1);
/// For how long a claim holds: eight attempts of 20 s, one after the other.
const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// Attempts at a time.
const AT_ONCE: usize = 64;
/// Attempts at a time of one endpoint; of one whose receiver failed last, a single one.
const OF_ONE: usize = 8;
/// Between two forgettings.
const FORGETTING: Duration = Duration::from_secs(3_600);
/// For how long the ids of requests are known; the longest window is a week.
const IDS: SignedDuration = SignedDuration::from_hours(24 * 8);
/// For how long deliveries that are done are kept.
const DELIVERIES: SignedDuration = SignedDuration::from_hours(24 * 30);

type Done = (ClaimedDelivery, DeliveryOutcome);

/// Runs until it is told to stop; attempts that are under way then are finished.
pub async fn run(state: AppState, stop: CancellationToken) {
    tokio::join!(forward_due(&state, &stop), forget(&state, &stop));
}

/// What is under way.
#[derive(Default)]
struct Road {
    attempts: JoinSet<Done>,
    /// Claimed, and waiting for a place among those of its endpoint.
    held: Vec<ClaimedDelivery>,
    under_way: HashMap<ItemNumber, usize>,
    /// Endpoints whose receivers failed last.
    failing: HashSet<ItemNumber>,
}

async fn forward_due(state: &AppState, stop: &CancellationToken) {
    let mut road = Road::default();
    while !stop.is_cancelled() {
        let is_full = match state.node.is_ready() {
            true => fill(state, &mut road).await,
            false => false,
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = road.attempts.join_next() => finish(state, &mut road, done).await,
            () = state.webhooks.is_due.notified(), if !is_full => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    road.held.clear();
    while let Some(done) = road.attempts.join_next().await {
        finish(state, &mut road, done).await;
    }
}

/// Claims what is due and begins it. Whether there is no place for more.
async fn fill(state: &AppState, road: &mut Road) -> bool {
    road.begin_held(state);
    loop {
        if road.attempts.len() >= AT_ONCE {
            return true;
        }
        let (now, busy) = (state.clock.now(), road.busy());
        let Ok(until) = now.checked_add(LEASE) else { return false };
        let claimed = match state.store.next_delivery_at(&busy).await {
            Ok(Some(due)) if due <= now => {
                state.store.claim_deliveries(now, until, &busy, OF_ONE as u64).await
            }
            Ok(_) => return false,
            Err(error) => Err(error),
        };
        match claimed {
            Ok(claimed) if claimed.is_empty() => return false,
            Ok(claimed) => {
                road.held.extend(claimed);
                road.begin_held(state);
            }
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "webhook requests were not forwarded; trying again"
                );
                return false;
            }
        }
    }
}

impl Road {
    /// How many attempts of an endpoint may be under way.
    fn places(&self, endpoint: ItemNumber) -> usize {
        if self.failing.contains(&endpoint) { 1 } else { OF_ONE }
    }

    /// The endpoints of which no more are claimed now.
    fn busy(&self) -> Vec<ItemNumber> {
        let mut busy: Vec<_> = self.held.iter().map(|delivery| delivery.endpoint).collect();
        let full = self.under_way.iter().filter(|(endpoint, many)| **many >= self.places(**endpoint));
        busy.extend(full.map(|(endpoint, _)| *endpoint));
        busy.sort_unstable();
        busy.dedup();
        busy
    }

    /// Begins what was claimed, as far as there are places.
    fn begin_held(&mut self, state: &AppState) {
        let held = std::mem::take(&mut self.held);
        for delivery in held {
            let many = self.under_way.get(&delivery.endpoint).copied().unwrap_or_default();
            if many >= self.places(delivery.endpoint) || self.attempts.len() >= AT_ONCE {
                self.held.push(delivery);
                continue;
            }
            self.under_way.insert(delivery.endpoint, many + 1);
            let state = state.clone();
            self.attempts.spawn(async move {
                let endpoint = state.webhooks.endpoints.by_number(delivery.endpoint);
                let outcome = forward::deliver(&state, endpoint.as_deref(), &delivery).await;
                (delivery, outcome)
            });
        }
    }

    fn end(&mut self, (delivery, outcome): &Done) {
        let endpoint = delivery.endpoint;
        if let Some(many) = self.under_way.get_mut(&endpoint) {
            *many -= 1;
            if *many == 0 {
                self.under_way.remove(&endpoint);
            }
        }
        match outcome {
            DeliveryOutcome::Delivered { .. } => self.failing.remove(&endpoint),
            DeliveryOutcome::Later { .. } | DeliveryOutcome::Dead { .. } => self.failing.insert(endpoint),
        };
    }
}

/// Marks an attempt that ended, and all others that did meanwhile.
async fn finish(state: &AppState, road: &mut Road, first: Result<Done, JoinError>) {
    let mut ended = vec![first];
    while let Some(another) = road.attempts.try_join_next() {
        ended.push(another);
    }
    // One that panicked is claimed again when its lease is over.
    let ended: Vec<Done> = ended.into_iter().filter_map(Result::ok).collect();
    ended.iter().for_each(|done| road.end(done));
    let outcomes: Vec<_> = ended.iter().map(|(delivery, outcome)| (delivery, outcome.clone())).collect();
    if let Err(error) = state.store.mark_deliveries(&outcomes, state.clock.now()).await {
        tracing::warn!(
            error = with_causes(&error),
            "what became of forwarded webhook requests was not noted; they are sent again, with the same id"
        );
    }
}

async fn forget(state: &AppState, stop: &CancellationToken) {
    while tokio::time::timeout(FORGETTING, stop.cancelled()).await.is_err() {
        forget_once(state).await;
    }
}

/// Forgets what is old.
pub async fn forget_once(state: &AppState) {
    let now = state.clock.now();
    for endpoint in state.webhooks.endpoints.all() {
        let Some(days) = endpoint.retention_days else { continue };
        if let Ok(before) = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
            && let Err(error) = state.store.forget_webhook_requests(endpoint.number, before).await
        {
            tracing::warn!(error = with_causes(&error), "old webhook requests were not forgotten");
        }
    }
    if let (Ok(ids), Ok(deliveries)) = (now.checked_sub(IDS), now.checked_sub(DELIVERIES))
        && let Err(error) = state.store.forget_webhooks(ids, deliveries).await
    {
        tracing::warn!(error = with_causes(&error), "old webhook rows were not forgotten");
    }
}
