//! Decisions: lets them take effect when their time has come, also what came while no server ran.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::service::policy;
use crate::state::AppState;

/// How often one looks whether a decision is due.
const LOOK: Duration = Duration::from_secs(2);

/// Runs until it is told to stop. A decision that takes effect then is finished first.
pub async fn run(state: AppState, stop: CancellationToken) {
    loop {
        match policy::apply_due(&state).await {
            Ok(0) => {}
            Ok(decisions) => tracing::info!(decisions, "decisions about tokens took effect"),
            Err(error) => tracing::warn!(%error, "decisions about tokens did not take effect; trying again"),
        }
        if tokio::time::timeout(LOOK, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}
