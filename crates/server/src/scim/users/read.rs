//! Reading users.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use patgate_core::identifier::UserId;

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

/// Lists the provider's users by name, at most 200 at once.
#[utoipa::path(
    get,
    path = "/scim/v2/Users",
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
pub(super) async fn list_scim_users(
    State(state): State<AppState>,
    client: Client,
    Query(parameters): Query<ListParameters>,
) -> Result<Response, Problem> {
    list(&state, &client, &parameters).await
}

/// Lists users as the same list by GET does, with the filter in the body.
#[utoipa::path(
    post,
    path = "/scim/v2/Users/.search",
    tag = "scim",
    request_body(content = Object, description = "A search (RFC 7644 §3.4.3)", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A list (RFC 7644 §3.4.2)", body = Object, content_type = "application/scim+json"),
        BadBody, Unproven
    )
)]
pub(super) async fn search_scim_users(
    State(state): State<AppState>,
    client: Client,
    Body(body): Body,
) -> Result<Response, Problem> {
    list(&state, &client, &ListParameters::of_search(&body)?).await
}

/// Reads one user of the provider.
#[utoipa::path(
    get,
    path = "/scim/v2/Users/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The user"),
        ("attributes" = Option<String>, Query, description = "Nothing but these, separated by commas"),
        ("excludedAttributes" = Option<String>, Query, description = "All but these, separated by commas"),
    ),
    responses(
        (status = 200, description = "The user (RFC 7643 §4.1)", body = Object, content_type = "application/scim+json"),
        Malformed, Missing, Unproven
    )
)]
pub(super) async fn read_scim_user(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<UserId>,
    headers: HeaderMap,
    Query(parameters): Query<ReadParameters>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let user = resource(&state, &scim::read_user(&state, &client, id).await?);
    let known = Tags::not_to_match(&headers);
    if known.are_there() && known.name(&user) {
        return Ok(answer::not_modified(&user));
    }
    Ok(answer::resource(StatusCode::OK, user, &projection))
}

async fn list(state: &AppState, client: &Client, parameters: &ListParameters) -> Result<Response, Problem> {
    let request = parameters.read()?;
    let (total, users) = scim::list_users(state, client, request.filter.as_ref(), request.window).await?;
    let resources = users.iter().map(|user| resource(state, user));
    Ok(answer::body(StatusCode::OK, &request.answer(total, resources)))
}
