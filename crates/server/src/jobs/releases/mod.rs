//! Releases: claims those whose next task is due, and runs their scripts one after the other.
//!
//! ```text
//! claim (lease) ─▶ store "it runs, for the nth time" ─▶ Workers::run ─▶ store how it ended and what is next ─▶ …
//! ```
//!
//! A step counts only while nobody else has written the release and the lease is this runner's. Whoever finds a task that
//! runs, and whose runner's lease is over, marks it as failed or as a restart: it never runs twice unmarked.

mod call;
mod compartment;
mod conduct;
mod forget;
mod log;
mod owners;
mod run;
mod upstream;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use patgate_store::ReleaseLease;
use rand_core::Rng;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::forget::forget_ended;
use self::owners::Owners;
use self::writer::Writer;
use crate::app::Dispatcher;
use crate::problem::with_causes;
use crate::state::AppState;

/// How often one looks for what came due, or was started at another node.
const LOOK: Duration = Duration::from_secs(1);
/// For how long a claim holds.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often a claim is made to hold longer.
const HOLD: Duration = Duration::from_secs(8);
/// Releases at a time; their scripts share the workers.
const AT_ONCE: usize = 64;
/// Releases of one claim: of an owner who comes to their share by it, so many more than that at most.
const CLAIM: usize = 8;
/// How long scripts may go on when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// What runs the releases of this node.
struct Runner {
    state: AppState,
    dispatcher: Dispatcher,
    lease: ReleaseLease,
    /// Until when what is claimed is surely this runner's: milliseconds since 1970.
    held_until: AtomicI64,
    writer: Writer,
    closing: CancellationToken,
}

/// Runs until it is told to stop. Scripts that run then have a few seconds; what is left over is taken up by the next
/// server.
pub async fn run(state: AppState, dispatcher: Dispatcher, stop: CancellationToken) {
    let (writer, steps) = Writer::new();
    let lease = ReleaseLease((state.random.draw().next_u64() >> 1) as i64);
    let runner = Arc::new(Runner {
        state: state.clone(),
        dispatcher,
        lease,
        held_until: AtomicI64::new(0),
        writer,
        closing: stop.clone(),
    });
    tokio::join!(
        writer::run(&state, lease, steps),
        complete(&state, &stop),
        forget::run(&state, &stop),
        claim_due(runner, stop.clone())
    );
}

/// Writes what an older program left out beside releases. What fails is tried again at the next start.
async fn complete(state: &AppState, stop: &CancellationToken) {
    let completed = tokio::select! {
        () = stop.cancelled() => return,
        completed = state.store.complete_releases() => completed,
    };
    if let Err(error) = completed {
        tracing::warn!(error = with_causes(&error), "some releases are not found by their tags yet");
    }
}

async fn claim_due(runner: Arc<Runner>, stop: CancellationToken) {
    let state = runner.state.clone();
    if state.server_lock.is_some()
        && let Err(error) = state.store.free_releases(None, state.clock.now()).await
    {
        tracing::warn!(
            error = with_causes(&error),
            "releases of the server before are taken up a little later"
        );
    }
    let (mut under_way, mut owners) = (JoinSet::new(), Owners::default());
    let mut hold = tokio::time::interval(HOLD);
    hold.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        let is_full = state.node.is_ready() && fill(&runner, &mut under_way, &mut owners).await;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = under_way.join_next() => {}
            _ = hold.tick(), if !under_way.is_empty() => runner.hold().await,
            () = state.releases.woken(), if !is_full => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    let finish = async { while under_way.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, finish).await;
    under_way.shutdown().await;
    if let Err(error) = state.store.free_releases(Some(runner.lease), state.clock.now()).await {
        tracing::warn!(error = with_causes(&error), "releases under way are taken up when their leases end");
    }
}

/// Claims what is due and begins it, but of nobody more than their share. Whether there is no place for more.
async fn fill(runner: &Arc<Runner>, under_way: &mut JoinSet<()>, owners: &mut Owners) -> bool {
    let state = &runner.state;
    loop {
        while under_way.try_join_next().is_some() {}
        let places = AT_ONCE.saturating_sub(under_way.len());
        if places == 0 {
            return true;
        }
        // After an outage what is claimed now would be refused its calls until the rest is held again.
        if !under_way.is_empty() && !runner.holds() {
            runner.hold().await;
            if !runner.holds() {
                return false;
            }
        }
        let now = state.clock.now();
        let Ok(until) = now.checked_add(LEASE) else { return false };
        let (most, but) = (places.min(CLAIM) as u64, owners.with_their_share());
        let claimed = match state.store.next_release_at(&but).await {
            Ok(Some(due)) if due <= now => {
                state.store.claim_releases(runner.lease, now, until, most, &but).await
            }
            Ok(_) => return false,
            Err(error) => Err(error),
        };
        match claimed {
            Ok(claimed) if claimed.is_empty() => return false,
            Ok(claimed) => {
                if under_way.is_empty() {
                    runner.held_until.store(until.as_millisecond(), Ordering::Release);
                }
                for held in claimed {
                    let (runner, counted) = (Arc::clone(runner), owners.begin(held.release.owner));
                    // At once: only what is known to run is held on to.
                    let run = state.releases.begin(held.number);
                    under_way.spawn(async move {
                        let _counted = counted;
                        conduct::conduct(runner, held, run).await;
                    });
                }
            }
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "releases do not go on; trying again");
                return false;
            }
        }
    }
}

impl Runner {
    /// Holds on to what runs. What was lost, because this server stood still for as long as a claim holds, is stopped.
    async fn hold(&self) {
        let Ok(until) = self.state.clock.now().checked_add(LEASE) else { return };
        // Before the question: what ran then and is lost has lost this very run, whatever is claimed meanwhile.
        let running = self.state.releases.all();
        let numbers: Vec<_> = running.iter().map(|(number, _)| *number).collect();
        match self.state.store.hold_releases(self.lease, until, &numbers).await {
            Ok(lost) => {
                for (number, stop) in running.iter().filter(|(number, _)| lost.contains(number)) {
                    if self.state.releases.lose(*number, stop) {
                        tracing::warn!(release = %number, "a release was taken up by another server; it is stopped here");
                    }
                }
                // After that: no call of what is lost is made because the rest is held.
                self.held_until.store(until.as_millisecond(), Ordering::Release);
            }
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "the releases under way are held no longer than before"
                );
            }
        }
    }

    /// Whether what is claimed is surely still this runner's: else another may have taken it up.
    fn holds(&self) -> bool {
        self.state.clock.now().as_millisecond() < self.held_until.load(Ordering::Acquire)
    }
}
