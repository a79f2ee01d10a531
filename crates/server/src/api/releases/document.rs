//! What the calls of templates and of releases do alike.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use patgate_core::release::ReleaseId;
use patgate_store::{Page, ReleaseFilter};

use super::body::{ReleaseBody, VariableBody, variables};
use super::form::ReleaseForm;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// A page of whole ones.
pub(super) async fn list(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    filter: &ReleaseFilter,
    page: Page,
) -> Result<Response, Problem> {
    sort.require_sight(state, caller)?;
    let _room = state.releases.room(page.size).await;
    let found = releases::list(state, caller, sort, filter, page).await?;
    // Written here, so that the room is kept until none of them is in memory any more.
    Ok(axum::Json(ReleaseBody::all(state, found)).into_response())
}

/// Reads one.
pub(super) async fn read(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let found = releases::read(state, caller, sort, id).await?;
    Ok(axum::Json(ReleaseBody::new(state, found)))
}

/// Changes one, when its scripts can be read.
pub(super) async fn update(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
    form: ReleaseForm,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let (version, draft) = (form.version(), form.into_draft()?);
    releases::require_readable(state, caller, sort, &draft).await?;
    let changed = releases::update(state, caller, sort, id, version, draft).await?;
    Ok(axum::Json(ReleaseBody::new(state, changed)))
}

/// Deletes one.
pub(super) async fn delete(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
) -> Result<StatusCode, Problem> {
    releases::delete(state, caller, sort, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the variables of one.
pub(super) async fn read_variables(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    id: &ReleaseId,
) -> Result<axum::Json<Vec<VariableBody>>, Problem> {
    Ok(axum::Json(variables(&releases::read(state, caller, sort, id).await?)))
}
