//! `POST /api/v1/reminders/runs`: running reminders now.

use axum::extract::State;
use http::StatusCode;

use super::body::RunBody;
use crate::api::refusals::Unproven;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders;
use crate::state::AppState;

/// Looks for tokens that expire soon, and plans mails about those whose owners were not told before. They are sent within
/// a minute; the nights come as they would have come. Needs `security#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/reminders/runs",
    tag = "reminders",
    responses((status = 201, description = "The run", body = RunBody), Unproven)
)]
pub(super) async fn run_reminders(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<(StatusCode, axum::Json<RunBody>), Problem> {
    let run = reminders::run_now(&state, &caller).await?;
    let listed = reminders::run(&state, &caller, run.id).await?;
    Ok((StatusCode::CREATED, axum::Json(listed.into())))
}
