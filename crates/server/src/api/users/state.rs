//! `POST /api/v1/users/{username}/disable` and `/enable`: whether a user may act.

use axum::extract::State;
use http::StatusCode;
use patgate_core::user::Username;

use crate::api::path::Name;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users::{self, Edit};
use crate::state::AppState;

/// Disables a user: their sessions end, and their tokens do not pass until they are enabled again. Needs
/// `security#edit`, and every permission that the user has.
#[utoipa::path(
    post,
    path = "/api/v1/users/{username}/disable",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 204, description = "They are disabled"), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn disable_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<StatusCode, Problem> {
    set(&state, &caller, username, false).await
}

/// Enables a user again: their tokens pass as before. Needs `security#edit`, and every permission that the user has.
#[utoipa::path(
    post,
    path = "/api/v1/users/{username}/enable",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 204, description = "They are enabled"), Malformed, Unproven, Missing)
)]
pub(super) async fn enable_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<StatusCode, Problem> {
    set(&state, &caller, username, true).await
}

async fn set(
    state: &AppState,
    caller: &Caller,
    username: Username,
    login_allowed: bool,
) -> Result<StatusCode, Problem> {
    let edit = Edit { login_allowed: Some(login_allowed), ..Edit::of(username) };
    users::change_one(state, caller, edit).await?;
    Ok(StatusCode::NO_CONTENT)
}
