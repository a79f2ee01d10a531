//! What the calls of templates and of releases do alike.

use axum::response::Response;
use http::StatusCode;
use patgate_core::release::{ReleaseId, check_tags, check_title};
use patgate_store::{Page, ReleaseFilter};

use super::body::{ReleaseBody, VariableBody, variables};
use super::form::ReleaseForm;
use super::whole::{self, Around};
use crate::caller::Caller;
use crate::problem::{Problem, capitalised};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// Demands that a title that is sought could be a part of one: no database takes a pattern of any length. An empty one may be
/// sought as well.
pub(super) fn require_title(field: &'static str, title: &str) -> Result<(), Problem> {
    if title.is_empty() {
        return Ok(());
    }
    check_title(title).map_err(|unfit| Problem::field(field, capitalised(&unfit)))
}

/// Demands that tags that are sought could be those of one: each is a condition, and no database takes any number of them.
pub(super) fn require_tags(field: &'static str, tags: &[String]) -> Result<(), Problem> {
    check_tags(tags).map_err(|unfit| Problem::field(field, capitalised(&unfit)))
}

/// A page of whole ones.
pub(super) async fn list(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    filter: &ReleaseFilter,
    page: Page,
) -> Result<Response, Problem> {
    let around = Around::of(&Vec::<ReleaseBody>::new())?;
    whole::list(state, caller, sort, filter, page, around).await
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
