//! Whether the scripts of a draft can be read, before it is saved.

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use patgate_core::identifier::UserId;
use patgate_core::release::TaskKind;

use super::Sort;
use super::draft::ReleaseDraft;
use crate::caller::Caller;
use crate::edge::Stopwatch;
use crate::problem::{FieldFault, Problem};
use crate::script::{CheckFailed, Failure, Workers};
use crate::state::AppState;

/// How long all scripts of a draft may wait for others together.
const TURN: Duration = Duration::from_secs(30);
/// How long all scripts of a draft may take together.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so many faults one looks no further.
const MOST_FAULTS: usize = 20;

/// Demands that every script of a draft can be read. Nothing of it is run.
///
/// # Errors
/// 403 for who may not save it; 400 that names each task whose script cannot be read, with the line and its text; 503 when they
/// waited too long for others.
pub async fn require_readable(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    draft: &ReleaseDraft,
) -> Result<(), Problem> {
    caller.require(state, sort.edits())?;
    let faults = faults(ScriptChecks::new(&state.scripts, caller.user), draft).await?;
    if faults.is_empty() { Ok(()) } else { Err(Problem::fields(faults)) }
}

/// Looks at the scripts that somebody saves at once.
pub(crate) struct ScriptChecks<'w> {
    workers: &'w Workers,
    whose: UserId,
    /// How long they may wait for others yet: what takes longer than that is nobody's fault who saves.
    turn: Left,
    /// How long they may take yet.
    patience: Left,
}

impl<'w> ScriptChecks<'w> {
    /// Of somebody.
    pub(crate) fn new(workers: &'w Workers, whose: UserId) -> Self {
        Self { workers, whose, turn: Left(TURN), patience: Left(PATIENCE) }
    }

    /// What is wrong with a script, if anything: where it is none; that it is too long, or that reading it took too much. One
    /// that nobody could look at passes, and the log tells: that is no fault of the script, which is read again when it runs.
    ///
    /// # Errors
    /// 503 when the scripts waited too long for others; 400 when they took too long themselves.
    pub(crate) async fn fault(&mut self, script: &str) -> Result<Option<CheckFailed>, Problem> {
        let place = self.turn.within(self.workers.place_to_check(self.whose)).await.ok_or_else(busy)?;
        match self.patience.within(place.check(script)).await.ok_or_else(too_slow)? {
            Err(CheckFailed::NotChecked(why @ (Failure::NoWorker { .. } | Failure::Died { .. }))) => {
                tracing::warn!(%why, "a script is saved that could not be checked");
                Ok(None)
            }
            checked => Ok(checked.err()),
        }
    }
}

/// How much time is left.
struct Left(Duration);

impl Left {
    /// Does something within it, and takes off how long that took. `None`: it was not enough.
    async fn within<T>(&mut self, act: impl Future<Output = T>) -> Option<T> {
        let stopwatch = Stopwatch::start();
        let done = tokio::time::timeout(self.0, act).await.ok();
        self.0 = self.0.saturating_sub(stopwatch.elapsed());
        done
    }
}

fn busy() -> Problem {
    let detail = "So many scripts are being checked that yours were not read; try again in a few seconds";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(5)
}

fn too_slow() -> Problem {
    Problem::field("phases", format!("The scripts were not read within {} s", PATIENCE.as_secs()))
}

async fn faults(mut checks: ScriptChecks<'_>, draft: &ReleaseDraft) -> Result<Vec<FieldFault>, Problem> {
    let mut faults = Vec::new();
    // Tasks often share a script.
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    for (at, phase) in draft.phases.iter().flatten().enumerate() {
        for (place, task) in phase.tasks.iter().enumerate() {
            let TaskKind::Script { script } = &task.kind else { continue };
            let why = match known.get(script.as_str()) {
                Some(why) => why.clone(),
                None => {
                    let why = checks.fault(script).await?.map(|fault| told(&fault, script));
                    known.insert(script, why.clone());
                    why
                }
            };
            if let Some(why) = why {
                let field = format!("phases[{at}].tasks[{place}].script");
                faults.push(FieldFault { field, detail: format!("The task `{}`: {why}", task.title) });
            }
            if faults.len() >= MOST_FAULTS {
                return Ok(faults);
            }
        }
    }
    Ok(faults)
}

/// What is wrong with a script, with the line and its text.
fn told(fault: &CheckFailed, script: &str) -> String {
    match fault {
        CheckFailed::Syntax(fault) => {
            let text = script.lines().nth(fault.line.saturating_sub(1) as usize).unwrap_or_default().trim();
            let place = format!("line {}, column {}: {}", fault.line, fault.column, fault.message);
            if text.is_empty() { place } else { format!("{place}: `{text}`") }
        }
        CheckFailed::NotChecked(why) => why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use patgate_core::release::LONGEST_SCRIPT;

    use super::*;
    use crate::script::Limits;
    use crate::service::releases::{PhaseDraft, TaskDraft};

    const ANN: UserId = UserId::from_i64(1);
    const BOB: UserId = UserId::from_i64(2);

    /// Their program is not there: every script that is looked at passes.
    fn workers() -> Workers {
        Workers::new("/nowhere/patgate".into(), Limits::default(), 1)
    }

    #[tokio::test]
    async fn who_waits_for_a_script_of_their_own_may_try_again_and_somebody_else_does_not_wait() {
        let workers = workers();
        let _place = workers.place_to_check(ANN).await;
        let look = async |whose: UserId| {
            let checks = ScriptChecks::new(&workers, whose);
            ScriptChecks { turn: Left(Duration::ZERO), ..checks }.fault("print(1)").await
        };
        assert!(matches!(look(BOB).await, Ok(None)));
        let refused = look(ANN).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.wrong_field()), (503, None));
    }

    #[tokio::test]
    async fn what_takes_longer_than_is_left_is_given_up_and_time_that_was_taken_is_not_there_any_more() {
        let mut left = Left(Duration::from_millis(20));
        assert_eq!((left.within(pending::<()>()).await, left.0), (None, Duration::ZERO));
        assert_eq!(left.within(async { 7 }).await, Some(7), "what takes none");
    }

    #[tokio::test]
    async fn after_so_many_faults_one_looks_no_further() {
        // What is too long is given to no process.
        let workers = workers();
        let task = |number: usize| TaskDraft {
            id: None,
            title: number.to_string(),
            description: String::new(),
            kind: TaskKind::Script { script: format!("{number}{}", " ".repeat(LONGEST_SCRIPT)) },
            restarts_when_interrupted: false,
        };
        let tasks: Vec<_> = (0..MOST_FAULTS + 5).map(task).collect();
        let draft = |count: usize| {
            let (title, description) = ("All".to_owned(), String::new());
            let phase = PhaseDraft { id: None, title, description, tasks: tasks[..count].to_vec() };
            ReleaseDraft { phases: Some(vec![phase]), ..ReleaseDraft::default() }
        };
        for (count, told) in [(1, 1), (MOST_FAULTS - 1, MOST_FAULTS - 1), (MOST_FAULTS + 5, MOST_FAULTS)] {
            let faults = faults(ScriptChecks::new(&workers, ANN), &draft(count)).await.unwrap();
            let (last, at) = (faults.last().unwrap(), told - 1);
            assert_eq!((faults.len(), &last.field), (told, &format!("phases[0].tasks[{at}].script")));
            let too_long = Failure::TooLong { what: "text", bytes: LONGEST_SCRIPT };
            assert_eq!(last.detail, format!("The task `{at}`: {too_long}"));
        }
    }
}
