//! `GET /api/v1/users/{username}`: one user.

use axum::Json;
use axum::extract::State;

use super::account::UserAccount;
use crate::api::path::Name;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Reads one user: oneself, or with `security#view` or `security#edit` anybody.
#[utoipa::path(
    get,
    path = "/api/v1/users/{username}",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 200, description = "The user", body = UserAccount), Malformed, Unproven, Missing)
)]
pub(super) async fn read_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<Json<UserAccount>, Problem> {
    Ok(Json(users::read(&state, &caller, &username).await?.into()))
}
