//! `GET /api/v1/session`: the caller's session, with its CSRF token.

use axum::extract::State;
use axum::response::Response;

use super::{SessionBody, no_session};
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::sessions;
use crate::state::AppState;

/// Reads the session that the request is made with.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "session",
    security(("session" = [])),
    responses((status = 200, description = "The session", body = SessionBody), Unproven, Missing)
)]
pub(super) async fn read_session(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let (session, user) = sessions::current(&state, &caller).await?.ok_or_else(no_session)?;
    let username = user.username.as_str();
    Ok(SessionBody::new(username, &user.full_name, &session.csrf, session.expires_at).into_answer())
}
