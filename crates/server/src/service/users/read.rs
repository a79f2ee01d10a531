//! Seeing users.

use patgate_core::user::{User, Username};
use patgate_store::{Page, Seek, UserCursor, UserFilter};

use super::no_such_user;
use crate::caller::Caller;
use crate::problem::Problem;
pub use crate::service::mandate::require_sight;
use crate::state::AppState;

/// Lists users by name.
///
/// # Errors
/// 403 without `security#view` and `security#edit`.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &UserFilter,
    page: Page,
) -> Result<Vec<User>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.users(filter, page).await?)
}

/// At most `limit` users from a place on, by name, behind the first `skip` of them.
///
/// # Errors
/// As [`list`].
pub async fn list_behind(
    state: &AppState,
    caller: &Caller,
    filter: &UserFilter,
    place: &Seek<UserCursor>,
    (skip, limit): (u64, u64),
) -> Result<Vec<User>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.users_behind(filter, place, skip, limit).await?)
}

/// Reads one user; everybody may read themselves.
///
/// # Errors
/// 403 for another name without `security#view` and `security#edit`, whether there is such a user or not; 404.
pub async fn read(state: &AppState, caller: &Caller, username: &Username) -> Result<User, Problem> {
    if username.key() != *caller.facts.username_key {
        require_sight(state, caller)?;
    }
    state.store.user_by_name(username).await?.ok_or_else(no_such_user)
}
