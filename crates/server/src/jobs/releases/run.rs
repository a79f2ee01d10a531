//! One run of one script: what it may know, what it says, and what it leaves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patgate_core::item::SecretText;
use patgate_core::release::{
    Event, LONGEST_LINE, MOST_LINES, TaskId, TaskKind, Variable, VariableKind, VariableValue,
};
use patgate_store::{LogLine, LogPlace, StoredRelease, StoredSecret, StoredSecrets};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::Runner;
use super::call::Calls;
use super::compartment::compartment;
use crate::problem::with_causes;
use crate::script::{Outcome, Script};
use crate::sealing::Purpose;
use crate::service::releases::password_of;

/// How often what a script says is written while it runs.
const FLUSH: Duration = Duration::from_millis(500);

/// How a run ended.
pub(super) struct Ran {
    pub(super) task: TaskId,
    pub(super) event: Event,
    /// What was said and is not written yet.
    pub(super) lines: Vec<LogLine>,
    /// The passwords that the script assigned.
    pub(super) secrets: StoredSecrets,
}

/// What a script says.
struct Log<'r> {
    runner: &'r Runner,
    run: u32,
    said: Mutex<(u32, Vec<LogLine>)>,
}

/// Runs the script of the task that was just begun. `None`: there is none.
pub(super) async fn run(runner: &Runner, held: &StoredRelease, stop: &CancellationToken) -> Option<Ran> {
    let task = held.release.active_task()?;
    let TaskKind::Script { script } = &task.kind else { return None };
    let log = Log { runner, run: task.runs, said: Mutex::default() };
    let ended = match Calls::of(runner, &held.release, stop).await {
        Ok(calls) => run_script(&calls, held, &task.id, script, &log).await,
        Err(reason) => Err(reason),
    };
    let (event, secrets) = match ended {
        Ok((variables, secrets)) => (Event::Completed { task: task.id.clone(), variables }, secrets),
        Err(reason) => (Event::Failed { task: task.id.clone(), reason }, StoredSecrets::new()),
    };
    Some(Ran { task: task.id.clone(), event, lines: log.take(), secrets })
}

/// What a script left: values of variables, and passwords.
type Left = (Vec<(String, VariableValue)>, StoredSecrets);

async fn run_script(
    calls: &Calls<'_>,
    held: &StoredRelease,
    task: &TaskId,
    text: &str,
    log: &Log<'_>,
) -> Result<Left, String> {
    let runner = log.runner;
    let (variables, secrets) = known(runner, held)?;
    let script = Script {
        owner: held.release.owner,
        compartment: compartment(&held.release, &secrets),
        text: text.to_owned(),
        variables: variables.clone(),
        secrets,
    };
    let outcome = {
        let running = runner.state.scripts.run(script, |call| calls.make(call), |line| log.say(&line));
        let mut running = std::pin::pin!(running);
        loop {
            tokio::select! {
                outcome = running.as_mut() => break outcome,
                () = tokio::time::sleep(FLUSH) => log.flush(held, task).await,
            }
        }
    };
    match outcome {
        Outcome::Completed { variables: after } => {
            let is_password = |variable: &&Variable| variable.kind == VariableKind::Password;
            let mut passwords = held.release.variables.iter().filter(is_password);
            if passwords.any(|variable| variables.get(&variable.key) != after.get(&variable.key)) {
                // A key that was added since this server started seals from now on.
                runner.state.sealer.refresh().await;
            }
            left(runner, held, &variables, after)
        }
        Outcome::Failed { reason } => Err(reason.to_string()),
    }
}

/// The variables as the script finds them, and those of them that are secrets.
fn known(runner: &Runner, held: &StoredRelease) -> Result<(Map<String, Value>, Vec<SecretText>), String> {
    let (mut variables, mut secrets) = (Map::new(), Vec::new());
    for variable in &held.release.variables {
        let value = match variable.kind {
            VariableKind::Password => {
                let password = password_of(&runner.state.sealer, held, variable);
                let password =
                    password.map_err(|fault| format!("The variable `{}`: {fault}.", variable.key))?;
                let value = password.as_ref().map_or(Value::Null, |text| Value::from(text.reveal()));
                secrets.extend(password);
                value
            }
            _ => variable.value.as_ref().map_or(Value::Null, value_of),
        };
        variables.insert(variable.key.clone(), value);
    }
    Ok((variables, secrets))
}

fn value_of(value: &VariableValue) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// What a script assigned, when all of it can be kept.
fn left(
    runner: &Runner,
    held: &StoredRelease,
    before: &Map<String, Value>,
    after: Map<String, Value>,
) -> Result<Left, String> {
    let (mut assigned, mut secrets) = (Vec::new(), StoredSecrets::new());
    let mut whole = held.release.clone();
    for (key, value) in after {
        if before.get(&key) == Some(&value) {
            continue;
        }
        let at = whole.variables.iter().position(|variable| variable.key == key);
        // Without its name, which the script made and which may be a secret.
        let at = at.ok_or(
            "The script assigned a variable that the release does not have; add it to the template.",
        )?;
        let variable = &mut whole.variables[at];
        if variable.kind == VariableKind::Password {
            let sealed = seal(runner, held, variable, &value)?;
            secrets.insert(variable.id.as_str().to_owned(), sealed);
            continue;
        }
        let read = serde_json::from_value::<VariableValue>(value).ok();
        let read = read.filter(|value| variable.kind.fits(value)).ok_or_else(|| other_kind(variable))?;
        variable.value = Some(read.clone());
        assigned.push((key, read));
    }
    whole.check().map_err(|unfit| format!("What the script assigned cannot be kept: {unfit}."))?;
    Ok((assigned, secrets))
}

fn seal(
    runner: &Runner,
    held: &StoredRelease,
    variable: &Variable,
    value: &Value,
) -> Result<StoredSecret, String> {
    let text = value.as_str().ok_or_else(|| other_kind(variable))?;
    let purpose = Purpose::Variable { release: held.number, variable: variable.id.as_str() };
    let sealed = runner.state.sealer.seal(purpose, &SecretText::from(text), &mut runner.state.random.draw());
    sealed.map(StoredSecret::Sealed).map_err(|fault| format!("The variable `{}`: {fault}.", variable.key))
}

fn other_kind(variable: &Variable) -> String {
    format!(
        "The variable `{}` is {}, and the script assigned something else.",
        variable.key,
        variable.kind.in_words()
    )
}

impl Log<'_> {
    /// Takes a line. Those above the limit are told of once.
    fn say(&self, line: &str) {
        let at = self.runner.state.clock.now();
        let mut said = self.said();
        let (count, lines) = &mut *said;
        *count = count.saturating_add(1);
        let said = match *count {
            count if count < MOST_LINES => kept(line),
            MOST_LINES => format!("(what follows is not kept: a run has at most {MOST_LINES} lines)"),
            _ => return,
        };
        lines.push(LogLine { place: LogPlace { run: self.run, line: *count }, at, said });
    }

    fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.said().1)
    }

    /// Writes what was said until now.
    async fn flush(&self, held: &StoredRelease, task: &TaskId) {
        let lines = self.take();
        if lines.is_empty() {
            return;
        }
        if let Err(error) = self.runner.state.store.append_release_log(held.number, task, &lines).await {
            tracing::warn!(error = with_causes(&error), "lines of a task's log were lost");
        }
    }

    fn said(&self) -> MutexGuard<'_, (u32, Vec<LogLine>)> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line as it is kept: not too long, and without what PostgreSQL takes in no text.
fn kept(line: &str) -> String {
    let mut end = line.len().min(LONGEST_LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line[..end].replace('\0', "\u{fffd}")
}
