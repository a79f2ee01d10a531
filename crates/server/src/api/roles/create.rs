//! `POST /api/v1/roles/{name}`: making a role.

use axum::extract::State;
use http::StatusCode;

use super::body::{RoleBody, RoleForm};
use crate::api::json::Json;
use crate::api::path::Name;
use crate::api::refusals::{BadBody, Conflict, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// Makes a role. Needs `security#edit`, and every permission that the role gets.
#[utoipa::path(
    post,
    path = "/api/v1/roles/{name}",
    tag = "roles",
    params(("name" = String, Path, description = "What it will be called: 1 to 100 characters without `:` and `/`")),
    request_body = RoleForm,
    responses((status = 201, description = "The role", body = RoleBody), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_role(
    State(state): State<AppState>,
    caller: Caller,
    Name(name): Name,
    Json(form): Json<RoleForm>,
) -> Result<(StatusCode, axum::Json<RoleBody>), Problem> {
    let role = roles::create_one(&state, &caller, form.into_draft(name)?).await?;
    Ok((StatusCode::CREATED, axum::Json(role.into())))
}
