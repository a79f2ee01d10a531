//! `GET /api/v1/reminders/runs` and `GET /api/v1/reminders/runs/{id}`: what the last runs did.

use axum::extract::State;
use patgate_core::identifier::RunId;
use patgate_store::Seek;

use super::body::RunBody;
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders;
use crate::state::AppState;

/// How many runs are listed: a quarter of a year of nights.
const LISTED: u64 = 100;

/// Lists the last 100 runs, newest first. Needs `config#view`, `config#edit`, `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/reminders/runs",
    tag = "reminders",
    responses((status = 200, description = "The runs", body = Vec<RunBody>), Unproven)
)]
pub(super) async fn list_reminder_runs(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<Vec<RunBody>>, Problem> {
    let runs = reminders::runs(&state, &caller, &Seek::Start, LISTED).await?;
    Ok(axum::Json(runs.into_iter().map(RunBody::from).collect()))
}

/// Reads a run. Needs what listing them needs.
#[utoipa::path(
    get,
    path = "/api/v1/reminders/runs/{id}",
    tag = "reminders",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RunBody), Unproven, Missing)
)]
pub(super) async fn read_reminder_run(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<RunId>,
) -> Result<axum::Json<RunBody>, Problem> {
    Ok(axum::Json(reminders::run(&state, &caller, id).await?.into()))
}
