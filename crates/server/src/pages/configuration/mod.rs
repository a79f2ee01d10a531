//! *Configuration*: the Explorer of the configuration items, and their forms, which are drawn from the descriptors of the
//! types. `/configuration`.
//!
//! Addresses hold an item's number, so that it may be renamed and moved while somebody edits it.

mod delete;
mod edit;
mod explorer;
mod form;
mod test_mail;
mod tree;

use axum::Router;
use axum::routing::get;
use patgate_core::identifier::ItemNumber;
use patgate_core::permission::names::CONFIG_EDIT;

use super::Visitor;
use crate::state::AppState;

/// Where the Explorer is.
const EXPLORER: &str = "/configuration";

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/configuration", get(explorer::show))
        .route("/configuration/new", get(edit::show_new).post(edit::create))
        .route("/configuration/{item}", get(edit::show).post(edit::save))
        .route("/configuration/{item}/delete", get(delete::ask).post(delete::delete))
        .route("/configuration/{item}/test-mail", get(test_mail::ask).post(test_mail::send))
}

fn path(number: ItemNumber) -> String {
    format!("{EXPLORER}/{number}")
}

fn may_edit(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[CONFIG_EDIT])
}
