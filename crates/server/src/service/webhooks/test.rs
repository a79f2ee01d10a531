//! *Send test request*: a request in the server's own name.

use patgate_core::identifier::{ItemNumber, RequestId};
use patgate_core::permission::names::CONFIG_EDIT;

use super::known;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;
use crate::webhook;

/// Sends a test request to an endpoint, which is kept and passed on like every other. It proves nothing about the secret:
/// of that no copy is stored.
///
/// # Errors
/// 403 without `config#edit`; 404; 429 and 503 as every caller gets them.
pub async fn send_test(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<RequestId, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let endpoint = known(state, number)?;
    webhook::send_test(state, &endpoint, &caller.facts.username).await
}
