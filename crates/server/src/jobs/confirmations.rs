//! Confirmations: asks providers whether people are still there, and tells who has to sign in again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::problem::Problem;
use crate::service::confirmations;
use crate::state::AppState;

/// How often one looks whether somebody is due.
const LOOK: Duration = Duration::from_secs(10);

/// Runs until it is told to stop; the people who are asked about then are finished first. An identity provider that is slow
/// holds up no directory, and neither the clock.
pub async fn run(state: AppState, stop: CancellationToken) {
    tell(&state);
    let directories = again(&state, &stop, || confirmations::ask_directories(&state, &stop));
    let providers = again(&state, &stop, || confirmations::ask_providers(&state, &stop));
    let lapses = again(&state, &stop, || confirmations::note_lapses(&state));
    tokio::join!(directories, providers, lapses);
}

async fn again<F: Future<Output = Result<(), Problem>>>(
    state: &AppState,
    stop: &CancellationToken,
    step: impl Fn() -> F,
) {
    loop {
        if state.node.is_ready()
            && let Err(problem) = step().await
        {
            tracing::warn!(%problem, "users were not looked after; trying again soon");
        }
        if tokio::time::timeout(LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// Tells whoever reads the log what re-checks count for at each provider: it decides whether somebody who was only disabled
/// there is out before the freshness window ends.
fn tell(state: &AppState) {
    for directory in state.directories.iter() {
        tracing::info!(provider = %directory.name(), "owners of tokens are re-checked: {}", directory.rechecks());
    }
    for provider in state.oidc.iter() {
        tracing::info!(provider = %provider.name(), "owners of tokens are re-checked: {}", provider.rechecks());
    }
}
