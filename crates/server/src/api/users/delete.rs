//! `DELETE /api/v1/users/{username}`: deleting a user, for good.

use axum::extract::State;
use http::StatusCode;

use crate::api::path::Name;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Deletes a user with all their tokens and sessions. Needs `security#edit`, and every permission that the user has.
/// A user made again under the name gets nothing of it back.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{username}",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 204, description = "They are deleted"), Malformed, Unproven, Missing, Conflict)
)]
pub(super) async fn delete_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<StatusCode, Problem> {
    users::delete(&state, &caller, &username).await?;
    Ok(StatusCode::NO_CONTENT)
}
