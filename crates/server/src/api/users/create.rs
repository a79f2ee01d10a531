//! `POST /api/v1/users/{username}`: making an internal user.

use axum::extract::State;
use http::StatusCode;

use super::account::{UserAccount, UserAccountForm};
use crate::api::json::Json;
use crate::api::path::Name;
use crate::api::refusals::{BadBody, Conflict, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Makes an internal user. Needs `security#edit`. Without a password, the user can sign in when somebody sets one.
/// A token with a permission list gives none, nor does any token while tokens may not make tokens.
#[utoipa::path(
    post,
    path = "/api/v1/users/{username}",
    tag = "users",
    params(("username" = String, Path, description = "What they will type to log in: 1 to 100 characters without `:` and `/`")),
    request_body = UserAccountForm,
    responses((status = 201, description = "The user", body = UserAccount), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    Json(form): Json<UserAccountForm>,
) -> Result<(StatusCode, axum::Json<UserAccount>), Problem> {
    let user = users::create(&state, &caller, form.into_new_user(username)?).await?;
    Ok((StatusCode::CREATED, axum::Json(user.into())))
}
