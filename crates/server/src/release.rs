//! What all of a node know of its releases: whose scripts run here, so that whoever ends a release ends its script as well;
//! that one may be due, which wakes the job that runs them; and how many whole ones lists hold in memory.
//!
//! What a release is, and which step follows which, is `core::release`; running them is `jobs::releases`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use patgate_core::identifier::ReleaseNumber;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// Whole releases that lists may have in memory at a time: each may be half a megabyte.
const WHOLE: u32 = 200;

/// What runs here, and who wakes whom.
pub struct RunningReleases {
    is_due: Notify,
    running: Mutex<HashMap<ReleaseNumber, CancellationToken>>,
    whole: Semaphore,
}

impl Default for RunningReleases {
    fn default() -> Self {
        let whole = Semaphore::new(WHOLE as usize);
        Self { is_due: Notify::new(), running: Mutex::default(), whole }
    }
}

impl RunningReleases {
    /// Waits until so many whole releases may be read, and holds their place. Nothing when there is none to wait for.
    pub async fn room(&self, many: u64) -> Option<SemaphorePermit<'_>> {
        let many = u32::try_from(many).unwrap_or(WHOLE).min(WHOLE);
        self.whole.acquire_many(many).await.ok()
    }

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

    /// Notes that a release runs here, and what stops it. Whatever ran of it before is stopped.
    pub(crate) fn begin(&self, release: ReleaseNumber) -> CancellationToken {
        let stop = CancellationToken::new();
        if let Some(before) = self.running().insert(release, stop.clone()) {
            before.cancel();
        }
        stop
    }

    /// Notes that a release does not run here any more.
    pub(crate) fn end(&self, release: ReleaseNumber, stop: &CancellationToken) {
        // Stopped, it is forgotten already, and whatever stands there is another run's.
        if !stop.is_cancelled() {
            self.running().remove(&release);
        }
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
        let releases = RunningReleases::default();
        let release = ReleaseNumber::from_i64(1);
        let ended = releases.begin(release);
        releases.end(release, &ended);
        assert!(!releases.lose(release, &ended), "it has ended");
        let first = releases.begin(release);
        let next = releases.begin(release);
        assert!(first.is_cancelled() && !releases.lose(release, &first), "another run took its place");
        assert!(!next.is_cancelled() && releases.lose(release, &next) && next.is_cancelled());
        assert!(releases.all().is_empty() && !releases.lose(release, &next), "it is lost once");
    }
}
