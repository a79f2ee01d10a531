//! `DELETE /api/v1/roles/{name}`: deleting a role.

use axum::extract::State;
use http::StatusCode;

use crate::api::path::Name;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// Deletes a role: nobody holds anything through it any more. Needs `security#edit`, and every permission that the role
/// has.
#[utoipa::path(
    delete,
    path = "/api/v1/roles/{name}",
    tag = "roles",
    params(("name" = String, Path, description = "The role, whatever the case")),
    responses((status = 204, description = "It is deleted"), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn delete_role(
    State(state): State<AppState>,
    caller: Caller,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    roles::delete(&state, &caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
