//! The calls, as clients know them.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use patgate_core::identifier::GroupId;

use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::problem::Problem;
use crate::scim::body::Body;
use crate::scim::list::{ListParameters, ReadParameters};
use crate::scim::refusals::{BadBody, Malformed, Missing, Overtaken, Taken, Unproven};
use crate::scim::resource;
use crate::service::scim::{Client, SeenGroup};
use crate::state::AppState;

/// Lists the provider's groups by name, at most 200 at once. `excludedAttributes=members` spares both sides much.
#[utoipa::path(
    get,
    path = "/scim/v2/Groups",
    tag = "scim",
    params(ListParameters),
    responses(
        (status = 200, description = "A list (RFC 7644 §3.4.2)", body = Object, content_type = "application/scim+json"),
        Malformed, Unproven
    )
)]
pub(super) async fn list_scim_groups(
    State(state): State<AppState>,
    client: Client,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    resource::list::<SeenGroup>(&state, &client, &parameters).await
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
    resource::list::<SeenGroup>(&state, &client, &ListParameters::of_search(&body)?).await
}

/// Reads one group of the provider.
#[utoipa::path(
    get,
    path = "/scim/v2/Groups/{id}",
    tag = "scim",
    params(("id" = String, Path, description = "The group"), ReadParameters),
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
    Parameters(parameters): Parameters<ReadParameters>,
) -> Result<Response, Problem> {
    resource::read::<SeenGroup>(&state, &client, id, &parameters, &headers).await
}

/// Makes a group. Its members have its name among their groups in the same moment, and what roles give to it.
#[utoipa::path(
    post,
    path = "/scim/v2/Groups",
    tag = "scim",
    request_body(
        content = Object, content_type = "application/scim+json",
        description = "A group (RFC 7643 §4.2): `displayName`, `externalId` and at most 10,000 `members`"
    ),
    responses(
        (status = 201, description = "The group", body = Object, content_type = "application/scim+json"),
        BadBody, Taken, Unproven
    )
)]
pub(super) async fn create_scim_group(
    State(state): State<AppState>,
    client: Client,
    Parameters(parameters): Parameters<ReadParameters>,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::create::<SeenGroup>(&state, &client, &parameters, &body).await
}

/// Puts a group in the place of what was said before: who is not among its members leaves it.
#[utoipa::path(
    put,
    path = "/scim/v2/Groups/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The group"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    request_body(content = Object, description = "A group (RFC 7643 §4.2)", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The group", body = Object, content_type = "application/scim+json"),
        BadBody, Missing, Taken, Overtaken, Unproven
    )
)]
pub(super) async fn replace_scim_group(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<GroupId>,
    Parameters(parameters): Parameters<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::replace::<SeenGroup>(&state, &client, id, &parameters, &headers, &body).await
}

/// Changes some of a group (RFC 7644 §3.5.2): members come and go without the others being named. Answers with the
/// group where `attributes` asks for some of it.
#[utoipa::path(
    patch,
    path = "/scim/v2/Groups/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The group"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    request_body(content = Object, description = "`Operations`", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The group", body = Object, content_type = "application/scim+json"),
        (status = 204, description = "It is changed"),
        BadBody, Missing, Taken, Overtaken, Unproven
    )
)]
pub(super) async fn patch_scim_group(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<GroupId>,
    Parameters(parameters): Parameters<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::patch::<SeenGroup>(&state, &client, id, &parameters, &headers, &body).await
}

/// Deletes a group: in the same moment nobody is in one of its name any more.
#[utoipa::path(
    delete,
    path = "/scim/v2/Groups/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The group"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    responses((status = 204, description = "It is deleted"), Malformed, Missing, Overtaken, Unproven)
)]
pub(super) async fn delete_scim_group(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<GroupId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    resource::delete::<SeenGroup>(&state, &client, id, &headers).await
}
