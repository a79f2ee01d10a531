//! Making, changing and taking away users.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use patgate_core::identifier::UserId;

use super::draft::UserDraft;
use super::resource::resource;
use crate::api::query::Query;
use crate::problem::Problem;
use crate::scim::answer;
use crate::scim::body::Body;
use crate::scim::list::ReadParameters;
use crate::scim::named::Named;
use crate::scim::patch::{OperationKind, as_operations, read_operations};
use crate::scim::refusals::{BadBody, Malformed, Missing, Overtaken, Taken, Unproven};
use crate::scim::tag::Tags;
use crate::service::scim::{self, Client, SeenUser, UserWords};
use crate::state::AppState;

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
    Query(parameters): Query<ReadParameters>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let words = UserDraft::of_resource(as_operations(OperationKind::Add, &body)?)?.words(None)?;
    let user = scim::create_user(&state, &client, &words).await?;
    Ok(answer::resource(StatusCode::CREATED, resource(&state, &user), &projection))
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
    Query(parameters): Query<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let draft = UserDraft::of_resource(as_operations(OperationKind::Add, &body)?)?;
    change(&state, &client, id, &parameters, &headers, |before| {
        // Who leaves the key out does not mean to change it.
        draft.with_key_of(&before.user).words(None)
    })
    .await
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
    Query(parameters): Query<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let operations = read_operations(&body)?;
    change(&state, &client, id, &parameters, &headers, |before| {
        let mut draft = UserDraft::of_user(&before.user);
        operations.into_iter().try_for_each(|operation| draft.apply(operation))?;
        draft.words(Some(&before.user.full_name))
    })
    .await
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
    let tags = Tags::to_match(&headers);
    scim::delete_user(&state, &client, id, |before| tags.check(&resource(&state, before))).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn change(
    state: &AppState,
    client: &Client,
    id: UserId,
    parameters: &ReadParameters,
    headers: &HeaderMap,
    edit: impl FnOnce(&SeenUser) -> Result<UserWords, Problem>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let tags = Tags::to_match(headers);
    let edit = |before: &SeenUser| {
        tags.check(&resource(state, before))?;
        edit(before)
    };
    let user = scim::change_user(state, client, id, edit).await?;
    Ok(answer::resource(StatusCode::OK, resource(state, &user), &projection))
}
