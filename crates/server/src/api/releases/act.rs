//! What people do with a release.

use axum::extract::State;
use patgate_core::release::{PhaseId, RestartFrom, TaskId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::ReleaseBody;
use super::place::ReleasePlace;
use crate::api::json::Json;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases;
use crate::state::AppState;

/// Why a release is aborted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AbortForm {
    /// What people will read.
    abort_comment: Option<String>,
}

/// From where a release goes on.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct RestartParameters {
    /// From the first task of this phase; from the task that failed when neither is sent.
    from_phase_id: Option<String>,
    /// From this task.
    from_task_id: Option<String>,
}

/// Starts a release. Needs `release#create`. When the user for automated tasks does not pass, nothing is started.
#[utoipa::path(
    post,
    path = "/api/v1/releases/{id}/start",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The release", body = ReleaseBody), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn start_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let started = releases::start(&state, &caller, &id).await?;
    Ok(axum::Json(ReleaseBody::new(&state, started)))
}

/// Aborts a release; a script that runs is stopped. Needs `release#abort`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/{id}/abort",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    request_body = AbortForm,
    responses((status = 200, description = "The release", body = ReleaseBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn abort_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Json(form): Json<AbortForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let aborted = releases::abort(&state, &caller, &id, form.abort_comment).await?;
    Ok(axum::Json(ReleaseBody::new(&state, aborted)))
}

/// Lets a failed release go on, from the task that failed or from one before it. What runs again is marked so. Needs
/// `release#create`.
#[utoipa::path(
    post,
    path = "/api/v1/releases/{id}/restart",
    tag = "release",
    params(
        ("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`"),
        RestartParameters
    ),
    responses((status = 200, description = "The release", body = ReleaseBody), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn restart_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Parameters(asked): Parameters<RestartParameters>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let from = match (&asked.from_task_id, &asked.from_phase_id) {
        (Some(task), _) => RestartFrom::Task(last::<TaskId>(task)?),
        (None, Some(phase)) => RestartFrom::Phase(last::<PhaseId>(phase)?),
        (None, None) => RestartFrom::Failed,
    };
    let restarted = releases::restart(&state, &caller, &id, from).await?;
    Ok(axum::Json(ReleaseBody::new(&state, restarted)))
}

/// What the end of a place names.
fn last<I: std::str::FromStr>(place: &str) -> Result<I, Problem> {
    let last = place.rsplit('/').next().unwrap_or_default();
    last.parse().map_err(|_| Problem::not_found("phase or task"))
}
