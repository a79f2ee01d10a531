//! *Audit log*: who did what to what, when and from where, `/admin/audit`.

pub(super) mod detail;
mod download;
pub(super) mod event;
mod list;
mod query;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/admin/audit";

/// The addresses of this page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/audit", get(list::show)).route("/admin/audit.jsonl", get(download::download))
}
