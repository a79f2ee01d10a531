//! `POST /api/v1/roles/{name}/rename`: another name for a role.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::RoleBody;
use crate::api::path::Name;
use crate::api::query::Parameters;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::api::users::parsed;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// The new name.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct RenameParameters {
    /// 1 to 100 characters without `:` and `/`.
    new_name: String,
}

/// Gives a role another name. Needs `security#edit`, and every permission that the role has.
#[utoipa::path(
    post,
    path = "/api/v1/roles/{name}/rename",
    tag = "roles",
    params(("name" = String, Path, description = "The role, whatever the case"), RenameParameters),
    responses(
        (status = 200, description = "The role as it is now", body = RoleBody),
        Malformed, Unproven, Missing, Conflict
    )
)]
pub(super) async fn rename_role(
    State(state): State<AppState>,
    caller: Caller,
    Name(name): Name,
    Parameters(asked): Parameters<RenameParameters>,
) -> Result<Json<RoleBody>, Problem> {
    let new_name = parsed("newName", &asked.new_name)?;
    Ok(Json(roles::rename(&state, &caller, &name, new_name).await?.into()))
}
