//! Refused requests on their way into the log: dropped when too many come, so that strangers cost little.

use std::time::Duration;

use patgate_store::NewRefusal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::problem::with_causes;
use crate::state::AppState;

/// Refused requests that wait to be written.
const WAITING: usize = 512;
/// Between two transactions.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes refused requests.
pub(super) struct Refusals(mpsc::Sender<NewRefusal>);

impl Refusals {
    pub(super) fn new() -> (Self, mpsc::Receiver<NewRefusal>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// A place for a refused request, if there is one: before anything of the request is copied.
    pub(super) fn place(&self) -> Option<mpsc::Permit<'_, NewRefusal>> {
        self.0.try_reserve().ok()
    }
}

/// Writes until it is told to stop, and what waits then.
pub(super) async fn run(state: &AppState, mut refused: mpsc::Receiver<NewRefusal>, stop: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        let came = tokio::select! {
            came = refused.recv_many(&mut batch, WAITING) => came,
            () = stop.cancelled() => {
                refused.close();
                refused.recv_many(&mut batch, WAITING).await
            }
        };
        if came == 0 {
            return;
        }
        if let Err(error) = state.store.refuse_webhooks(&batch).await {
            tracing::warn!(error = with_causes(&error), "refused webhook requests were not noted");
        }
        batch.clear();
        let _ = tokio::time::timeout(PAUSE, stop.cancelled()).await;
    }
}
