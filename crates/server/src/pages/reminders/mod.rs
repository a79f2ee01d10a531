//! *Reminders*, for administrators: the runs that look for tokens that expire soon, and what became of their mails.
//! `/admin/reminders`.

mod list;
mod mail;
mod mails;
mod retry;
mod retry_all;
mod row;
mod run_now;

use axum::Router;
use axum::routing::get;

pub(super) use self::row::RunRow;
use super::Visitor;
use crate::service::reminders::RUNS;
use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/admin/reminders";

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/reminders", get(list::show))
        .route("/admin/reminders/run", get(run_now::ask).post(run_now::run))
        .route("/admin/reminders/mails", get(mails::show_all))
        .route("/admin/reminders/mails/{id}", get(mail::show))
        .route("/admin/reminders/mails/{id}/retry", get(retry::ask).post(retry::retry))
        .route("/admin/reminders/{id}", get(mails::show_run))
        .route("/admin/reminders/{id}/retry", get(retry_all::ask).post(retry_all::retry))
}

/// Whether somebody may run reminders, and have a mail tried again.
fn may_run(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[RUNS])
}
