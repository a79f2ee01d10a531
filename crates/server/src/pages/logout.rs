//! `/logout`: ends the session. Asked for by the menu of the avatar, whose form shows the CSRF token.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;

use super::PageResult;
use super::refused::redirect;
use super::submitted::Submitted;
use super::visitor::Visitor;
use crate::service::sessions;
use crate::session::{self, cookie};
use crate::state::AppState;

/// `GET /logout`: what a reload of the address finds.
pub(super) async fn ask(State(state): State<AppState>, _: Visitor) -> PageResult {
    Ok(redirect(&state, "/account/tokens"))
}

/// `POST /logout`.
pub(super) async fn sign_out(State(state): State<AppState>, form: Submitted) -> PageResult {
    sessions::close(&state, &form.visitor.caller, &form.visitor.session.digest).await?;
    Ok(to_login(&state, "logged-out"))
}

/// To the log-in page, which says what is done, with a browser that forgets the session: it has ended.
pub(super) fn to_login(state: &AppState, done: &str) -> Response {
    let forget = cookie::forget(session::cookie_name(state));
    ([(SET_COOKIE, forget)], redirect(state, &format!("/login?done={done}"))).into_response()
}
