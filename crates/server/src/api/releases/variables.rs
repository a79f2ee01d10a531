//! The variables of templates and releases.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::Value;

use super::alike;
use super::body::{VariableBody, values};
use super::place::ReleasePlace;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// Lists the variables of a template. Needs `release#view`, `template#create` or `release#create`.
#[utoipa::path(
    get,
    path = "/api/v1/templates/{id}/variables",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The variables", body = Vec<VariableBody>), Unproven, Missing)
)]
pub(super) async fn read_template_variables(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<Vec<VariableBody>>, Problem> {
    alike::read_variables(&state, &caller, Sort::Template, &id).await
}

/// Lists the variables of a release; passwords are `********`. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases/{id}/variables",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The variables", body = Vec<VariableBody>), Unproven, Missing)
)]
pub(super) async fn read_release_variables(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<Vec<VariableBody>>, Problem> {
    alike::read_variables(&state, &caller, Sort::Release, &id).await
}

/// Reads the values of a release's variables by their keys, without passwords. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases/{id}/variableValues",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The values", body = Object), Unproven, Missing)
)]
pub(super) async fn read_variable_values(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<BTreeMap<String, Value>>, Problem> {
    let found = releases::read(&state, &caller, Sort::Release, &id).await?;
    let shown = values(&found).into_iter();
    Ok(axum::Json(shown.filter_map(|(key, value)| Some((key, serde_json::to_value(value).ok()?))).collect()))
}
