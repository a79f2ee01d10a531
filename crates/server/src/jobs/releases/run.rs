//! One run of one script: what it may know, what it says, and what it leaves.

use std::time::Duration;

use patgate_core::item::SecretText;
use patgate_core::release::{Event, TaskId, TaskKind, Variable, VariableKind, VariableValue};
use patgate_store::{LogLine, StoredRelease, StoredSecret, StoredSecrets};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::Runner;
use super::call::Calls;
use super::compartment::compartment;
use super::log::Log;
use crate::script::{Outcome, Script, VARIABLES_BYTES};
use crate::sealing::Purpose;
use crate::service::releases::{fit_together, known};

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

/// Runs the script of the task that was just begun. `None`: there is none.
pub(super) async fn run(
    runner: &Runner,
    held: &StoredRelease,
    stop: &CancellationToken,
    log: &Log,
) -> Option<Ran> {
    let task = held.release.active_task()?;
    let TaskKind::Script { script } = &task.kind else { return None };
    log.begin(task, held.version);
    let ended = match Calls::of(runner, &held.release, stop).await {
        Ok(calls) => run_script(runner, &calls, held, script, log).await,
        Err(reason) => Err(reason),
    };
    let (event, secrets) = match ended {
        Ok((variables, secrets)) => (Event::Completed { task: task.id.clone(), variables }, secrets),
        Err(reason) => (Event::Failed { task: task.id.clone(), reason }, StoredSecrets::new()),
    };
    Some(Ran { task: task.id.clone(), event, lines: log.unwritten(), secrets })
}

/// What a script left: values of variables, and passwords.
type Left = (Vec<(String, VariableValue)>, StoredSecrets);

async fn run_script(
    runner: &Runner,
    calls: &Calls<'_>,
    held: &StoredRelease,
    text: &str,
    log: &Log,
) -> Result<Left, String> {
    let (variables, secrets) = known(&runner.state.sealer, held)?;
    let script = Script {
        owner: held.release.owner,
        compartment: compartment(&held.release, &secrets),
        text: text.to_owned(),
        variables: variables.clone(),
        secrets,
    };
    let outcome = {
        let say = |line: String| log.say(&line, runner.state.clock.now());
        let running = runner.state.scripts.run(script, |call| calls.make(call), say);
        let mut running = std::pin::pin!(running);
        loop {
            tokio::select! {
                outcome = running.as_mut() => break outcome,
                () = tokio::time::sleep(FLUSH) => log.flush(&runner.state.store, held.number).await,
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

/// What a script assigned, when all of it can be kept.
fn left(
    runner: &Runner,
    held: &StoredRelease,
    before: &Map<String, Value>,
    after: Map<String, Value>,
) -> Result<Left, String> {
    if !fit_together(before, &after) {
        return Err(format!(
            "What the script assigned cannot be kept: with the variables that it removed, which stay as they were, all \
             together take more than {VARIABLES_BYTES} bytes as JSON."
        ));
    }
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
