//! The web pages: one file or folder a page, rendered on the server, whole without JavaScript.
//!
//! A handler takes a [`Visitor`] and a [`Query`] (a page) or a [`Submitted`] (a form), calls the same use cases of `service`
//! as the API, and answers with a template of `templates/pages`. What it cannot answer becomes a [`Refused`], which
//! [`refused::dress`] turns into the log-in page, a page that keeps what was typed, or one that says what is wrong.

mod all_tokens;
pub(crate) mod api;
pub mod assets;
mod audit;
mod beginning;
mod configuration;
mod confirm;
mod delivery;
mod design;
mod download;
mod external;
mod field;
mod form;
mod freshness;
mod guard;
mod kept;
mod login;
mod logout;
mod notifications;
mod paging;
mod permission;
mod profile;
pub mod refused;
mod releases;
mod reminders;
mod reset;
mod roles;
mod settings;
mod shell;
mod submitted;
mod time;
mod tokens;
mod users;
mod visitor;
mod webhooks;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderMap;
use http::header::ACCEPT;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::field::{Choice, Field};
pub(crate) use self::kept::Again;
pub use self::paging::Paging;
pub use self::refused::Refused;
pub use self::shell::{Notice, Shell};
pub use self::submitted::{Fields, Query, Submitted};
pub use self::time::{Moment, Pill};
pub use self::visitor::Visitor;
use crate::problem::{BodyLimit, Problem};
use crate::state::AppState;

/// What a page handler answers.
pub type PageResult = Result<Response, Refused>;

/// Every page. Their addresses are those of `docs/reference/pages.md`. Bodies above `limit` are refused.
pub fn routes(state: &AppState, limit: BodyLimit) -> Router<AppState> {
    Router::new()
        .route("/", get(shell::home))
        .route("/login", get(login::show).post(login::sign_in))
        .route("/login/done", get(kept::logged_in))
        .route("/logout", get(logout::ask).post(logout::sign_out))
        .route("/design", get(design::show))
        .merge(external::routes())
        .merge(api::routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(roles::routes())
        .merge(configuration::routes())
        .merge(settings::routes())
        .merge(notifications::routes())
        .merge(reminders::routes())
        .merge(releases::routes())
        .merge(reset::routes())
        .merge(all_tokens::routes())
        .merge(audit::routes())
        .merge(profile::routes())
        .merge(webhooks::routes())
        .method_not_allowed_fallback(guard::no_such_method)
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(middleware::from_fn_with_state((state.clone(), limit), guard::refuse))
        .layer(middleware::from_fn_with_state(state.clone(), refused::dress))
}

/// What every address answers that is none: a page to a browser, a problem to a script.
pub fn missing(state: &AppState) -> Router<AppState> {
    let dress = middleware::from_fn_with_state(state.clone(), refused::dress);
    Router::new().fallback(nothing_here).layer(dress)
}

/// What every address answers while the server starts and can judge nobody: a page to a browser, a problem to a script.
#[must_use]
pub fn starting(state: &AppState, headers: &HeaderMap) -> Response {
    let problem = Problem::starting();
    if takes_pages(headers) { refused::starting(state, &problem) } else { problem.into_response() }
}

async fn nothing_here(headers: HeaderMap) -> Response {
    let problem = Problem::not_found("page");
    if takes_pages(&headers) { Refused::Problem(problem).into_response() } else { problem.into_response() }
}

/// Whether a browser asks, as far as it says so.
fn takes_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}
