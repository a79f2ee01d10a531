//! Whether the scripts of a draft can be read, before it is saved.

use std::collections::HashMap;
use std::time::Duration;

use patgate_core::identifier::UserId;
use patgate_core::release::{LONGEST_SCRIPT, TaskKind};

use super::Sort;
use super::draft::ReleaseDraft;
use crate::caller::Caller;
use crate::problem::{FieldFault, Problem};
use crate::script::{CheckFailed, Failure, Workers};
use crate::state::AppState;

/// How long all scripts of a draft may take together.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so many faults one looks no further.
const MOST_FAULTS: usize = 20;

/// Demands that every script of a draft can be read. Nothing of it is run.
///
/// # Errors
/// 403 for who may not save it; 400 that names each task whose script cannot be read, with the line and its text.
pub async fn require_readable(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    draft: &ReleaseDraft,
) -> Result<(), Problem> {
    caller.require(state, sort.edits())?;
    let looked = tokio::time::timeout(PATIENCE, faults(&state.scripts, caller.user, draft)).await;
    let faults = looked.map_err(|_| {
        Problem::field("phases", format!("The scripts were not read within {} s", PATIENCE.as_secs()))
    })?;
    if faults.is_empty() { Ok(()) } else { Err(Problem::fields(faults)) }
}

async fn faults(workers: &Workers, whose: UserId, draft: &ReleaseDraft) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    // Tasks often share a script.
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    for (at, phase) in draft.phases.iter().flatten().enumerate() {
        for (place, task) in phase.tasks.iter().enumerate() {
            let TaskKind::Script { script } = &task.kind else { continue };
            let why = match known.get(script.as_str()) {
                Some(why) => why.clone(),
                None => {
                    let why = fault(workers, whose, script).await;
                    known.insert(script, why.clone());
                    why
                }
            };
            if let Some(why) = why {
                let field = format!("phases[{at}].tasks[{place}].script");
                faults.push(FieldFault { field, detail: format!("The task `{}`: {why}", task.title) });
            }
            if faults.len() >= MOST_FAULTS {
                return faults;
            }
        }
    }
    faults
}

/// Looks whether a script that somebody saves can be read. One that nobody could look at passes, and the log tells: that is no fault of the
/// script, which is read again when it runs.
///
/// # Errors
/// Where it is no script; that it is too long, or that reading it took too much.
pub(crate) async fn check_script(workers: &Workers, whose: UserId, script: &str) -> Result<(), CheckFailed> {
    // A process takes more than a release has room for.
    if script.len() > LONGEST_SCRIPT {
        return Err(CheckFailed::NotChecked(Failure::TooLong { what: "text", bytes: LONGEST_SCRIPT }));
    }
    match workers.check(whose, script).await {
        Err(CheckFailed::NotChecked(why @ (Failure::NoWorker { .. } | Failure::Died { .. }))) => {
            tracing::warn!(%why, "a script is saved that could not be checked");
            Ok(())
        }
        checked => checked,
    }
}

/// What is wrong with a script.
async fn fault(workers: &Workers, whose: UserId, script: &str) -> Option<String> {
    match check_script(workers, whose, script).await {
        Ok(()) => None,
        Err(CheckFailed::Syntax(fault)) => {
            let text = script.lines().nth(fault.line.saturating_sub(1) as usize).unwrap_or_default().trim();
            let place = format!("line {}, column {}: {}", fault.line, fault.column, fault.message);
            Some(if text.is_empty() { place } else { format!("{place}: `{text}`") })
        }
        Err(CheckFailed::NotChecked(why)) => Some(why.to_string()),
    }
}
