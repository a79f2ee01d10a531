//! `/api/v1/global-permissions`: the ids that tokens and roles can have.

use axum::Json;
use axum::extract::State;
use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;
use crate::api::refusals::Unproven;
use crate::caller::Caller;
use crate::state::AppState;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints.routes(routes!(list_global_permissions))
}

/// Lists the permissions this server knows: its own ones first, then those of its applications. For everybody.
#[utoipa::path(
    get,
    path = "/api/v1/global-permissions",
    tag = "roles",
    responses((status = 200, description = "The ids", body = Vec<String>, example = json!(["admin", "login"])), Unproven)
)]
pub(super) async fn list_global_permissions(State(state): State<AppState>, _: Caller) -> Json<Vec<String>> {
    Json(state.catalog.ids().iter().map(ToString::to_string).collect())
}
