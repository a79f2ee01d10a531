//! Ending one's sessions: one of them, or all, on every computer.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::header::SET_COOKIE;

use super::PROFILE;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::sessions;
use crate::session::{self, SessionName, cookie};
use crate::state::AppState;

/// The page that asks.
#[derive(Template)]
#[template(path = "pages/profile_logout.html")]
struct LogOutPage {
    shell: Shell,
    count: usize,
}

/// `GET /account/profile/logout`.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let page = LogOutPage {
        shell: Shell::new(&state, &visitor, "Log out everywhere", PROFILE),
        count: sessions::own(&state, &visitor.caller).await?.len(),
    };
    Ok(Html(page.render()?).into_response())
}

/// `POST /account/profile/logout`.
pub(super) async fn end_all(State(state): State<AppState>, form: Submitted) -> PageResult {
    sessions::close_all(&state, &form.visitor.caller).await?;
    Ok(to_login(&state))
}

/// `POST /account/profile/sessions/{session}`.
pub(super) async fn end_one(
    State(state): State<AppState>,
    Named(name): Named<SessionName>,
    form: Submitted,
) -> PageResult {
    sessions::close_own(&state, &form.visitor.caller, &name).await?;
    if name == SessionName::of(form.visitor.session.digest.as_bytes()) {
        return Ok(to_login(&state));
    }
    Ok(redirect(&state, "/account/profile?done=ended"))
}

fn to_login(state: &AppState) -> axum::response::Response {
    let forget = cookie::forget(session::cookie_name(state));
    ([(SET_COOKIE, forget)], redirect(state, "/login?done=logged-out")).into_response()
}
