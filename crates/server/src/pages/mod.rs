//! The web pages: one file or folder a page, rendered on the server, whole without JavaScript.
//!
//! A handler takes a [`Visitor`] (a page) or a [`Submitted`] (a form), calls the same use cases of `service` as the API,
//! and answers with a template of `templates/pages`. What it cannot answer becomes a [`Refused`], which [`refused::dress`]
//! turns into the log-in page or a page that says what is wrong.

mod api;
pub mod assets;
mod design;
mod field;
mod login;
mod logout;
pub mod refused;
mod shell;
mod submitted;
mod time;
mod visitor;

use axum::Router;
use axum::middleware;
use axum::routing::get;

pub use self::field::{Choice, Field};
pub use self::refused::Refused;
pub use self::shell::{Notice, Shell};
pub use self::submitted::{Fields, Submitted};
pub use self::time::{Moment, Pill};
pub use self::visitor::Visitor;
use crate::state::AppState;

/// What a page handler answers.
pub type PageResult = Result<axum::response::Response, Refused>;

/// Every page. Their addresses are those of `docs/reference/pages.md`.
pub fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/", get(shell::home))
        .route("/login", get(login::show).post(login::sign_in))
        .route("/logout", get(logout::ask).post(logout::sign_out))
        .route("/design", get(design::show))
        .merge(api::routes())
        .layer(middleware::from_fn_with_state(state.clone(), refused::dress))
        .merge(assets::routes())
}
