//! The variables of a release as its scripts are given them, and whether that is not more than a script may have.
//!
//! One measure says what is saved and started, and what a script is given (`script::Workers`): the length of their JSON. So what
//! was accepted can be run, and grows no further while it runs.

use std::io::{self, Write};

use patgate_core::item::SecretText;
use patgate_core::release::{TaskKind, Variable, VariableKind, VariableValue};
use patgate_store::StoredRelease;
use serde::Serialize;
use serde_json::{Map, Value};

use super::draft::password_of;
use crate::problem::Problem;
use crate::script::VARIABLES_BYTES;
use crate::sealing::Sealer;

/// The variables as a script finds them, and those of them that are secrets.
///
/// # Errors
/// Which password does not open, as a sentence.
pub(crate) fn known(
    sealer: &Sealer,
    held: &StoredRelease,
) -> Result<(Map<String, Value>, Vec<SecretText>), String> {
    let (mut variables, mut secrets) = (Map::new(), Vec::new());
    for variable in &held.release.variables {
        let value = match variable.kind {
            VariableKind::Password => {
                let password = password_of(sealer, held, variable);
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

/// Whether the next script can be given the variables that one has left: what it has removed stays as it was.
pub(crate) fn fit_together(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let kept = before.iter().map(|(key, value)| with_key(key, after.get(key).unwrap_or(value)));
    together(kept) <= VARIABLES_BYTES
}

/// Demands that scripts of a release can be given its variables. What was too much already, as an older program saved it, may
/// become less by several saves, and stay while something else is changed.
///
/// # Errors
/// 400 that names the field.
pub(super) fn require_fit(
    sealer: &Sealer,
    stored: &StoredRelease,
    before: Option<&StoredRelease>,
) -> Result<(), Problem> {
    let too_much = excess(sealer, stored);
    if too_much == 0 || before.is_some_and(|before| too_much <= excess(sealer, before)) {
        return Ok(());
    }
    let detail = format!(
        "The variables take more than {VARIABLES_BYTES} bytes together as JSON, names and passwords included, and scripts are \
         given no more; shorten values, or delete some"
    );
    Err(Problem::field("variables", detail))
}

/// How many bytes there are more than a script is given; none where there is no script.
fn excess(sealer: &Sealer, stored: &StoredRelease) -> usize {
    let has_scripts = stored.release.tasks().any(|task| matches!(task.kind, TaskKind::Script { .. }));
    if has_scripts { taken(sealer, stored).saturating_sub(VARIABLES_BYTES) } else { 0 }
}

/// The length of the JSON of what is [`known`], without a copy of the passwords.
fn taken(sealer: &Sealer, stored: &StoredRelease) -> usize {
    let of = |variable: &Variable| match variable.kind {
        VariableKind::Password => match password_of(sealer, stored, variable) {
            Ok(Some(password)) => with_key(&variable.key, password.reveal()),
            // One that does not open keeps scripts from running, and they say so.
            Ok(None) | Err(_) => with_key(&variable.key, &Value::Null),
        },
        _ => with_key(&variable.key, &variable.value),
    };
    together(stored.release.variables.iter().map(of))
}

/// The length of a JSON object of members that are so long.
fn together(members: impl Iterator<Item = usize>) -> usize {
    1 + members.sum::<usize>()
}

/// The length of a member of a JSON object, with its colon, and with the comma or the brace behind it.
fn with_key(key: &str, value: &(impl Serialize + ?Sized)) -> usize {
    length(key) + length(value) + 2
}

fn length(value: &(impl Serialize + ?Sized)) -> usize {
    let mut counted = Counted(0);
    // It takes all bytes, and values of variables are what JSON has.
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

/// Bytes that are counted and not kept.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn value_of(value: &VariableValue) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use patgate_core::identifier::ReleaseNumber;
    use patgate_core::release::Release;
    use serde_json::json;

    use super::*;
    use crate::service::releases::example::planned;

    #[test]
    fn what_is_counted_is_the_json_that_a_script_is_given() {
        let sealer = Sealer::new(Vec::new(), PathBuf::new());
        let mut variables = Vec::new();
        for (kind, value) in [
            ("text", json!("\"\\\n\t\u{1}\u{7f}/é€")),
            ("text", json!(null)),
            ("password", json!(null)),
            ("integer", json!(-12)),
            ("boolean", json!(false)),
            ("list", json!(["", "a\"b"])),
            ("list", json!([])),
            ("map", json!({ "\u{1f}": "x", "é": "" })),
        ] {
            let count = variables.len();
            let id = format!("Variable{count}");
            variables.push(json!({ "id": id, "key": format!("\"{count}\""), "kind": kind, "value": value }));
            let script = TaskKind::Script { script: String::new() };
            let read = serde_json::from_value(Value::from(variables.clone())).unwrap();
            let release = Release { variables: read, ..planned([vec![script]]) };
            let stored = StoredRelease::new(ReleaseNumber::from_i64(1), release);
            let (given, _) = known(&sealer, &stored).unwrap();
            let written = serde_json::to_string(&given).unwrap();
            assert_eq!(taken(&sealer, &stored), written.len(), "{written}");
        }
    }

    #[test]
    fn what_a_script_removes_takes_its_room_all_the_same() {
        let variables = |a: Value, b: Value| [("a".to_owned(), a), ("b".to_owned(), b)];
        let text = |length: usize| json!("x".repeat(length));
        // Each text has two quotation marks, each key and its text five more characters, and there is a brace before them.
        let rest = VARIABLES_BYTES - 1 - 2 * 7 - 200_000;
        let before: Map<_, _> = variables(text(200_000), text(0)).into_iter().collect();
        for (b, fits) in [(rest, true), (rest + 1, false)] {
            let after: Map<_, _> = variables(Value::Null, text(b)).into_iter().skip(1).collect();
            assert_eq!(fit_together(&before, &after), fits, "{b}");
            let after: Map<_, _> = variables(text(0), text(b)).into_iter().collect();
            assert!(fit_together(&before, &after), "it gave that room up");
        }
    }
}
