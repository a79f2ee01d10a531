//! Confirmations: asks providers whether the owners of tokens are still there, and tells who has to sign in again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::service::confirmations;
use crate::state::AppState;

/// How often one looks whether somebody is due.
const LOOK: Duration = Duration::from_secs(10);

/// Runs until it is told to stop; the people who are asked about then are finished first.
pub async fn run(state: AppState, stop: CancellationToken) {
    loop {
        if state.node.is_ready() {
            if let Err(problem) = confirmations::ask_due(&state, &stop).await {
                tracing::warn!(%problem, "providers were not asked; trying again in ten seconds");
            }
            if let Err(problem) = confirmations::note_lapses(&state).await {
                tracing::warn!(%problem, "it was not noted who has to sign in again; trying again in ten seconds");
            }
        }
        if tokio::time::timeout(LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}
