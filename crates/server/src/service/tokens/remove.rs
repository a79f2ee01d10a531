//! Deleting tokens, for good.

use patgate_core::identifier::GrantId;
use patgate_core::permission::names::TOKEN_DELETE_ALL;

use super::list::{may_see, own_token};
use super::{manages_only_itself, no_such_token};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{Mandate, require_present};
use crate::state::AppState;

/// Deletes one token. The next request with it is refused on this node.
///
/// # Errors
/// 404 when it is missing, deleted already, or somebody else's that the caller may not know of; 403 when the caller
/// may see it and lacks `token#delete_all`, and for who was logged out since they began to ask.
pub async fn delete(state: &AppState, caller: &Caller, id: GrantId) -> Result<(), Problem> {
    manages_only_itself(caller, Some(id))?;
    let mut change = state.change(&caller.actor()).await?;
    let grant = change.grant(id).await?.ok_or_else(no_such_token)?;
    let may = if grant.owner == caller.user {
        require_present(state, &change, caller).await?;
        true
    } else {
        Mandate::of_caller(state, &change, caller).await?.may(TOKEN_DELETE_ALL)
    };
    if !may {
        let is_seen = may_see(state, caller, grant.owner);
        return Err(if is_seen { Problem::lacks(TOKEN_DELETE_ALL) } else { no_such_token() });
    }
    let deleted = grant.state.delete(state.clock.now()).map_err(|_| no_such_token())?;
    change.set_grant_state(id, deleted).await?;
    state.commit(change).await?;
    Ok(())
}

/// Deletes the token that asks.
///
/// # Errors
/// 400 when the caller uses no token, 404 when another request was first; otherwise as [`delete`].
pub async fn delete_current(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    delete(state, caller, own_token(caller)?).await
}
