//! Templates: listed, made, read, changed and deleted.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use patgate_core::release::ReleaseStatus;
use patgate_store::ReleaseFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::alike::{self, require_tags, require_title};
use super::body::ReleaseBody;
use super::form::ReleaseForm;
use super::place::ReleasePlace;
use crate::api::json::Json;
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// Which templates.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TemplateParameters {
    /// With this in the title, whatever the case.
    title: Option<String>,
    /// With this tag.
    tag: Option<String>,
    /// `RELEASE`, or `WORKFLOW`, of which there are none.
    kind: Option<String>,
}

/// Lists templates, the newest first. Needs `release#view`, `template#create` or `release#create`.
#[utoipa::path(
    get,
    path = "/api/v1/templates",
    tag = "release",
    params(TemplateParameters, Paging),
    responses((status = 200, description = "The templates", body = Vec<ReleaseBody>), Malformed, Unproven)
)]
pub(super) async fn list_templates(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<TemplateParameters>,
    paging: Paging,
) -> Result<Response, Problem> {
    Sort::Template.require_sight(&state, &caller)?;
    let tags: Vec<_> = asked.tag.into_iter().filter(|tag| !tag.is_empty()).collect();
    require_title("title", asked.title.as_deref().unwrap_or_default())?;
    require_tags("tag", &tags)?;
    let filter = ReleaseFilter {
        statuses: vec![ReleaseStatus::Template],
        title: asked.title,
        tags,
        ..ReleaseFilter::default()
    };
    if asked.kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("RELEASE")) {
        return Ok(axum::Json(Vec::<ReleaseBody>::new()).into_response());
    }
    alike::list(&state, &caller, Sort::Template, &filter, paging.page()).await
}

/// Makes a template. Needs `template#create`.
#[utoipa::path(
    post,
    path = "/api/v1/templates",
    tag = "release",
    request_body = ReleaseForm,
    responses((status = 200, description = "The template", body = ReleaseBody), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_template(
    State(state): State<AppState>,
    caller: Caller,
    Json(form): Json<ReleaseForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let (id, draft) = (form.id()?, form.into_draft()?);
    releases::require_readable(&state, &caller, Sort::Template, &draft).await?;
    let made = releases::create_template(&state, &caller, id, draft).await?;
    Ok(axum::Json(ReleaseBody::new(&state, made)))
}

/// Reads a template. Needs `release#view`, `template#create` or `release#create`.
#[utoipa::path(
    get,
    path = "/api/v1/templates/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The template", body = ReleaseBody), Unproven, Missing)
)]
pub(super) async fn read_template(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    alike::read(&state, &caller, Sort::Template, &id).await
}

/// Changes a template; what is not sent stays. Needs `template#create`. When somebody else than who entered the user for
/// automated tasks changes a script, there is none any more.
#[utoipa::path(
    put,
    path = "/api/v1/templates/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    request_body = ReleaseForm,
    responses((status = 200, description = "The template", body = ReleaseBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn update_template(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Json(form): Json<ReleaseForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    alike::update(&state, &caller, Sort::Template, &id, form).await
}

/// Deletes a template; releases that were made from it stay. Needs `template#create`.
#[utoipa::path(
    delete,
    path = "/api/v1/templates/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 204, description = "It is gone"), Unproven, Missing)
)]
pub(super) async fn delete_template(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<StatusCode, Problem> {
    alike::delete(&state, &caller, Sort::Template, &id).await
}
