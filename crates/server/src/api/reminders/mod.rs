//! `/api/v1/reminders/**`: the runs that look for tokens that expire soon, and what became of their mails.

mod body;
mod mails;
mod preview;
mod retry;
mod retry_all;
mod run_now;
mod runs;
mod sample;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::identifier::{MailId, RunId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(runs::list_reminder_runs, run_now::run_reminders))
        .routes(routes!(runs::read_reminder_run))
        .routes(routes!(mails::list_mails_of_run))
        .routes(routes!(mails::list_mails))
        .routes(routes!(retry::retry_mail))
        .routes(routes!(retry_all::retry_mails_of_run))
        .routes(routes!(preview::preview_reminders))
        .routes(routes!(sample::send_reminder_sample))
}

/// The run that a path names. What can be no identifier is answered like one that is missing.
struct NamedRun(RunId);

/// The mail that a path names.
struct NamedMail(MailId);

impl<S: Send + Sync> FromRequestParts<S> for NamedRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        named(parts, state).await.map(Self).ok_or_else(|| Problem::not_found("run"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NamedMail {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        named(parts, state).await.map(Self).ok_or_else(|| Problem::not_found("failed mail"))
    }
}

async fn named<T: std::str::FromStr>(parts: &mut Parts, state: &(impl Send + Sync)) -> Option<T> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    params.iter().next()?.1.parse().ok()
}
