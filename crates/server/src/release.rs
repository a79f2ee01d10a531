//! What all of a node know of its releases: whose scripts run here, so that whoever ends a release ends its script as well;
//! and that one may be due, which wakes the job that runs them.
//!
//! What a release is, and which step follows which, is `core::release`; running them is `jobs::releases`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patgate_core::identifier::ReleaseNumber;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What runs here, and who wakes whom.
#[derive(Default)]
pub struct RunningReleases {
    is_due: Notify,
    running: Mutex<HashMap<ReleaseNumber, CancellationToken>>,
}

/// A run of a release here. However it comes to its end, by a panic as well, it is not counted as running when this is dropped.
pub(crate) struct Run {
    releases: Arc<RunningReleases>,
    number: ReleaseNumber,
    stop: CancellationToken,
}

impl Run {
    /// What stops it.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Stopped, it is forgotten already, and whatever stands there is another run's.
        // Whoever stops it does so with the same lock.
        let mut running = self.releases.running();
        if !self.stop.is_cancelled() {
            running.remove(&self.number);
        }
    }
}

impl RunningReleases {
    /// Wakes who runs releases: one may be due.
    pub fn wake(&self) {
        self.is_due.notify_one();
    }

    /// Waits until a release may be due.
    pub async fn woken(&self) {
        self.is_due.notified().await;
    }

    /// Stops the script of a release, when one runs here. What it has done is done.
    pub fn stop(&self, release: ReleaseNumber) {
        if let Some(stop) = self.running().remove(&release) {
            stop.cancel();
        }
    }

    /// Notes that a release runs here, until what is returned is dropped. Whatever ran of it before is stopped.
    pub(crate) fn begin(self: &Arc<Self>, release: ReleaseNumber) -> Run {
        let stop = CancellationToken::new();
        if let Some(before) = self.running().insert(release, stop.clone()) {
            before.cancel();
        }
        Run { releases: Arc::clone(self), number: release, stop }
    }

    /// Stops a run that this node has lost. What runs of the same release since then goes on. Whether it ran still: one that
    /// came to its end meanwhile has given the release back, and nothing is lost.
    pub(crate) fn lose(&self, release: ReleaseNumber, stop: &CancellationToken) -> bool {
        stop.cancel();
        let mut running = self.running();
        let ran = running.get(&release).is_some_and(CancellationToken::is_cancelled);
        if ran {
            running.remove(&release);
        }
        ran
    }

    /// What runs here now, and what stops it.
    pub(crate) fn all(&self) -> Vec<(ReleaseNumber, CancellationToken)> {
        self.running().iter().map(|(number, stop)| (*number, stop.clone())).collect()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<ReleaseNumber, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_lost_while_it_runs_and_neither_after_its_end_nor_instead_of_the_next_one() {
        let releases = Arc::new(RunningReleases::default());
        let release = ReleaseNumber::from_i64(1);
        let run = releases.begin(release);
        let ended = run.stop().clone();
        drop(run);
        assert!(releases.all().is_empty() && !releases.lose(release, &ended), "it has ended");
        let (first, next) = (releases.begin(release), releases.begin(release));
        assert!(first.stop().is_cancelled() && !releases.lose(release, first.stop()), "another one runs");
        drop(first);
        let stop = next.stop();
        assert!(!stop.is_cancelled() && releases.lose(release, stop) && stop.is_cancelled());
        assert!(releases.all().is_empty() && !releases.lose(release, stop), "it is lost once");
    }

    #[test]
    fn a_run_that_panics_has_ended() {
        let releases = Arc::new(RunningReleases::default());
        let run = releases.begin(ReleaseNumber::from_i64(1));
        assert_eq!(releases.all().len(), 1);
        let thread = std::thread::spawn(move || {
            let _run = run;
            panic!("a fault of ours");
        });
        assert!(thread.join().is_err() && releases.all().is_empty());
    }
}
