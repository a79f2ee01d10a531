//! `DELETE /api/v1/session`: signing out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;

use super::no_session;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::{Caller, Proof};
use crate::problem::Problem;
use crate::service::sessions;
use crate::session::{cookie, cookie_name};
use crate::state::AppState;

/// Ends the session that the request is made with, on all nodes, and takes the cookie back.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "session",
    security(("session" = [])),
    responses((status = 204, description = "Signed out"), Unproven, Missing)
)]
pub(super) async fn sign_out(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let Proof::Session(session) = &caller.proof else { return Err(no_session()) };
    sessions::close(&state, &caller, session).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie::forget(cookie_name(&state)))]).into_response())
}
