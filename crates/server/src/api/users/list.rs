//! `GET /api/v1/users`: the users, by name.

use axum::Json;
use axum::extract::State;
use patgate_store::UserFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::account::UserAccount;
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Unproven};
use crate::api::time;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::users;
use crate::state::AppState;

/// Which users are asked for; all of these must be true of a user.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct UserParameters {
    /// The mail address contains this, whatever the case.
    email: Option<String>,
    /// The full name contains this, whatever the case.
    full_name: Option<String>,
    /// Whether they may act.
    login_allowed: Option<bool>,
    /// Whether they come from a directory or from single sign-on.
    external: Option<bool>,
    /// They signed in after this (RFC 3339, or a time or a day of the server's zone).
    last_active_after: Option<String>,
    /// They signed in before this (RFC 3339, or a time or a day of the server's zone).
    last_active_before: Option<String>,
}

/// Lists users by name. Needs `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "users",
    params(UserParameters, Paging),
    responses((status = 200, description = "The users", body = Vec<UserAccount>), Malformed, Unproven)
)]
pub(super) async fn list_users(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<UserParameters>,
    paging: Paging,
) -> Result<Json<Vec<UserAccount>>, Problem> {
    let filter = UserFilter {
        email: asked.email,
        full_name: asked.full_name,
        login_allowed: asked.login_allowed,
        external: asked.external,
        last_active_after: time::read(&state.zone, "lastActiveAfter", asked.last_active_after)?,
        last_active_before: time::read(&state.zone, "lastActiveBefore", asked.last_active_before)?,
        ..UserFilter::default()
    };
    let listed = users::list(&state, &caller, &filter, paging.page()).await?;
    Ok(Json(listed.into_iter().map(UserAccount::from).collect()))
}
