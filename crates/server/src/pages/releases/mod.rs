//! *Releases*: what runs, its tasks and what they say, and the templates of which it is made. `/releases`.

mod acts;
mod editor;
mod list;
mod live;
mod one;
mod row;
mod start;
mod task;
mod templates;

use std::str::FromStr;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::routing::get;
use http::request::Parts;
use patgate_core::release::{ReleaseId, TaskId};

use super::Refused;
use crate::problem::Problem;
use crate::state::AppState;

/// Where the list of releases is.
const LIST: &str = "/releases";
/// Where the list of templates is.
const TEMPLATES: &str = "/releases/templates";

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/releases", get(list::show))
        .route("/releases/{id}", get(one::show))
        .route("/releases/{id}/live", get(live::watch))
        .route("/releases/{id}/start", get(acts::ask_start).post(acts::start))
        .route("/releases/{id}/abort", get(acts::ask_abort).post(acts::abort))
        .route("/releases/{id}/restart", get(acts::ask_restart).post(acts::restart))
        .route("/releases/{id}/delete", get(acts::ask_delete).post(acts::delete))
        .route("/releases/{id}/tasks/{task}", get(task::show))
        .route("/releases/{id}/tasks/{task}/approve", get(acts::ask_approve).post(acts::approve))
        .route("/releases/templates", get(templates::show))
        .route("/releases/templates/{id}/start", get(start::ask).post(start::start))
        .route("/releases/templates/{id}/delete", get(templates::ask_delete).post(templates::delete))
        .merge(editor::routes())
}

/// The page of a release.
fn path(id: &ReleaseId) -> String {
    format!("{LIST}/{}", id.as_str())
}

/// The page of a template.
fn template_path(id: &ReleaseId) -> String {
    format!("{TEMPLATES}/{}", id.as_str())
}

/// The page of a task.
fn task_path(release: &ReleaseId, task: &TaskId) -> String {
    format!("{LIST}/{}/tasks/{}", release.as_str(), task.as_str())
}

/// A release or a template, and something in it: a task, unless another type says what.
struct OfRelease<T = TaskId>(ReleaseId, T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for OfRelease<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let read = params.and_then(|params| {
            let mut texts = params.iter().map(|(_, text)| text);
            Some(Self(ReleaseId::from_str(texts.next()?).ok()?, T::from_str(texts.next()?).ok()?))
        });
        read.ok_or_else(|| Problem::not_found("page").into())
    }
}
