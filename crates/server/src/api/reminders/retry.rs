//! `POST /api/v1/reminders/mails/{id}/retry`: trying a mail again that failed.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::MailId;

use crate::api::path::Named;
use crate::api::refusals::{Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders;
use crate::state::AppState;

/// Lets a mail that failed be tried again, at the address that its owner has now. One that has not failed
/// is not found here. Needs `security#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/reminders/mails/{id}/retry",
    tag = "reminders",
    params(("id" = String, Path, description = "The mail")),
    responses((status = 204, description = "It is tried again"), Unproven, Missing, Conflict)
)]
pub(super) async fn retry_mail(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<MailId>,
) -> Result<StatusCode, Problem> {
    reminders::retry(&state, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
