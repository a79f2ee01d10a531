//! *All tokens*: everybody's tokens, `/admin/tokens`.

mod csv;
mod delete;
mod list;
mod one;
mod query;
mod row;

use axum::Router;
use axum::routing::get;
use patgate_core::permission::names::TOKEN_DELETE_ALL;

use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/admin/tokens";
/// Who may delete other people's tokens.
const DELETES: &str = TOKEN_DELETE_ALL;

/// The addresses of this page.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/tokens", get(list::show))
        .route("/admin/tokens.csv", get(csv::download))
        .route("/admin/tokens/delete", get(delete::ask).post(delete::delete))
        .route("/admin/tokens/{id}", get(one::show))
}
