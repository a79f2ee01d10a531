//! Control tasks: what Deploy's clients have done with an item, prepared first, started then, and looked at until it has
//! ended.
//!
//! They are kept in the memory of the node that made them, an hour after anything last happened to one. A restart
//! forgets them: what a task did is done, and one that was not started never is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{ItemNumber, UserId};
use patgate_core::item::{ItemId, MAIL_SERVER};
use patgate_core::permission::names::CONFIG_EDIT;
use rand_core::CryptoRng;

use super::items::{self, ItemRef};
use super::trials;
use crate::caller::Caller;
use crate::mail::Report;
use crate::problem::Problem;
use crate::state::AppState;

/// The task that sends a test mail through a mail server.
pub const SEND_TEST_MAIL: &str = "sendTestMail";

/// How many tasks a node keeps, and how many of them may be one user's.
const MOST: usize = 1_000;
const MOST_OF_ONE: usize = 100;
/// How long a task is kept after anything last happened to it.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The tasks of this node.
#[derive(Debug, Default)]
pub struct ControlTasks(Mutex<BTreeMap<String, ControlTask>>);

/// A task as it stands.
#[derive(Clone, Debug)]
pub struct ControlTask {
    /// Its name, in the form of a UUID, as Deploy's.
    pub id: String,
    /// What it does.
    pub name: &'static str,
    /// Where the item was when it was made.
    pub item: ItemId,
    /// The log-in name of who made it.
    pub owner: String,
    /// How far it is.
    pub state: ControlState,
    /// When it was started last.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How often it failed.
    pub failures: u32,
    /// What happened, a line each.
    pub log: Vec<String>,
    number: ItemNumber,
    user: UserId,
    touched_at: Timestamp,
}

/// How far a task is, in Deploy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlState {
    /// It can be started.
    Pending,
    /// It runs.
    Executing,
    /// It did what it is for, and can be archived.
    Executed,
    /// It did not, and can be started again or cancelled.
    Failed,
    /// It is archived.
    Done,
    /// It was given up.
    Cancelled,
}

impl ControlState {
    /// Deploy's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Executing => "EXECUTING",
            Self::Executed => "EXECUTED",
            Self::Failed => "FAILED",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl ControlTasks {
    fn open(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<String, ControlTask>> {
        // Whoever panicked with the lock left whole tasks behind.
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|_, task| now.duration_since(task.touched_at) < LIFE);
        tasks
    }
}

/// Makes a task of this name for an item. It is somebody's who may change items, and nobody else sees it.
///
/// # Errors
/// 403 without `config#edit`; 404; 400 when the item has no such task; 409 when too many tasks are kept.
pub async fn make(
    state: &AppState,
    caller: &Caller,
    name: &str,
    which: &ItemRef,
) -> Result<ControlTask, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let item = items::read(state, caller, which).await?.item;
    let name = task_of(&item.type_name, name)?;
    let now = state.clock.now();
    let task = ControlTask {
        id: uuid(&mut state.random.draw()),
        name,
        item: item.id,
        owner: caller.facts.username.to_string(),
        state: ControlState::Pending,
        started_at: None,
        ended_at: None,
        failures: 0,
        log: Vec::new(),
        number: item.number,
        user: caller.user,
        touched_at: now,
    };
    let mut tasks = state.control_tasks.open(now);
    if tasks.len() >= MOST || tasks.values().filter(|task| task.user == caller.user).count() >= MOST_OF_ONE {
        // What is archived or given up makes room.
        tasks.retain(|_, task| !matches!(task.state, ControlState::Done | ControlState::Cancelled));
    }
    let own = tasks.values().filter(|task| task.user == caller.user).count();
    if tasks.len() >= MOST || own >= MOST_OF_ONE {
        let detail = "There are too many control tasks; each is forgotten an hour after it was last touched";
        return Err(Problem::conflict(detail));
    }
    tasks.insert(task.id.clone(), task.clone());
    Ok(task)
}

/// The name of a task that a type of items has.
///
/// # Errors
/// 400 when it has none of this name.
pub fn task_of(type_name: &str, name: &str) -> Result<&'static str, Problem> {
    if type_name == MAIL_SERVER.name && name == SEND_TEST_MAIL {
        return Ok(SEND_TEST_MAIL);
    }
    Err(Problem::field("controlTask", format!("`{type_name}` has no control task `{name}`")))
}

/// A task of the caller's.
///
/// # Errors
/// 403 without `config#view` and `config#edit`; 404 for one that is not there, is forgotten, or is somebody else's.
pub fn look(state: &AppState, caller: &Caller, id: &str) -> Result<ControlTask, Problem> {
    items::require_sight(state, caller)?;
    let tasks = state.control_tasks.open(state.clock.now());
    tasks.get(id).filter(|task| task.user == caller.user).cloned().ok_or_else(missing)
}

/// Starts a task, and does not wait for its end.
///
/// # Errors
/// 403 without `config#edit`; 404 as [`look`]; 409 for one that runs or has ended well; 429 when too many trials run.
pub fn start(state: &AppState, caller: &Caller, id: &str) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    look(state, caller, id)?;
    let running = trials::begin(state, caller.user)?;
    let begun = turn(state, caller, id, &[ControlState::Pending, ControlState::Failed], |task, now| {
        task.state = ControlState::Executing;
        task.started_at = Some(now);
        task.ended_at = None;
    })?;
    let (state, caller) = (state.clone(), caller.clone());
    tokio::spawn(async move {
        let which = ItemRef::Numbered(begun.number);
        let sent = items::run_test_mail(&state, &caller, &which, None, running).await;
        let (has_failed, log) = match sent {
            Ok(report) => (report.failed().is_some(), lines(&report)),
            Err(problem) => (true, vec![problem.to_string()]),
        };
        let now = state.clock.now();
        if let Some(task) = state.control_tasks.open(now).get_mut(&begun.id) {
            task.state = if has_failed { ControlState::Failed } else { ControlState::Executed };
            task.failures += u32::from(has_failed);
            (task.ended_at, task.touched_at, task.log) = (Some(now), now, log);
        }
    });
    Ok(())
}

/// Archives a task that has ended well.
///
/// # Errors
/// 403 without `config#edit`; 404 as [`look`]; 409 for one that has not.
pub fn archive(state: &AppState, caller: &Caller, id: &str) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    turn(state, caller, id, &[ControlState::Executed], |task, _| task.state = ControlState::Done).map(drop)
}

/// Gives up a task that is not started, or failed.
///
/// # Errors
/// 403 without `config#edit`; 404 as [`look`]; 409 for one that runs or has ended well.
pub fn cancel(state: &AppState, caller: &Caller, id: &str) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let from = [ControlState::Pending, ControlState::Failed];
    turn(state, caller, id, &from, |task, _| task.state = ControlState::Cancelled).map(drop)
}

fn turn(
    state: &AppState,
    caller: &Caller,
    id: &str,
    from: &[ControlState],
    to: impl FnOnce(&mut ControlTask, Timestamp),
) -> Result<ControlTask, Problem> {
    let now = state.clock.now();
    let mut tasks = state.control_tasks.open(now);
    let task = tasks.get_mut(id).filter(|task| task.user == caller.user).ok_or_else(missing)?;
    if !from.contains(&task.state) {
        let detail = format!("The task is {}, which does not allow this", task.state.as_str());
        return Err(Problem::conflict(detail));
    }
    to(task, now);
    task.touched_at = now;
    Ok(task.clone())
}

fn missing() -> Problem {
    Problem::not_found("task")
}

fn lines(report: &Report) -> Vec<String> {
    let line = |step: &crate::mail::Step| {
        let words = step.words.as_deref().map(|words| format!(" ({words})")).unwrap_or_default();
        format!("{}: {}{words}", step.name.label(), step.detail)
    };
    report.steps.iter().map(line).collect()
}

/// A random UUID (RFC 9562 §5.4).
fn uuid(random: &mut impl CryptoRng) -> String {
    let mut bytes = [0; 16];
    random.fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..]].map(<[String]>::concat).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_form() {
        let id = uuid(&mut patgate_testkit::random::seeded(1));
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
    }
}
