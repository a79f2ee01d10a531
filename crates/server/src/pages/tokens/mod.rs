//! *Access tokens*: one's own tokens, `/account/tokens`.

mod clear;
mod delete;
mod form;
mod generate;
mod like;
mod list;
pub(super) mod listed;
mod made;
pub(super) mod row;

use axum::Router;
use axum::routing::get;
use patgate_core::identifier::GrantId;
use patgate_core::user::Origin;

use crate::problem::Problem;
use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/account/tokens";

/// The addresses of this page.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/account/tokens", get(list::show))
        .route("/account/tokens/new", get(generate::show).post(generate::submit))
        .route("/account/tokens/expired/clear", get(clear::ask).post(clear::clear))
        .route("/account/tokens/{id}/delete", get(delete::ask).post(delete::delete))
}

/// Why somebody of this origin cannot make tokens.
fn closed(origin: Origin) -> String {
    format!("An administrator has switched personal access tokens off for {}.", origin.people())
}

/// The token that an address names. What cannot be the id of a token is answered like one that is missing.
pub(super) fn named(id: &str) -> Result<GrantId, Problem> {
    id.parse().map_err(|_| Problem::not_found("token"))
}
