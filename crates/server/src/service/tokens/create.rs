//! Making a token for oneself, through the API.

use super::issue::{NewToken, NewTokenMade, Owner, issue};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Makes a token whose owner is the caller.
///
/// # Errors
/// 400 naming the field, 403 where a rule forbids it, 409 when the owner has too many; see
/// [`CreationRefused`](super::CreationRefused).
pub async fn create(state: &AppState, caller: &Caller, new: NewToken) -> Result<NewTokenMade, Problem> {
    let owner =
        Owner { id: caller.user, username: &caller.facts.username, permissions: caller.facts.permissions };
    let lifetime = new.lifetime_field;
    let mut change = state.change(&caller.actor()).await?;
    let made = issue(state, &mut change, &owner, caller.token(), new, state.clock.now())
        .await
        .map_err(|refused| refused.into_problem(lifetime))?;
    state.commit(change).await?;
    Ok(made)
}
