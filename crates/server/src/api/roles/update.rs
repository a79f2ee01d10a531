//! `PUT /api/v1/roles/{name}`: changing a role.

use axum::extract::State;

use super::body::{RoleBody, RoleForm};
use crate::api::json::Json;
use crate::api::path::Name;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// Changes the principals and permissions of a role; those that are left out of a list are taken out of the role.
/// Needs `security#edit`, and every permission that the role has before and after. In force when it is answered, for
/// all tokens of all principals.
#[utoipa::path(
    put,
    path = "/api/v1/roles/{name}",
    tag = "roles",
    params(("name" = String, Path, description = "The role, whatever the case")),
    request_body = RoleForm,
    responses(
        (status = 200, description = "The role as it is now", body = RoleBody),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_role(
    State(state): State<AppState>,
    caller: Caller,
    Name(name): Name,
    Json(form): Json<RoleForm>,
) -> Result<axum::Json<RoleBody>, Problem> {
    let role = roles::update_one(&state, &caller, form.into_draft(name)?).await?;
    Ok(axum::Json(role.into()))
}
