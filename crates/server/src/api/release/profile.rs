//! `GET /profile`: who the caller is, where a plug-in of a build server tries its credentials.

use axum::Json;
use axum::extract::State;

use crate::api::refusals::Unproven;
use crate::api::users::UserAccount;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Shows the caller. For everybody.
#[utoipa::path(
    get,
    path = "/profile",
    tag = "release",
    responses((status = 200, description = "The caller", body = UserAccount), Unproven)
)]
pub(super) async fn read_profile(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<UserAccount>, Problem> {
    let user = state.store.user(caller.user).await?.ok_or_else(|| Problem::not_found("user"))?;
    Ok(Json(user.into()))
}
