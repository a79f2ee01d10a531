//! `PUT /api/v1/users`: changing several users in one transaction.

use axum::extract::State;

use super::account::{UserAccount, UserAccountForm};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// The most users in one call: each may bring a password, and each password is slow.
const MOST: usize = 100;

/// Changes several users, all or none of them. The rules are those for one.
#[utoipa::path(
    put,
    path = "/api/v1/users",
    tag = "users",
    request_body(content = Vec<UserAccountForm>, description = "At most 100 users, each with `username`"),
    responses(
        (status = 200, description = "The users as they are now", body = Vec<UserAccount>),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_users(
    State(state): State<AppState>,
    caller: Caller,
    Json(forms): Json<Vec<UserAccountForm>>,
) -> Result<axum::Json<Vec<UserAccount>>, Problem> {
    if forms.len() > MOST {
        return Err(Problem::field(format!("[{MOST}]"), format!("One call changes at most {MOST} users")));
    }
    let edits = forms.into_iter().enumerate().map(|(at, form)| form.into_edit_at(at));
    let changed = users::change(&state, &caller, edits.collect::<Result<_, _>>()?).await?;
    Ok(axum::Json(changed.into_iter().map(UserAccount::from).collect()))
}
