//! Ending one's sessions: one of them, or all, on every computer.

use axum::extract::State;

use super::PROFILE;
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::logout::to_login;
use crate::pages::paging::{ASKED, ROWS};
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::sessions;
use crate::session::SessionName;
use crate::state::AppState;

/// `GET /account/profile/logout`.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let sessions = match sessions::own(&state, &visitor.caller, ASKED).await?.len() {
        1 => "Your one session ends.".to_owned(),
        count if count > ROWS => "All your sessions end, this one too.".to_owned(),
        count => format!("All your {count} sessions end, this one too."),
    };
    let question = Confirm {
        shell: Shell::new(&state, &visitor, "Log out everywhere", PROFILE),
        heading: "Log out everywhere?".to_owned(),
        sentences: vec![format!("{sessions} Your tokens go on working.")],
        action: format!("{PROFILE}/logout"),
        button: "End all sessions",
        is_danger: true,
        is_possible: true,
        cancel: PROFILE.to_owned(),
    };
    question.ask()
}

/// `POST /account/profile/logout`.
pub(super) async fn end_all(State(state): State<AppState>, form: Submitted) -> PageResult {
    sessions::close_all(&state, &form.visitor.caller).await?;
    Ok(to_login(&state, "logged-out"))
}

/// `POST /account/profile/sessions/{session}`.
pub(super) async fn end_one(
    State(state): State<AppState>,
    Named(name): Named<SessionName>,
    form: Submitted,
) -> PageResult {
    sessions::close_own(&state, &form.visitor.caller, &name).await?;
    if name == SessionName::of(form.visitor.session.digest.as_bytes()) {
        return Ok(to_login(&state, "logged-out"));
    }
    Ok(redirect(&state, "/account/profile?done=ended"))
}
