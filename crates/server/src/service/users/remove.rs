//! Deleting users, and letting them try passwords again.

use patgate_core::user::{User, Username};
use patgate_store::Change;

use super::no_such_user;
use super::password::ended;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, LastAdministrator, Mandate};
use crate::state::AppState;

/// Deletes a user for good, with all their tokens and sessions, and takes them out of all roles.
///
/// # Errors
/// 403 without `security#edit`, and for a user who holds what the caller lacks; 404; 409 for the last administrator.
pub async fn delete(state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
    let (mut change, user) = changeable(state, caller, username).await?;
    let last = LastAdministrator::before(&change).await?;
    change.delete_user(user.id).await?;
    last.stays(&change).await?;
    state.commit(change).await?;
    ended(state, &user.username);
    Ok(())
}

/// Tells beforehand whether somebody signed in would be refused to change, disable, enable, unlock or delete a user.
///
/// # Errors
/// 403 without `security#edit`, and for a user who holds what the caller lacks; 404.
pub async fn may_change(state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
    caller.require(state, EDITS)?;
    let mandate = Mandate::foreseen(state, caller.user).await?;
    let user = state.store.user_by_name(username).await?.ok_or_else(no_such_user)?;
    let roles = state.store.roles_of(&[&user]).await?;
    Ok(mandate.changer.may_change_user(mandate.held(&roles, &user))?)
}

/// Tells beforehand whether to disable or to delete a user would leave no administrator: by the same question, in a change
/// that is never committed.
///
/// # Errors
/// 404; 409 for the last administrator.
pub async fn may_take_out(state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
    let mut change = state.change(&caller.actor()).await?;
    let user = change.user_by_name(username).await?.ok_or_else(no_such_user)?;
    let last = LastAdministrator::before(&change).await?;
    change.disable_user(user.id).await?;
    last.stays(&change).await
}

/// Forgets the wrong passwords under a user's name, on this node. Those from an address stay counted.
///
/// # Errors
/// 403 without `security#edit`, and for a user who holds what the caller lacks; 404.
pub async fn unlock(state: &AppState, caller: &Caller, username: &Username) -> Result<(), Problem> {
    let (mut change, user) = changeable(state, caller, username).await?;
    change.unlock_user(user.id).await?;
    state.commit(change).await?;
    state.passwords.forgive(&user.username);
    Ok(())
}

/// A change in which the caller may do what they like with a user, but for the last administrator.
async fn changeable(
    state: &AppState,
    caller: &Caller,
    username: &Username,
) -> Result<(Change, User), Problem> {
    caller.require(state, EDITS)?;
    let change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(EDITS)?;
    let user = change.user_by_name(username).await?.ok_or_else(no_such_user)?;
    mandate.changer.may_change_user(mandate.held(&change.roles_of(&[&user]).await?, &user))?;
    Ok((change, user))
}
