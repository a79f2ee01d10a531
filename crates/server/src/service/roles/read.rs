//! Seeing roles.

use patgate_core::identifier::RoleId;
use patgate_core::role::Role;
use patgate_core::user::Username;
use patgate_store::{ListedRole, Page, RoleCursor, RoleFilter, Seek};

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

/// Reads one role by its identifier.
///
/// # Errors
/// 403 without `security#view` and `security#edit`; 404.
pub async fn read_by_id(state: &AppState, caller: &Caller, id: RoleId) -> Result<Role, Problem> {
    require_sight(state, caller)?;
    state.store.role_by_id(id).await?.ok_or_else(no_such_role)
}

/// Reads one role by its identifier, without its principals.
///
/// # Errors
/// 403 without `security#view` and `security#edit`; 404.
pub async fn listed(state: &AppState, caller: &Caller, id: RoleId) -> Result<ListedRole, Problem> {
    require_sight(state, caller)?;
    state.store.listed_role(id).await?.ok_or_else(no_such_role)
}

/// Lists roles by name: those whose names begin with `prefix`, whatever the case; at most `limit`, from a place on.
///
/// # Errors
/// 403 without `security#view` and `security#edit`.
pub async fn list_by_prefix(
    state: &AppState,
    caller: &Caller,
    prefix: &str,
    place: &Seek<RoleCursor>,
    limit: u64,
) -> Result<Vec<ListedRole>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.list_roles(prefix, place, limit).await?)
}
