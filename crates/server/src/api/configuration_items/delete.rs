//! `DELETE /api/v1/configuration-items/{id}`: deleting an item.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::path::Place;
use crate::api::query::Parameters;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Over which version it is done.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteParameters {
    /// The version that was read; without it, whatever it is.
    version: Option<u64>,
}

/// Deletes a configuration item. Needs `config#edit`. A folder must be empty, and a mail server not the one of the
/// settings.
#[utoipa::path(
    delete,
    path = "/api/v1/configuration-items/{id}",
    tag = "configuration items",
    params(
        ("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`"),
        DeleteParameters
    ),
    responses((status = 204, description = "It is deleted"), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn delete_configuration_item(
    State(state): State<AppState>,
    caller: Caller,
    Place(which): Place,
    Parameters(asked): Parameters<DeleteParameters>,
) -> Result<StatusCode, Problem> {
    // Nothing is of a version that is beyond the numbers of the database.
    let version = asked.version.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    items::delete(&state, &caller, &which, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
