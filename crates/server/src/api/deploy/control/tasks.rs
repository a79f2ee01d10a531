//! `/deployit/tasks/v2/{id}`: a control task. Older clients call it `/deployit/task/{id}`.

use axum::extract::State;
use http::StatusCode;

use super::super::wire::{Answer, Format};
use crate::api::path::Word;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::control::{self, ControlTask};
use crate::state::AppState;

/// Shows a control task of the caller's: how far it is, and what happened. Needs `config#view` or `config#edit`. It is known
/// to the server that made it, for an hour after anything last happened to it.
#[utoipa::path(
    get,
    path = "/deployit/tasks/v2/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "The task")),
    responses(
        (status = 200, description = "The task", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_task(
    State(state): State<AppState>,
    caller: Caller,
    Word(id): Word,
    format: Format,
) -> Result<Answer<ControlTask>, Problem> {
    Ok(Answer(format, control::look(&state, &caller, &id)?))
}

/// Starts a control task that was not started, or failed. Needs `config#edit`. Does not wait for its end.
#[utoipa::path(
    post,
    path = "/deployit/tasks/v2/{id}/start",
    tag = "deploy",
    params(("id" = String, Path, description = "The task")),
    responses((status = 204, description = "It runs"), InText)
)]
pub(super) async fn start_task(
    State(state): State<AppState>,
    caller: Caller,
    Word(id): Word,
) -> Result<StatusCode, Problem> {
    control::start(&state, &caller, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Archives a control task that has ended well. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/deployit/tasks/v2/{id}/archive",
    tag = "deploy",
    params(("id" = String, Path, description = "The task")),
    responses((status = 204, description = "It is archived"), InText)
)]
pub(super) async fn archive_task(
    State(state): State<AppState>,
    caller: Caller,
    Word(id): Word,
) -> Result<StatusCode, Problem> {
    control::archive(&state, &caller, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives up a control task that was not started, or failed. Needs `config#edit`.
#[utoipa::path(
    delete,
    path = "/deployit/tasks/v2/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "The task")),
    responses((status = 204, description = "It is given up"), InText)
)]
pub(super) async fn cancel_task(
    State(state): State<AppState>,
    caller: Caller,
    Word(id): Word,
) -> Result<StatusCode, Problem> {
    control::cancel(&state, &caller, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
