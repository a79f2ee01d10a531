//! Webhooks: forwards what is due, and forgets what is old.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::webhook::LONGEST_PAUSE;
use patgate_store::{ClaimedDelivery, DeliveryOutcome, DueDelivery, StoreError};
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
/// Rows of a look at what is due. Those of endpoints that have no place are passed over.
const PAGE: u64 = 500;
/// Looks one after the other that find nothing for a free place.
const IN_VAIN: u32 = 4;
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
    /// How far what is due was looked through, when it was not to its end.
    looked_until: Option<DueDelivery>,
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
    // What was not begun was no attempt.
    let held = std::mem::take(&mut road.held);
    if let Err(error) = state.store.release_deliveries(&held, state.clock.now()).await {
        tracing::warn!(error = with_causes(&error), "webhook requests were not given back; they wait longer");
    }
    while let Some(done) = road.attempts.join_next().await {
        finish(state, &mut road, done).await;
    }
}

/// Claims what is due and begins it. Whether there is no place for more.
async fn fill(state: &AppState, road: &mut Road) -> bool {
    road.begin_held(state);
    let mut in_vain = 0;
    while in_vain < IN_VAIN {
        if road.free() == 0 {
            return true;
        }
        match claim(state, road).await {
            Ok(Claimed::Some) => road.begin_held(state),
            Ok(Claimed::NoneSoFar) => in_vain += 1,
            Ok(Claimed::None) => return false,
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "webhook requests were not forwarded; trying again"
                );
                return false;
            }
        }
    }
    false
}

/// What came of a look.
enum Claimed {
    /// Something was claimed.
    Some,
    /// Nothing, and not all was looked through.
    NoneSoFar,
    /// Nothing, and there is nothing.
    None,
}

/// Looks at a part of what is due, and claims what there are places for. So many wait at a receiver that is down that a look
/// past all of them would be long: what waits longest is looked through from where the last look ended, and what came just
/// now, which is for receivers that answer, is looked at each time.
async fn claim(state: &AppState, road: &mut Road) -> Result<Claimed, StoreError> {
    let (now, store) = (state.clock.now(), &state.store);
    let Ok(until) = now.checked_add(LEASE) else { return Ok(Claimed::None) };
    let from = road.looked_until.take();
    let mut due = store.due_deliveries(now, from.as_ref(), PAGE).await?;
    let is_end = (due.len() as u64) < PAGE;
    road.looked_until = due.last().copied().filter(|_| !is_end);
    if !is_end || from.is_some() {
        due.extend(store.newest_due_deliveries(now, PAGE).await?);
    }
    pause(state, &mut due).await?;
    let chosen = road.choose(&due);
    if chosen.is_empty() {
        return Ok(if is_end { Claimed::None } else { Claimed::NoneSoFar });
    }
    let claimed = store.claim_deliveries(&chosen, now, until).await?;
    // Another node was first.
    let is_none = claimed.is_empty();
    road.held.extend(claimed);
    Ok(if is_none { Claimed::NoneSoFar } else { Claimed::Some })
}

/// Lets what is due of endpoints that are off wait until they are enabled, and takes it from what to claim: nobody looks at it
/// again until then.
async fn pause(state: &AppState, due: &mut Vec<DueDelivery>) -> Result<(), StoreError> {
    let mut off: HashSet<_> = due.iter().map(|delivery| delivery.endpoint).collect();
    off.retain(|endpoint| {
        state.webhooks.endpoints.by_number(*endpoint).is_some_and(|endpoint| endpoint.pauses())
    });
    let now = state.clock.now();
    let Ok(until) = now.checked_add(LONGEST_PAUSE) else { return Ok(()) };
    for endpoint in &off {
        // Where it was enabled by a change that this node has not applied yet, it is left to the next look.
        state.store.pause_deliveries(*endpoint, now, until).await?;
    }
    due.retain(|delivery| !off.contains(&delivery.endpoint));
    Ok(())
}

impl Road {
    /// How many attempts of an endpoint may be under way.
    fn places(&self, endpoint: ItemNumber) -> usize {
        if self.failing.contains(&endpoint) { 1 } else { OF_ONE }
    }

    /// Places that nothing claimed will take.
    fn free(&self) -> usize {
        AT_ONCE.saturating_sub(self.attempts.len() + self.held.len())
    }

    /// What of it to claim, once each: some more than there are places for, of an endpoint whose receiver takes what it gets,
    /// and nothing of endpoints that have no place.
    fn choose(&self, due: &[DueDelivery]) -> Vec<DeliveryId> {
        let mut chosen = Vec::new();
        let mut shares: HashMap<ItemNumber, usize> = HashMap::new();
        for delivery in due {
            if chosen.len() >= self.free() {
                break;
            }
            let share = shares.entry(delivery.endpoint).or_insert_with(|| self.share(delivery.endpoint));
            if *share > 0 && !chosen.contains(&delivery.id) {
                *share -= 1;
                chosen.push(delivery.id);
            }
        }
        chosen
    }

    /// How many of an endpoint may be claimed now.
    fn share(&self, endpoint: ItemNumber) -> usize {
        let many = self.under_way.get(&endpoint).copied().unwrap_or_default();
        let is_held = || self.held.iter().any(|delivery| delivery.endpoint == endpoint);
        if many >= self.places(endpoint) || is_held() { 0 } else { self.places(endpoint) }
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
                let attempt = forward::deliver(&state, endpoint.as_deref(), &delivery);
                let outcome = unbroken(attempt).await;
                let outcome = outcome.unwrap_or_else(|| forward::broken_off(&delivery, state.clock.now()));
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

/// The outcome of an attempt; `None`: it panicked. Its place must be free again either way, and its pause begin.
async fn unbroken(attempt: impl Future<Output = DeliveryOutcome>) -> Option<DeliveryOutcome> {
    AssertUnwindSafe(attempt).catch_unwind().await.ok()
}

/// Marks an attempt that ended, and all others that did meanwhile.
async fn finish(state: &AppState, road: &mut Road, first: Result<Done, JoinError>) {
    let mut ended = vec![first];
    while let Some(another) = road.attempts.try_join_next() {
        ended.push(another);
    }
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

/// Forgets at once, as soon as the endpoints are known, and again and again: a server may be down for long, or never run for
/// long.
async fn forget(state: &AppState, stop: &CancellationToken) {
    while !state.node.is_ready() {
        if is_over(stop, LOOK).await {
            return;
        }
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = forget_once(state) => {}
        }
        if is_over(stop, FORGETTING).await {
            return;
        }
    }
}

/// Waits; whether one was told to stop meanwhile.
async fn is_over(stop: &CancellationToken, pause: Duration) -> bool {
    tokio::time::timeout(pause, stop.cancelled()).await.is_ok()
}

/// Forgets what is old, and what is left of endpoints that are there no longer.
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn due(endpoint: i64, ids: std::ops::Range<i64>) -> Vec<DueDelivery> {
        let of = |id| DueDelivery {
            id: DeliveryId::from_i64(id),
            endpoint: ItemNumber::from_i64(endpoint),
            due_at: Timestamp::UNIX_EPOCH,
        };
        ids.map(of).collect()
    }

    fn claimed(endpoint: i64) -> ClaimedDelivery {
        ClaimedDelivery {
            id: DeliveryId::from_i64(0),
            endpoint: ItemNumber::from_i64(endpoint),
            request: patgate_core::identifier::RequestId::from_i64(0),
            number: 1,
            message_id: String::new(),
            parameters: Vec::new(),
            content_type: String::new(),
            body: String::new(),
            hops: 0,
            starts_by: None,
            bytes: 0,
            attempts: 1,
            claimed_until: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_long_queue_of_one_endpoint_leaves_places_to_others() {
        let mut road = Road::default();
        let all = [due(1, 100..600), due(2, 600..603), due(1, 100..110)].concat();
        let chosen = |road: &Road| road.choose(&all).iter().map(|id| id.as_i64()).collect::<Vec<_>>();
        let first: Vec<_> = (100..108).chain(600..603).collect();
        assert_eq!(chosen(&road), first);
        road.failing.insert(ItemNumber::from_i64(1));
        assert_eq!(chosen(&road), [100, 600, 601, 602], "a receiver that fails is tried one at a time");
        road.under_way.insert(ItemNumber::from_i64(1), 1);
        assert_eq!(chosen(&road), [600, 601, 602]);
        road.failing.clear();
        assert_eq!(chosen(&road).len(), 11, "with some to wait for a place");
        road.held.push(claimed(2));
        road.under_way.insert(ItemNumber::from_i64(1), OF_ONE);
        assert!(chosen(&road).is_empty(), "what is claimed comes first");
        road.held = (3..).take(AT_ONCE).map(claimed).collect();
        assert!(chosen(&road).is_empty() && road.free() == 0);
    }

    #[tokio::test]
    async fn an_attempt_that_panics_is_over_like_any_other() {
        async fn breaks() -> DeliveryOutcome {
            panic!("a fault of our own")
        }
        assert_eq!(unbroken(breaks()).await, None);
        let dead = DeliveryOutcome::Dead { answer: String::new() };
        assert_eq!(unbroken(std::future::ready(dead.clone())).await, Some(dead));
    }
}
