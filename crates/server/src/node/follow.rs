//! Following the change log, and telling others how far this node has come. At the same pace the node forgets passwords that
//! are no longer known again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use patgate_store::{NodeId, Sequence, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::Node;
use crate::edge::Clock;
use crate::problem::with_causes;

/// How long a node may go without a look at the change log, whatever wakes it earlier.
const POLL: Duration = Duration::from_secs(1);
/// How often a node says that it is there.
const HEARTBEAT: SignedDuration = SignedDuration::from_secs(10);
/// For how long after its last word a node counts as there.
pub const ALIVE_FOR: SignedDuration = SignedDuration::from_secs(30);

/// Follows the log until told to stop: changes of other nodes and of the command line come into force here, and the
/// row of this node in the database says so. Ends as well when a newer program has changed the tables, for which
/// [`Node::wait_until_outdated`] waits: nothing of what that one writes is applied by this one.
pub async fn run(node: Arc<Node>, id: NodeId, clock: Clock, stop: CancellationToken) {
    let mut reported = Timestamp::MIN;
    while !stop.is_cancelled() {
        let applied = node.progress.lock().await.applied;
        tokio::select! {
            () = stop.cancelled() => break,
            waited = node.store.wait_for_change(applied, POLL) => log_fault(waited.map(|_| ())),
        }
        // When the database does not answer, catching up says so.
        if let Err(error @ StoreError::NewerSchema { .. }) = node.store.check_schema().await {
            tracing::error!(error = with_causes(&error), "this server stops");
            node.outdated.cancel();
            break;
        }
        let mut progress = node.progress.lock().await;
        let caught_up = node.catch_up(&mut progress, None).await;
        let applied = progress.applied;
        drop(progress);
        if caught_up.is_err() {
            log_fault(caught_up);
            tokio::time::sleep(POLL).await;
            continue;
        }
        let now = clock.now();
        if node.has_news.swap(false, Ordering::Relaxed) || now.duration_since(reported) >= HEARTBEAT {
            log_fault(node.store.node_applied(id, applied, now).await);
            node.passwords.forget_old(now);
            reported = now;
        }
    }
    log_fault(node.store.withdraw_node(id).await);
}

/// Waits until every node that is there has applied `sequence`.
///
/// # Errors
/// [`NotConfirmed`] when one has not within `patience`, which is counted in looks a twentieth of a second apart;
/// [`StoreError`] when the database does not answer.
pub async fn confirmed_everywhere(
    store: &Store,
    sequence: Sequence,
    clock: &Clock,
    patience: Duration,
) -> Result<Result<(), NotConfirmed>, StoreError> {
    const LOOK: Duration = Duration::from_millis(50);
    let looks = (patience.as_millis() / LOOK.as_millis()).max(1);
    let mut behind = 0;
    for _ in 0..looks {
        let alive_since = clock.now().checked_sub(ALIVE_FOR).unwrap_or(Timestamp::MIN);
        let nodes = store.live_nodes(alive_since).await?;
        behind = nodes.iter().filter(|node| node.applied_sequence < sequence).count();
        if behind == 0 {
            return Ok(Ok(()));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(Err(NotConfirmed { nodes: behind }))
}

/// Nodes did not say in time that they have applied a change.
#[derive(Debug, thiserror::Error)]
#[error("the change is stored, but {nodes} running server(s) have not confirmed it yet")]
pub struct NotConfirmed {
    /// How many.
    pub nodes: usize,
}

fn log_fault(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(error = with_causes(&error), "the change log cannot be followed; trying again");
    }
}
