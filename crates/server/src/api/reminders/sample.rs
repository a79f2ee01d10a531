//! `POST /api/v1/reminders/sample`: *Send to me*.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::refusals::{Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::mail::Report;
use crate::problem::Problem;
use crate::service::{reminders, settings};
use crate::state::AppState;

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderSample)]
pub(super) struct SampleBody {
    /// Where it went.
    #[schema(example = "ann@example.org")]
    address: String,
    /// Whether the mail server took it.
    sent: bool,
    /// What went wrong, in a sentence; `null`: nothing.
    fault: Option<String>,
    /// How it went, step by step; never with a password.
    report: Report,
}

/// Sends a reminder about made-up tokens to the caller's own address, with the texts and through the mail server that are
/// set. One that is not taken is an answer too. Needs `security#edit`, an address, and a mail server that is chosen.
#[utoipa::path(
    post,
    path = "/api/v1/reminders/sample",
    tag = "reminders",
    responses((status = 200, description = "What happened", body = SampleBody), Unproven, Missing, Conflict)
)]
pub(super) async fn send_reminder_sample(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<SampleBody>, Problem> {
    let set = settings::read(&state, &caller).await?.email_notifications;
    let sample = reminders::send_sample(&state, &caller, &set).await?;
    let sent = sample.fault.is_none();
    let body = SampleBody { address: sample.address, sent, fault: sample.fault, report: sample.report };
    Ok(axum::Json(body))
}
