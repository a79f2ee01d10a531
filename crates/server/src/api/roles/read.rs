//! `GET /api/v1/roles/{name}`: one role.

use axum::Json;
use axum::extract::State;

use super::body::RoleBody;
use crate::api::path::Name;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// Reads one role. Needs `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/roles/{name}",
    tag = "roles",
    params(("name" = String, Path, description = "The role, whatever the case")),
    responses((status = 200, description = "The role", body = RoleBody), Malformed, Unproven, Missing)
)]
pub(super) async fn read_role(
    State(state): State<AppState>,
    caller: Caller,
    Name(name): Name,
) -> Result<Json<RoleBody>, Problem> {
    Ok(Json(roles::read(&state, &caller, &name).await?.into()))
}
