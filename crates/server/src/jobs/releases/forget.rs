//! Deletes releases that ended long ago, with what their tasks said.

use std::time::Duration;

use jiff::Timestamp;
use patgate_store::Actor;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;
use crate::state::AppState;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(3_600);
/// Releases in one change: each may have a long log, and other changes wait meanwhile.
const AT_ONCE: u64 = 20;
/// What the audit log calls it.
const ACTION: &str = "release.expire";

/// Looks until it is told to stop.
pub(super) async fn run(state: &AppState, stop: &CancellationToken) {
    loop {
        forget_ended(state, stop).await;
        if tokio::time::timeout(LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// Deletes all that ended long enough ago, some in each change.
pub async fn forget_ended(state: &AppState, stop: &CancellationToken) {
    let Ok(before) = state.clock.now().checked_sub(state.release_retention) else { return };
    while !stop.is_cancelled() {
        match forget_some(state, before).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(problem) => {
                tracing::warn!(
                    problem = problem.detail(),
                    "old releases were not deleted; trying again in an hour"
                );
                return;
            }
        }
    }
}

/// How many were deleted.
async fn forget_some(state: &AppState, before: Timestamp) -> Result<usize, Problem> {
    let old = state.store.ended_releases(before, AT_ONCE).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let actor = Actor::system("retention");
    let mut change = state.store.change(&actor, state.clock.now()).await?;
    for id in &old {
        // Another node may have been first.
        let stored = change.release(id).await?.filter(|stored| stored.release.status.is_final());
        if let Some(stored) = stored {
            change.delete_release(&stored, ACTION).await?;
        }
    }
    state.commit(change).await?;
    Ok(old.len())
}
