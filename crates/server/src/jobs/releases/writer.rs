//! Writes the steps of releases: those that wait while a transaction is under way go into the next one together.

use patgate_store::{ReleaseLease, ReleaseStep};
use tokio::sync::{mpsc, oneshot};

use crate::problem::with_causes;
use crate::state::AppState;

/// Steps in one transaction.
const AT_ONCE: usize = 64;

/// A step, and where its fate is told: whether the release was still the runner's, or nothing when the database failed.
type Job = (ReleaseStep, oneshot::Sender<Option<bool>>);

/// Where steps go.
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// A writer, and what [`run`] takes the steps from.
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (sender, receiver) = mpsc::channel(AT_ONCE);
        (Self(sender), receiver)
    }

    /// Writes a step, durably. Whether the release was still the runner's; `None`: nobody knows.
    pub(super) async fn write(&self, step: ReleaseStep) -> Option<bool> {
        let (sender, told) = oneshot::channel();
        self.0.send((step, sender)).await.ok()?;
        told.await.ok()?
    }
}

/// Writes until nobody sends any more.
pub(super) async fn run(state: &AppState, lease: ReleaseLease, mut steps: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(AT_ONCE);
    while steps.recv_many(&mut jobs, AT_ONCE).await > 0 {
        let (batch, waiting): (Vec<_>, Vec<_>) = jobs.drain(..).unzip();
        match state.store.step_releases(lease, &batch).await {
            Ok(held) => tell(waiting, held.into_iter().map(Some)),
            Err(error) if batch.len() > 1 => {
                tracing::warn!(error = with_causes(&error), "steps of releases are written one by one");
                for (step, told) in batch.iter().zip(waiting) {
                    let held = state.store.step_releases(lease, std::slice::from_ref(step)).await;
                    tell([told], [held.ok().and_then(|held| held.first().copied())]);
                }
            }
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "a step of a release was not written");
                tell(waiting, [None]);
            }
        }
    }
}

fn tell(
    waiting: impl IntoIterator<Item = oneshot::Sender<Option<bool>>>,
    told: impl IntoIterator<Item = Option<bool>>,
) {
    for (sender, held) in waiting.into_iter().zip(told) {
        // Who no longer waits was stopped.
        let _ = sender.send(held);
    }
}
