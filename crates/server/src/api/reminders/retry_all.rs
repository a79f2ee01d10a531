//! `POST /api/v1/reminders/runs/{id}/retry`: trying all mails of a run again that failed.

use axum::extract::State;
use patgate_core::identifier::RunId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders;
use crate::state::AppState;

/// What became of the failed mails.
#[derive(Serialize, ToSchema)]
#[schema(as = RetriedReminderMails)]
pub(super) struct RetriedBody {
    /// How many are tried again.
    retried: u64,
    /// How many stay as they are, because a newer mail tells of some of the same tokens.
    overtaken: u64,
}

/// Lets all mails of a run that failed be tried again, at the addresses that their owners have now. Needs
/// `security#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/reminders/runs/{id}/retry",
    tag = "reminders",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "How many are tried again", body = RetriedBody), Unproven, Missing)
)]
pub(super) async fn retry_mails_of_run(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<RunId>,
) -> Result<axum::Json<RetriedBody>, Problem> {
    let mails = reminders::retry_all(&state, &caller, id).await?;
    Ok(axum::Json(RetriedBody { retried: mails.retried, overtaken: mails.overtaken }))
}
