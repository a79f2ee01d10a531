//! Making a token for oneself, through the API.

use patgate_core::identifier::GrantId;

use super::issue::{NewToken, NewTokenMade, Owner, issue};
use super::refused::CreationRefused;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::require_present;
use crate::state::AppState;

/// Makes a token whose owner is the caller.
///
/// # Errors
/// 400 naming the field, 403 where a rule forbids it, 409 when the owner has too many; see [`CreationRefused`].
pub async fn create(state: &AppState, caller: &Caller, new: NewToken) -> Result<NewTokenMade, Problem> {
    let lifetime = new.lifetime_field;
    make(state, caller, new, None).await?.map_err(|refused| refused.into_problem(lifetime))
}

/// As [`create`], with the grant's identifier when it is not to be drawn.
pub(super) async fn make(
    state: &AppState,
    caller: &Caller,
    new: NewToken,
    id: Option<GrantId>,
) -> Result<Result<NewTokenMade, CreationRefused>, Problem> {
    let owner =
        Owner { id: caller.user, username: &caller.facts.username, permissions: caller.facts.permissions };
    let mut change = state.change(&caller.actor()).await?;
    let made = issue(state, &mut change, &owner, caller.token(), new, id, state.clock.now()).await;
    if made.is_ok() {
        require_present(state, &change, caller).await?;
        state.commit(change).await?;
    }
    Ok(made)
}
