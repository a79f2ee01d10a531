//! Making, changing and deleting groups.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use patgate_core::identifier::GroupId;

use super::edits::{NewGroup, edits};
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
use crate::service::scim::{self, Client, GroupEdit};
use crate::state::AppState;

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
    Query(parameters): Query<ReadParameters>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let new = NewGroup::of_resource(as_operations(OperationKind::Add, &body)?)?;
    let edits = vec![GroupEdit::ExternalId(new.external_id), GroupEdit::Add(new.members)];
    let group = scim::create_group(&state, &client, &new.name, edits).await?;
    Ok(answer::resource(StatusCode::CREATED, resource(&state, &group), &projection))
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
    Query(parameters): Query<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let new = NewGroup::of_resource(as_operations(OperationKind::Add, &body)?)?;
    let tags = Tags::to_match(&headers);
    let group = scim::change_group(&state, &client, id, true, |before| {
        tags.check(&resource(&state, before))?;
        let NewGroup { name, external_id, members } = new;
        Ok(vec![GroupEdit::Name(name), GroupEdit::ExternalId(external_id), GroupEdit::Replace(members)])
    })
    .await?;
    Ok(answer::resource(StatusCode::OK, resource(&state, &group), &projection))
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
    Query(parameters): Query<ReadParameters>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let edits = edits(read_operations(&body)?)?;
    let tags = Tags::to_match(&headers);
    let is_asked_for = projection.is_asked_for();
    // A group may be large: its members are read when somebody wants to know them.
    let with_members = tags.are_there() || (is_asked_for && projection.has("members"));
    let group = scim::change_group(&state, &client, id, with_members, |before| {
        tags.check(&resource(&state, before))?;
        Ok(edits)
    })
    .await?;
    if is_asked_for {
        Ok(answer::resource(StatusCode::OK, resource(&state, &group), &projection))
    } else {
        Ok(answer::empty(StatusCode::NO_CONTENT))
    }
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
    let tags = Tags::to_match(&headers);
    let check = |before: &scim::SeenGroup| tags.check(&resource(&state, before));
    scim::delete_group(&state, &client, id, tags.are_there(), check).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
