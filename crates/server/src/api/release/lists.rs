//! `GET /api/v1/releases` and `GET /api/v1/templates`.
//!
//! This server makes no releases yet (issue 8), so its lists have nothing in them. Who may see them is asked all the
//! same: a script that tries its token here learns what it may do.

use axum::Json;
use axum::extract::State;
use patgate_core::permission::names::{RELEASE_VIEW, TEMPLATE_CREATE};
use utoipa::ToSchema;

use crate::api::page::Paging;
use crate::api::refusals::{Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// A release or a template.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct Release {
    /// Which.
    #[schema(example = "Applications/Release1")]
    id: String,
}

/// Lists the releases of this server. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases",
    tag = "release",
    params(Paging),
    responses((status = 200, description = "The releases", body = Vec<Release>), Malformed, Unproven)
)]
pub(super) async fn list_releases(
    State(state): State<AppState>,
    caller: Caller,
    _: Paging,
) -> Result<Json<Vec<Release>>, Problem> {
    caller.require(&state, RELEASE_VIEW)?;
    Ok(Json(Vec::new()))
}

/// Lists the templates of this server. Needs `release#view` or `template#create`.
#[utoipa::path(
    get,
    path = "/api/v1/templates",
    tag = "release",
    params(Paging),
    responses((status = 200, description = "The templates", body = Vec<Release>), Malformed, Unproven)
)]
pub(super) async fn list_templates(
    State(state): State<AppState>,
    caller: Caller,
    _: Paging,
) -> Result<Json<Vec<Release>>, Problem> {
    caller.require_any(&state, &[RELEASE_VIEW, TEMPLATE_CREATE])?;
    Ok(Json(Vec::new()))
}
