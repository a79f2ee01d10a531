//! `GET /api/v1/deployit`: the server and the caller, as the vendor's page tries a token out.

use axum::Json;
use axum::extract::State;
use patgate_core::permission::PermissionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::refusals::Unproven;
use crate::api::settings::Instance;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// The server and who calls it.
#[derive(Serialize, ToSchema)]
pub(super) struct DeployInstance {
    #[serde(flatten)]
    instance: Instance,
    /// Who calls.
    user: CallingUser,
}

/// Who calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CallingUser {
    /// The log-in name.
    #[schema(value_type = String)]
    username: Box<str>,
    /// The name that people read.
    full_name: String,
    /// The mail address; empty when there is none.
    email: String,
    /// What this request may do: of a token, no more than the token carries.
    #[schema(value_type = Vec<String>)]
    permissions: Vec<PermissionId>,
}

/// Says what the server is, and who the caller is to it.
#[utoipa::path(
    get,
    path = "/api/v1/deployit",
    tag = "deploy",
    responses((status = 200, description = "The server and the caller", body = DeployInstance), Unproven)
)]
pub(super) async fn read_deploy(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<DeployInstance>, Problem> {
    let user = state.store.user(caller.user).await?;
    let (full_name, email) = user.map(|user| (user.full_name, user.email)).unwrap_or_default();
    let permissions = state.catalog.ids_in(caller.permissions).cloned().collect();
    let user = CallingUser { username: caller.facts.username.clone(), full_name, email, permissions };
    Ok(Json(DeployInstance { instance: Instance::this(), user }))
}
