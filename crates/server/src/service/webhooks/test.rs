//! *Send test request*: a request in the server's own name.

use patgate_core::identifier::{ItemNumber, RequestId};
use patgate_core::permission::names::{CONFIG_EDIT, RELEASE_CREATE};

use super::{known, require_nobodys_script};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::service::shown::overtaken;
use crate::state::AppState;
use crate::webhook;

/// Sends a test request to an endpoint, which is kept and passed on like every other. It proves nothing about the secret:
/// of that no copy is stored.
///
/// # Errors
/// 403 without `config#edit`, and without `release#create` where it starts a release; 404; 409 when the endpoint is not
/// enabled; 429 and 503 as every caller gets them.
pub async fn send_test(state: &AppState, caller: &Caller, number: ItemNumber) -> Result<RequestId, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let endpoint = known(state, number)?;
    if !endpoint.is_enabled() {
        return Err(Problem::conflict("The endpoint is not enabled, and takes no request; enable it first"));
    }
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(CONFIG_EDIT)?;
    if endpoint.starts.is_some() {
        mandate.require(RELEASE_CREATE)?;
        require_nobodys_script(caller)?;
    }
    change.note_webhook_test(number).await?;
    state.commit(change).await?;
    // As it is now: others may have changed it while this waited for its turn.
    let now = known(state, number)?;
    if now.starts != endpoint.starts {
        return Err(overtaken());
    }
    webhook::send_test(state, &now, &caller.facts.username).await
}
