//! `PUT /api/v1/users/{username}`: changing a user.

use axum::extract::State;

use super::account::{UserAccount, UserAccountForm};
use crate::api::json::Json;
use crate::api::path::Name;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Changes a user. Needs `security#edit`, and every permission that the user has; one's own full name, mail address
/// and password need a password or a session instead of a permission.
#[utoipa::path(
    put,
    path = "/api/v1/users/{username}",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    request_body = UserAccountForm,
    responses(
        (status = 200, description = "The user as they are now", body = UserAccount),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    Json(form): Json<UserAccountForm>,
) -> Result<axum::Json<UserAccount>, Problem> {
    let changed = users::change_one(&state, &caller, form.into_edit(username)?).await?;
    Ok(axum::Json(changed.into()))
}
