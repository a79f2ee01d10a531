//! What people do with a release: start, abort, restart and delete it, and approve its gates. Each is asked for first.

use axum::extract::State;
use http::StatusCode;
use patgate_core::permission::names::{RELEASE_ABORT, RELEASE_CREATE};
use patgate_core::release::{ReleaseId, RestartFrom, TaskPlace};
use patgate_store::StoredRelease;

use super::{LIST, OfRelease, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// `GET /releases/{id}/start`.
pub(super) async fn ask_start(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    of_start(&state, &visitor, &stored).ask()
}

/// `POST /releases/{id}/start`.
pub(super) async fn start(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    match releases::start(&state, &visitor.caller, &id).await {
        Ok(_) => Ok(redirect(&state, &format!("{}?done=started", path(&id)))),
        Err(problem) => of_start(&state, &visitor, &stored).refused(problem),
    }
}

/// `GET /releases/{id}/abort`.
pub(super) async fn ask_abort(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_ABORT).await?;
    of_abort(&state, &visitor, &stored).ask()
}

/// `POST /releases/{id}/abort`.
pub(super) async fn abort(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_ABORT).await?;
    match releases::abort(&state, &visitor.caller, &id, None).await {
        Ok(_) => Ok(redirect(&state, &format!("{}?done=aborted", path(&id)))),
        Err(problem) => of_abort(&state, &visitor, &stored).refused(problem),
    }
}

/// `GET /releases/{id}/restart`.
pub(super) async fn ask_restart(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    of_restart(&state, &visitor, &stored).ask()
}

/// `POST /releases/{id}/restart`.
pub(super) async fn restart(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    match releases::restart(&state, &visitor.caller, &id, RestartFrom::Failed).await {
        Ok(_) => Ok(redirect(&state, &format!("{}?done=restarted", path(&id)))),
        Err(problem) => of_restart(&state, &visitor, &stored).refused(problem),
    }
}

/// `GET /releases/{id}/delete`.
pub(super) async fn ask_delete(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    of_delete(&state, &visitor, &stored).ask()
}

/// `POST /releases/{id}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let gone = || redirect(&state, &format!("{LIST}?done=deleted"));
    let stored = match changeable(&state, &visitor, &id, RELEASE_CREATE).await {
        Ok(stored) => stored,
        // Two people delete the same release: both read that it is so.
        Err(Refused::Problem(problem)) if problem.status() == StatusCode::NOT_FOUND => return Ok(gone()),
        Err(other) => return Err(other),
    };
    match releases::delete(&state, &visitor.caller, Sort::Release, &id).await {
        Ok(()) => Ok(gone()),
        Err(problem) => of_delete(&state, &visitor, &stored).refused(problem),
    }
}

/// `GET /releases/{id}/tasks/{task}/approve`.
pub(super) async fn ask_approve(
    State(state): State<AppState>,
    OfRelease(id, task): OfRelease,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    let place = place(&stored, OfRelease(id, task))?;
    of_approve(&state, &visitor, &stored, &place).ask()
}

/// `POST /releases/{id}/tasks/{task}/approve`.
pub(super) async fn approve(
    State(state): State<AppState>,
    OfRelease(id, task): OfRelease,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id, RELEASE_CREATE).await?;
    let place = place(&stored, OfRelease(id, task))?;
    match releases::approve(&state, &visitor.caller, &place, None).await {
        Ok(_) => Ok(redirect(&state, &format!("{}?done=approved", path(&place.release)))),
        Err(problem) => of_approve(&state, &visitor, &stored, &place).refused(problem),
    }
}

async fn changeable(
    state: &AppState,
    visitor: &Visitor,
    id: &ReleaseId,
    permission: &str,
) -> Result<StoredRelease, Refused> {
    visitor.caller.require(state, permission)?;
    Ok(releases::read(state, &visitor.caller, Sort::Release, id).await?)
}

fn place(stored: &StoredRelease, OfRelease(release, task): OfRelease) -> Result<TaskPlace, Problem> {
    let phase = stored.release.task(&task).map(|(phase, _)| phase.id.clone());
    Ok(TaskPlace { release, phase: phase.ok_or_else(|| Problem::not_found("task"))?, task })
}

fn of_start(state: &AppState, visitor: &Visitor, stored: &StoredRelease) -> Confirm {
    let heading = format!("Start {}?", stored.release.title);
    let runs_as = releases::runs_as(state, stored);
    let sentence = runs_as.map_or_else(
        || "Nobody is entered as the user for automated tasks: its scripts can call nothing.".to_owned(),
        |name| format!("Its scripts call as {name}."),
    );
    question(
        state,
        visitor,
        stored,
        Words { heading, sentence, act: "start", button: "Start", is_danger: false },
    )
}

fn of_abort(state: &AppState, visitor: &Visitor, stored: &StoredRelease) -> Confirm {
    let heading = format!("Abort {}?", stored.release.title);
    let sentence =
        "The script that runs is stopped, and no task begins any more. What it has done is done.".to_owned();
    question(
        state,
        visitor,
        stored,
        Words { heading, sentence, act: "abort", button: "Abort the release", is_danger: true },
    )
}

fn of_restart(state: &AppState, visitor: &Visitor, stored: &StoredRelease) -> Confirm {
    let heading = format!("Restart {} from the task that failed?", stored.release.title);
    let sentence =
        "The script of that task runs again from its first line. What it did before, it may do twice."
            .to_owned();
    question(
        state,
        visitor,
        stored,
        Words { heading, sentence, act: "restart", button: "Restart", is_danger: false },
    )
}

fn of_delete(state: &AppState, visitor: &Visitor, stored: &StoredRelease) -> Confirm {
    let heading = format!("Delete {}?", stored.release.title);
    let sentence = "The release and what its tasks said are gone for good then.".to_owned();
    question(
        state,
        visitor,
        stored,
        Words { heading, sentence, act: "delete", button: "Delete for good", is_danger: true },
    )
}

fn of_approve(state: &AppState, visitor: &Visitor, stored: &StoredRelease, place: &TaskPlace) -> Confirm {
    let title = stored.release.task(&place.task).map(|(_, task)| task.title.clone()).unwrap_or_default();
    let words = Words {
        heading: format!("Approve {title}?"),
        sentence: format!("{} goes on with its next task.", stored.release.title),
        act: "approve",
        button: "Approve",
        is_danger: false,
    };
    let action = format!("{}/approve", super::task_path(&place.release, &place.task));
    Confirm { action, ..question(state, visitor, stored, words) }
}

/// What is said in a question.
struct Words {
    heading: String,
    sentence: String,
    act: &'static str,
    button: &'static str,
    is_danger: bool,
}

fn question(state: &AppState, visitor: &Visitor, stored: &StoredRelease, words: Words) -> Confirm {
    let Words { heading, sentence, act, button, is_danger } = words;
    let path = path(&stored.release.id);
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences: vec![sentence],
        action: format!("{path}/{act}"),
        button,
        is_danger,
        is_possible: true,
        cancel: path,
    }
}
