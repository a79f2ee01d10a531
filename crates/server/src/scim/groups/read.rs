//! Reading groups.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use patgate_core::identifier::GroupId;

use super::resource::resource;
use crate::api::query::Query;
use crate::problem::Problem;
use crate::scim::answer;
use crate::scim::body::Body;
use crate::scim::list::{ListParameters, ReadParameters};
use crate::scim::named::Named;
use crate::scim::refusals::{BadBody, Malformed, Missing, Unproven};
use crate::scim::tag::Tags;
use crate::service::scim::{self, Client};
use crate::state::AppState;

/// Lists the provider's groups by name, at most 200 at once. `excludedAttributes=members` spares both sides much.
#[utoipa::path(
    get,
    path = "/scim/v2/Groups",
    tag = "scim",
    params(
        ("filter" = Option<String>, Query, description = "RFC 7644 §3.4.2.2, at most 1,000 characters"),
        ("startIndex" = Option<i64>, Query, description = "The first one, from 1"),
        ("count" = Option<i64>, Query, description = "How many at most; 200 at most"),
        ("attributes" = Option<String>, Query, description = "Nothing but these, separated by commas"),
        ("excludedAttributes" = Option<String>, Query, description = "All but these, separated by commas"),
    ),
    responses(
        (status = 200, description = "A list (RFC 7644 §3.4.2)", body = Object, content_type = "application/scim+json"),
        Malformed, Unproven
    )
)]
pub(super) async fn list_scim_groups(
    State(state): State<AppState>,
    client: Client,
    Query(parameters): Query<ListParameters>,
) -> Result<Response, Problem> {
    list(&state, &client, &parameters).await
}

/// Lists groups as the same list by GET does, with the filter in the body.
#[utoipa::path(
    post,
    path = "/scim/v2/Groups/.search",
    tag = "scim",
    request_body(content = Object, description = "A search (RFC 7644 §3.4.3)", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A list (RFC 7644 §3.4.2)", body = Object, content_type = "application/scim+json"),
        BadBody, Unproven
    )
)]
pub(super) async fn search_scim_groups(
    State(state): State<AppState>,
    client: Client,
    Body(body): Body,
) -> Result<Response, Problem> {
    list(&state, &client, &ListParameters::of_search(&body)?).await
}

/// Reads one group of the provider.
#[utoipa::path(
    get,
    path = "/scim/v2/Groups/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The group"),
        ("attributes" = Option<String>, Query, description = "Nothing but these, separated by commas"),
        ("excludedAttributes" = Option<String>, Query, description = "All but these, separated by commas"),
    ),
    responses(
        (status = 200, description = "The group (RFC 7643 §4.2)", body = Object, content_type = "application/scim+json"),
        Malformed, Missing, Unproven
    )
)]
pub(super) async fn read_scim_group(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<GroupId>,
    headers: HeaderMap,
    Query(parameters): Query<ReadParameters>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let known = Tags::not_to_match(&headers);
    let with_members = projection.has("members") || known.are_there();
    let group = resource(&state, &scim::read_group(&state, &client, id, with_members).await?);
    if known.are_there() && known.name(&group) {
        return Ok(answer::not_modified(&group));
    }
    Ok(answer::resource(StatusCode::OK, group, &projection))
}

async fn list(state: &AppState, client: &Client, parameters: &ListParameters) -> Result<Response, Problem> {
    let request = parameters.read()?;
    let with_members = request.projection.has("members");
    let filter = request.filter.as_ref();
    let (total, groups) = scim::list_groups(state, client, filter, request.window, with_members).await?;
    let resources = groups.iter().map(|group| resource(state, group));
    Ok(answer::body(StatusCode::OK, &request.answer(total, resources)))
}
