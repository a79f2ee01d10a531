//! The releases whose scripts run on this node, so that whoever ends one ends its script as well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use patgate_core::identifier::ReleaseNumber;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What runs here, and who wakes whom.
#[derive(Default)]
pub struct RunningReleases {
    is_due: Notify,
    running: Mutex<HashMap<ReleaseNumber, CancellationToken>>,
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

    fn running(&self) -> MutexGuard<'_, HashMap<ReleaseNumber, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
