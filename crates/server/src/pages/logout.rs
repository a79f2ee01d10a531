//! `/logout`: ends the session, and leads on to the provider that vouched for it. Asked for by the menu of the avatar, whose form shows the CSRF token.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::{REFRESH, SET_COOKIE};

use super::refused::redirect;
use super::submitted::Submitted;
use super::visitor::Visitor;
use super::{PageResult, Shell};
use crate::problem::Problem;
use crate::service::sso::{self, LogOutThere};
use crate::session::{self, cookie};
use crate::state::AppState;

/// The page that leads to the provider's own log-out.
#[derive(Template)]
#[template(path = "pages/logged_out.html")]
struct LoggedOutPage {
    shell: Shell,
    there: LogOutThere,
}

/// `GET /logout`: what a reload of the address finds.
pub(super) async fn ask(State(state): State<AppState>, _: Visitor) -> PageResult {
    Ok(redirect(&state, "/account/tokens"))
}

/// `POST /logout`.
pub(super) async fn sign_out(State(state): State<AppState>, form: Submitted) -> PageResult {
    match sso::close(&state, &form.visitor.caller, &form.visitor.session.digest).await? {
        None => Ok(to_login(&state, "logged-out")),
        Some(there) => on_to(&state, there),
    }
}

/// To the provider, by a page: a browser follows no redirect from a form to another site (CSP Level 3 §6.4.1,
/// `form-action`).
fn on_to(state: &AppState, there: LogOutThere) -> PageResult {
    let onward = HeaderValue::from_str(&format!("0; url={}", there.url)).map_err(Problem::internal)?;
    let page = LoggedOutPage { shell: Shell::bare(state, "You are logged out"), there };
    let forget = cookie::forget(session::cookie_name(state));
    Ok(([(SET_COOKIE, forget), (REFRESH, onward)], Html(page.render()?)).into_response())
}

/// To the log-in page, which says what is done, with a browser that forgets the session: it has ended.
pub(super) fn to_login(state: &AppState, done: &str) -> Response {
    let forget = cookie::forget(session::cookie_name(state));
    ([(SET_COOKIE, forget)], redirect(state, &format!("/login?done={done}"))).into_response()
}
