//! What users and groups have in common: how each call becomes an answer (RFC 7644 §3). The files `endpoints.rs` document
//! the calls, and [`Resource`] is what differs.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use patgate_core::scim::Filter;
use patgate_store::ScimWindow;
use serde_json::{Map, Value};

use super::list::{ListParameters, ReadParameters};
use super::patch::{Operation, OperationKind, as_operations, read_operations};
use super::projection::Projection;
use super::{answer, tag};
use crate::problem::Problem;
use crate::service::scim::Client;
use crate::state::AppState;

/// A kind of resource, as it was seen. `whole` says whether what may be large is read as well.
pub(super) trait Resource: Sized {
    /// Which one.
    type Id;
    /// What a client says of one that it sends whole.
    type Draft;
    /// The attribute that may be large, and without which a resource has no tag. A change of a resource that has one is
    /// answered with it only when somebody asks for some of it.
    const LARGE: Option<&'static str>;

    /// As JSON, with its tag when it is whole.
    fn to_json(&self, state: &AppState) -> Value;

    /// What the members of a resource say.
    fn draft(members: Vec<Operation>) -> Result<Self::Draft, Problem>;

    async fn list(
        state: &AppState,
        client: &Client,
        filter: Option<&Filter>,
        window: ScimWindow,
        whole: bool,
    ) -> Result<(u64, Vec<Self>), Problem>;

    async fn read(state: &AppState, client: &Client, id: Self::Id, whole: bool) -> Result<Self, Problem>;

    async fn create(state: &AppState, client: &Client, draft: Self::Draft) -> Result<Self, Problem>;

    /// Puts a draft in its place, unless `check` refuses what is there.
    async fn replace(
        state: &AppState,
        client: &Client,
        id: Self::Id,
        draft: Self::Draft,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem>;

    /// Does these operations, unless `check` refuses what is there.
    async fn patch(
        state: &AppState,
        client: &Client,
        id: Self::Id,
        operations: Vec<Operation>,
        whole: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<Self, Problem>;

    /// Takes it away, unless `check` refuses what is there.
    async fn delete(
        state: &AppState,
        client: &Client,
        id: Self::Id,
        whole: bool,
        check: impl FnOnce(&Self) -> Result<(), Problem> + Send,
    ) -> Result<(), Problem>;
}

pub(super) async fn list<R: Resource>(
    state: &AppState,
    client: &Client,
    parameters: &ListParameters,
) -> Result<Response, Problem> {
    let request = parameters.read()?;
    let (filter, whole) = (request.filter.as_ref(), is_whole::<R>(&request.projection));
    let (total, found) = R::list(state, client, filter, request.window, whole).await?;
    let resources = found.iter().map(|one| one.to_json(state));
    Ok(answer::body(StatusCode::OK, &request.answer(total, resources)))
}

pub(super) async fn read<R: Resource>(
    state: &AppState,
    client: &Client,
    id: R::Id,
    parameters: &ReadParameters,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let known = tag::not_to_match(headers);
    let whole = is_whole::<R>(&projection) || known.are_named();
    let resource = R::read(state, client, id, whole).await?.to_json(state);
    if tag::is_among(&known, &resource) {
        return Ok(answer::not_modified(&resource));
    }
    Ok(answer::resource(StatusCode::OK, resource, &projection))
}

pub(super) async fn create<R: Resource>(
    state: &AppState,
    client: &Client,
    parameters: &ReadParameters,
    body: &Map<String, Value>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let draft = R::draft(as_operations(OperationKind::Add, body)?)?;
    let made = R::create(state, client, draft).await?;
    Ok(answer::resource(StatusCode::CREATED, made.to_json(state), &projection))
}

pub(super) async fn replace<R: Resource>(
    state: &AppState,
    client: &Client,
    id: R::Id,
    parameters: &ReadParameters,
    headers: &HeaderMap,
    body: &Map<String, Value>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let tags = tag::to_match(headers)?;
    let draft = R::draft(as_operations(OperationKind::Add, body)?)?;
    let check = |before: &R| tag::check(&tags, &before.to_json(state));
    let changed = R::replace(state, client, id, draft, check).await?;
    Ok(answer::resource(StatusCode::OK, changed.to_json(state), &projection))
}

pub(super) async fn patch<R: Resource>(
    state: &AppState,
    client: &Client,
    id: R::Id,
    parameters: &ReadParameters,
    headers: &HeaderMap,
    body: &Map<String, Value>,
) -> Result<Response, Problem> {
    let projection = parameters.projection()?;
    let tags = tag::to_match(headers)?;
    let operations = read_operations(body)?;
    let is_answered = R::LARGE.is_none() || projection.is_asked_for();
    let whole = tags.are_named() || (is_answered && is_whole::<R>(&projection));
    let check = |before: &R| tag::check(&tags, &before.to_json(state));
    let changed = R::patch(state, client, id, operations, whole, check).await?;
    if is_answered {
        Ok(answer::resource(StatusCode::OK, changed.to_json(state), &projection))
    } else {
        Ok(answer::empty(StatusCode::NO_CONTENT))
    }
}

pub(super) async fn delete<R: Resource>(
    state: &AppState,
    client: &Client,
    id: R::Id,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let tags = tag::to_match(headers)?;
    let check = |before: &R| tag::check(&tags, &before.to_json(state));
    R::delete(state, client, id, tags.are_named(), check).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// Whether an answer needs what may be large.
fn is_whole<R: Resource>(projection: &Projection) -> bool {
    R::LARGE.is_none_or(|attribute| projection.has(attribute))
}
