//! The calls, as clients know them.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use patgate_core::identifier::UserId;

use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::problem::Problem;
use crate::scim::body::Body;
use crate::scim::list::{ListParameters, ReadParameters};
use crate::scim::refusals::{BadBody, Malformed, Missing, Overtaken, Taken, Unproven};
use crate::scim::resource;
use crate::service::scim::{Client, SeenUser};
use crate::state::AppState;

/// Lists the provider's users by name, at most 200 at once.
#[utoipa::path(
    get,
    path = "/scim/v2/Users",
    tag = "scim",
    params(ListParameters),
    responses(
        (status = 200, description = "A list (RFC 7644 §3.4.2)", body = Object, content_type = "application/scim+json"),
        Malformed, Unproven
    )
)]
pub(super) async fn list_scim_users(
    State(state): State<AppState>,
    client: Client,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    resource::list::<SeenUser>(&state, &client, &parameters).await
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
    resource::list::<SeenUser>(&state, &client, &ListParameters::of_search(&body)?).await
}

/// Reads one user of the provider.
#[utoipa::path(
    get,
    path = "/scim/v2/Users/{id}",
    tag = "scim",
    params(("id" = String, Path, description = "The user"), ReadParameters),
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
    Parameters(parameters): Parameters<ReadParameters>,
) -> Result<Response, Problem> {
    resource::read::<SeenUser>(&state, &client, id, &parameters, &headers).await
}

/// Makes a user, or brings one back whom the provider had taken away: `externalId` is the key by which they sign in.
#[utoipa::path(
    post,
    path = "/scim/v2/Users",
    tag = "scim",
    request_body(
        content = Object, content_type = "application/scim+json",
        description = "A user (RFC 7643 §4.1). `userName` and `externalId` are needed; kept are also `displayName` or \
                       `name`, the primary one of `emails`, and `active`"
    ),
    responses(
        (status = 201, description = "The user", body = Object, content_type = "application/scim+json"),
        BadBody, Taken, Unproven
    )
)]
pub(super) async fn create_scim_user(
    State(state): State<AppState>,
    client: Client,
    Parameters(parameters): Parameters<ReadParameters>,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::create::<SeenUser>(&state, &client, &parameters, &body).await
}

/// Puts a user in the place of what was said before. Without `active`, that stays.
#[utoipa::path(
    put,
    path = "/scim/v2/Users/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The user"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    request_body(content = Object, description = "A user (RFC 7643 §4.1)", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The user", body = Object, content_type = "application/scim+json"),
        BadBody, Missing, Taken, Overtaken, Unproven
    )
)]
pub(super) async fn replace_scim_user(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<UserId>,
    Parameters(parameters): Parameters<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::replace::<SeenUser>(&state, &client, id, &parameters, &headers, &body).await
}

/// Changes some of a user (RFC 7644 §3.5.2). `active` may be a text, as Entra ID sends it.
#[utoipa::path(
    patch,
    path = "/scim/v2/Users/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The user"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    request_body(content = Object, description = "`Operations`", content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The user", body = Object, content_type = "application/scim+json"),
        BadBody, Missing, Taken, Overtaken, Unproven
    )
)]
pub(super) async fn patch_scim_user(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<UserId>,
    Parameters(parameters): Parameters<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    resource::patch::<SeenUser>(&state, &client, id, &parameters, &headers, &body).await
}

/// Takes a user away: in the same moment nothing of theirs passes any more. Making them again under the same key brings
/// them back.
#[utoipa::path(
    delete,
    path = "/scim/v2/Users/{id}",
    tag = "scim",
    params(
        ("id" = String, Path, description = "The user"),
        ("If-Match" = Option<String>, Header, description = "Only while it is one of these"),
    ),
    responses((status = 204, description = "They are taken away"), Malformed, Missing, Overtaken, Unproven)
)]
pub(super) async fn delete_scim_user(
    State(state): State<AppState>,
    client: Client,
    Named(id): Named<UserId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    resource::delete::<SeenUser>(&state, &client, id, &headers).await
}
