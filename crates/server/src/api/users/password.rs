//! `POST /api/v1/users/{username}/password`: a new password.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::json::Json;
use crate::api::path::Name;
use crate::api::refusals::{BadBody, Missing, Unproven};
use crate::caller::Caller;
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::users::{self, Edit, PasswordEdit};
use crate::state::AppState;

/// A new password, and for one's own also the current one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasswordChange)]
pub(super) struct PasswordForm {
    /// The current password; needed to set one's own.
    #[schema(value_type = Option<String>, write_only)]
    current_password: Option<PasswordText>,
    /// The new one: 8 characters to 1,024 bytes, and not the user name.
    #[schema(value_type = String, write_only)]
    new_password: PasswordText,
}

/// Sets a password: one's own, or with `security#edit` that of a user who has no permission that the caller lacks.
/// A token with a permission list sets none, nor does any token while tokens may not make tokens.
/// All other sessions of the user end; their tokens stay.
#[utoipa::path(
    post,
    path = "/api/v1/users/{username}/password",
    tag = "users",
    params(("username" = String, Path, description = "The user, whatever the case")),
    request_body = PasswordForm,
    responses((status = 204, description = "The new password counts"), BadBody, Unproven, Missing)
)]
pub(super) async fn set_user_password(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    Json(form): Json<PasswordForm>,
) -> Result<StatusCode, Problem> {
    let password = PasswordEdit {
        new: form.new_password,
        current: form.current_password,
        new_field: "newPassword",
        current_field: "currentPassword",
    };
    users::change_one(&state, &caller, Edit { password: Some(password), ..Edit::of(username) }).await?;
    Ok(StatusCode::NO_CONTENT)
}
