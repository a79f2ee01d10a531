//! `/api/v1/reminders/**`: the runs that look for tokens that expire soon, and what became of their mails.

mod body;
mod mails;
mod preview;
mod retry;
mod retry_all;
mod run_now;
mod runs;
mod sample;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(runs::list_reminder_runs, run_now::run_reminders))
        .routes(routes!(runs::read_reminder_run))
        .routes(routes!(mails::list_mails_of_run))
        .routes(routes!(mails::list_mails))
        .routes(routes!(retry::retry_mail))
        .routes(routes!(retry_all::retry_mails_of_run))
        .routes(routes!(preview::preview_reminders))
        .routes(routes!(sample::send_reminder_sample))
}
