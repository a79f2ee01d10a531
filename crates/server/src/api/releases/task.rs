//! Tasks: where a release is, one of them, its approval, and what it said.

use axum::extract::State;
use jiff::Timestamp;
use patgate_store::LogPlace;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::TaskBody;
use super::place::{ReleasePlace, TaskOfPath};
use crate::api::json::Json;
use crate::api::page::ASKED;
use crate::api::page::cut;
use crate::api::query::Parameters;
use crate::api::refusals::{BadBody, Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// What who approves says.
#[derive(Deserialize, ToSchema)]
pub(super) struct CommentForm {
    /// What people will read.
    comment: Option<String>,
}

/// From where a log goes on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogParameters {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Some of what a task said.
#[derive(Serialize, ToSchema)]
pub(super) struct TaskLog {
    /// The lines, the first one first.
    lines: Vec<TaskLine>,
    /// Where the next page begins, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A line.
#[derive(Serialize, ToSchema)]
struct TaskLine {
    /// In which run of the task, from 1.
    run: u32,
    /// Which line of the run, from 1.
    line: u32,
    /// When it was said.
    at: Timestamp,
    /// What was said, without secrets.
    text: String,
}

/// Lists the tasks at which a release is: the one that is next, that runs or waits for somebody, or that failed. Needs
/// `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/releases/{id}/active-tasks",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The tasks", body = Vec<TaskBody>), Unproven, Missing)
)]
pub(super) async fn read_active_tasks(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
) -> Result<axum::Json<Vec<TaskBody>>, Problem> {
    let found = releases::read(&state, &caller, Sort::Release, &id).await?;
    Ok(axum::Json(TaskBody::active(&found.release)))
}

/// Reads a task. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/tasks/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The task", body = TaskBody), Unproven, Missing)
)]
pub(super) async fn read_release_task(
    State(state): State<AppState>,
    caller: Caller,
    TaskOfPath(place): TaskOfPath,
) -> Result<axum::Json<TaskBody>, Problem> {
    let found = releases::read(&state, &caller, Sort::Release, &place.release).await?;
    let (phase, task) = found.release.task_at(&place).ok_or_else(|| Problem::not_found("task"))?;
    Ok(axum::Json(TaskBody::new(&found.release.id, phase, task)))
}

/// Approves a gate that waits for it. Needs `release#create`.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{id}/complete",
    tag = "release",
    params(("id" = String, Path, description = "Its id; slashes as they are, or as `%2F`")),
    request_body = CommentForm,
    responses((status = 200, description = "The task", body = TaskBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn complete_task(
    State(state): State<AppState>,
    caller: Caller,
    TaskOfPath(place): TaskOfPath,
    Json(form): Json<CommentForm>,
) -> Result<axum::Json<TaskBody>, Problem> {
    let approved = releases::approve(&state, &caller, &place, form.comment).await?;
    let task = approved.release.task_at(&place).ok_or_else(|| Problem::not_found("task"))?;
    Ok(axum::Json(TaskBody::new(&approved.release.id, task.0, task.1)))
}

/// Lets a release go on from the task that failed; its script runs again, and is marked so. Needs `release#create`.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{id}/retry",
    tag = "release",
    params(("id" = String, Path, description = "Its id; slashes as they are, or as `%2F`")),
    request_body = CommentForm,
    responses((status = 200, description = "The task", body = TaskBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn retry_task(
    State(state): State<AppState>,
    caller: Caller,
    TaskOfPath(place): TaskOfPath,
    Json(_form): Json<CommentForm>,
) -> Result<axum::Json<TaskBody>, Problem> {
    let retried = releases::retry(&state, &caller, &place).await?;
    let task = retried.release.task_at(&place).ok_or_else(|| Problem::not_found("task"))?;
    Ok(axum::Json(TaskBody::new(&retried.release.id, task.0, task.1)))
}

/// Reads what a task said, a hundred lines a page. Needs `release#view`.
#[utoipa::path(
    get,
    path = "/api/v1/tasks/{id}/log",
    tag = "release",
    params(("id" = String, Path, description = "Its id; slashes as they are, or as `%2F`"), LogParameters),
    responses((status = 200, description = "The lines", body = TaskLog), Malformed, Unproven, Missing)
)]
pub(super) async fn read_task_log(
    State(state): State<AppState>,
    caller: Caller,
    TaskOfPath(place): TaskOfPath,
    Parameters(asked): Parameters<LogParameters>,
) -> Result<axum::Json<TaskLog>, Problem> {
    let after = asked.after.as_deref().map(str::parse::<LogPlace>).transpose();
    let after =
        after.map_err(|why| Problem::field("after", format!("The query parameter `after`: {why}")))?;
    let lines = releases::log(&state, &caller, &place, after, ASKED).await?;
    let (lines, next) = cut(lines, |line| line.place);
    let lines = lines.into_iter().map(|line| TaskLine {
        run: line.place.run,
        line: line.place.line,
        at: line.at,
        text: line.said,
    });
    Ok(axum::Json(TaskLog { lines: lines.collect(), next }))
}
