//! Seeing roles.

use patgate_core::role::Role;
use patgate_core::user::Username;
use patgate_store::{Page, RoleFilter};

use super::no_such_role;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::require_sight;
use crate::state::AppState;

/// Lists roles by name.
///
/// # Errors
/// 403 without `security#view` and `security#edit`.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &RoleFilter,
    page: Page,
) -> Result<Vec<Role>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.roles(filter, page).await?)
}

/// Reads one role.
///
/// # Errors
/// 403 without `security#view` and `security#edit`; 404.
pub async fn read(state: &AppState, caller: &Caller, name: &Username) -> Result<Role, Problem> {
    require_sight(state, caller)?;
    state.store.role(name).await?.ok_or_else(no_such_role)
}
