//! `POST /api/v1/users/{username}/unlock`: letting a user try passwords again.

use axum::extract::State;
use http::StatusCode;

use crate::api::path::Name;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Forgets the wrong passwords under a user's name, on this node. Needs `security#edit`, and all that the user holds. An
/// address from which many wrong passwords came stays slowed down.
#[utoipa::path(
    post,
    path = "/api/v1/users/{username}/unlock",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 204, description = "They are forgotten"), Malformed, Unproven, Missing)
)]
pub(super) async fn unlock_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<StatusCode, Problem> {
    users::unlock(&state, &caller, &username).await?;
    Ok(StatusCode::NO_CONTENT)
}
