//! Releases: listed, read, changed before they start, and deleted.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use patgate_store::ReleaseFilter;

use super::alike;
use super::body::{PLANNED_OR_ACTIVE, ReleaseBody};
use super::form::ReleaseForm;
use super::place::ReleasePlace;
use crate::api::json::Json;
use crate::api::page::Paging;
use crate::api::refusals::{BadBody, Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::Sort;
use crate::state::AppState;

/// Lists the releases that wait to be started or are under way, the newest first. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases",
    tag = "release",
    params(Paging),
    responses((status = 200, description = "The releases", body = Vec<ReleaseBody>), Malformed, Unproven)
)]
pub(super) async fn list_releases(
    State(state): State<AppState>,
    caller: Caller,
    paging: Paging,
) -> Result<Response, Problem> {
    let filter = ReleaseFilter { statuses: PLANNED_OR_ACTIVE.to_vec(), ..ReleaseFilter::default() };
    alike::list(&state, &caller, Sort::Release, &filter, paging.page()).await
}

/// Reads a release. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The release", body = ReleaseBody), Unproven, Missing)
)]
pub(super) async fn read_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    alike::read(&state, &caller, Sort::Release, &id).await
}

/// Changes a release that was not started; what is not sent stays. Needs `release#create`. When somebody else than who
/// entered the user for automated tasks changes a script, there is none any more.
#[utoipa::path(
    put,
    path = "/api/v1/releases/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    request_body = ReleaseForm,
    responses((status = 200, description = "The release", body = ReleaseBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn update_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Json(form): Json<ReleaseForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    alike::update(&state, &caller, Sort::Release, &id, form).await
}

/// Deletes a release that is not under way, with what its tasks said. Needs `release#create`.
#[utoipa::path(
    delete,
    path = "/api/v1/releases/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 204, description = "It is gone"), Unproven, Missing, Conflict)
)]
pub(super) async fn delete_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<StatusCode, Problem> {
    alike::delete(&state, &caller, Sort::Release, &id).await
}
