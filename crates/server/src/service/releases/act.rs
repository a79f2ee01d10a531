//! What people do with a release: start it, abort it, let it go on, and approve its gates.

use patgate_core::permission::names::{RELEASE_ABORT, RELEASE_CREATE};
use patgate_core::release::{Event, Refused, ReleaseId, RestartFrom, TaskPlace, TaskStatus, step};
use patgate_store::StoredRelease;
use serde_json::{Value, json};

use super::Sort;
use super::start::{next_generation, require_restartable, require_startable};
use super::variables::require_fit;
use super::write::told;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// Starts a release that waits for it. The credential is looked at first.
///
/// # Errors
/// 403 without `release#create`; 404; 409 when it was started, and when scripts have started too many one behind the other; 400
/// when a variable has no value, when all of them are more than scripts are given, or the credential does not pass: nothing is
/// started then.
pub async fn start(state: &AppState, caller: &Caller, id: &ReleaseId) -> Result<StoredRelease, Problem> {
    let act_of = Act { permission: RELEASE_CREATE, action: "release.start", event: Event::Start, at: None };
    act(state, caller, id, act_of).await
}

/// Ends a release. The script that runs is stopped; what it has done is done.
///
/// # Errors
/// 403 without `release#abort`; 404; 409 when it has ended.
pub async fn abort(
    state: &AppState,
    caller: &Caller,
    id: &ReleaseId,
    comment: Option<String>,
) -> Result<StoredRelease, Problem> {
    let event = Event::Abort { comment: comment.map(cut) };
    act(state, caller, id, Act { permission: RELEASE_ABORT, action: "release.abort", event, at: None }).await
}

/// Lets a failed release go on. What runs again is marked so. The credential is looked at first.
///
/// # Errors
/// 403 without `release#create`; 404; 409 when it has not failed, and as for [`start`]; 400 when the credential does not pass.
pub async fn restart(
    state: &AppState,
    caller: &Caller,
    id: &ReleaseId,
    from: RestartFrom,
) -> Result<StoredRelease, Problem> {
    let event = Event::Restart(from);
    let act_of = Act { permission: RELEASE_CREATE, action: "release.restart", event, at: None };
    act(state, caller, id, act_of).await
}

/// Lets a failed release go on from the task that failed, which is named.
///
/// # Errors
/// As [`restart`]; 404 for a task that is not in it, and 409 for one that has not failed.
pub async fn retry(state: &AppState, caller: &Caller, place: &TaskPlace) -> Result<StoredRelease, Problem> {
    caller.require(state, RELEASE_CREATE)?;
    let stored = Sort::Release.of(state.store.release(&place.release).await?)?;
    let (_, task) = stored.release.task_at(place).ok_or(Refused::NotInIt)?;
    if task.status != TaskStatus::Failed {
        return Err(Refused::Task(task.status).into());
    }
    restart(state, caller, &place.release, RestartFrom::Task(place.task.clone())).await
}

/// Approves a gate.
///
/// # Errors
/// 403 without `release#create`; 404, also for a task that is in another phase; 409 when it does not wait for that.
pub async fn approve(
    state: &AppState,
    caller: &Caller,
    place: &TaskPlace,
    comment: Option<String>,
) -> Result<StoredRelease, Problem> {
    let event = Event::Approve {
        task: place.task.clone(),
        by: caller.facts.username.to_string(),
        comment: comment.map(cut),
    };
    let act_of = Act { permission: RELEASE_CREATE, action: "release.approve", event, at: Some(place) };
    act(state, caller, &place.release, act_of).await
}

/// One thing that somebody does.
struct Act<'p> {
    permission: &'static str,
    action: &'static str,
    event: Event,
    /// Where the task is that it is about, when one is named: an event names it without its phase.
    at: Option<&'p TaskPlace>,
}

async fn act(
    state: &AppState,
    caller: &Caller,
    id: &ReleaseId,
    act: Act<'_>,
) -> Result<StoredRelease, Problem> {
    caller.require(state, act.permission)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(act.permission)?;
    let mut stored = Sort::Release.of(change.release(id).await?)?;
    if let Some(place) = act.at {
        stored.release.task_at(place).ok_or(Refused::NotInIt)?;
    }
    let starts = matches!(act.event, Event::Start);
    let restarts = matches!(act.event, Event::Restart(_));
    let detail = detail(state, &act.event, &stored);
    (stored.release, _) = step(&stored.release, act.event, change.now())?;
    if starts {
        require_fit(&state.sealer, &stored, None)?;
        require_startable(state, &stored).await?;
    }
    if restarts {
        require_restartable(state, &stored).await?;
    }
    if starts || restarts {
        // Also that of a release which a person made: else scripts that start those would go on for ever.
        stored.release.generation = next_generation(caller, stored.release.generation)?;
    }
    change.update_release(&stored, act.action, detail).await?;
    state.commit(change).await?;
    stored.version += 1;
    Ok(stored)
}

fn detail(state: &AppState, event: &Event, stored: &StoredRelease) -> Value {
    match event {
        Event::Abort { comment } => json!({ "comment": comment }),
        Event::Approve { task, comment, .. } => json!({ "task": task.as_str(), "comment": comment }),
        _ => json!({ "runsAs": told(state, stored) }),
    }
}

/// What people say is kept to a few lines.
fn cut(comment: String) -> String {
    const LONGEST: usize = 1_000;
    match comment.char_indices().nth(LONGEST) {
        Some((end, _)) => comment[..end].to_owned(),
        None => comment,
    }
}
