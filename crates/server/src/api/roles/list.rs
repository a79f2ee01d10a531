//! `GET /api/v1/roles`: the roles, by name.

use axum::Json;
use axum::extract::State;
use patgate_store::RoleFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::RoleBody;
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles;
use crate::state::AppState;

/// Which roles are asked for; both must be true of a role.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct RoleParameters {
    /// The name contains this, whatever the case.
    role_name: Option<String>,
    /// The name of a principal contains this, whatever the case.
    principal_name: Option<String>,
}

/// Lists roles by name. Needs `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/roles",
    tag = "roles",
    params(RoleParameters, Paging),
    responses((status = 200, description = "The roles", body = Vec<RoleBody>), Malformed, Unproven)
)]
pub(super) async fn list_roles(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<RoleParameters>,
    paging: Paging,
) -> Result<Json<Vec<RoleBody>>, Problem> {
    let filter = RoleFilter { role_name: asked.role_name, principal_name: asked.principal_name };
    let listed = roles::list(&state, &caller, &filter, paging.page()).await?;
    Ok(Json(listed.into_iter().map(RoleBody::from).collect()))
}
