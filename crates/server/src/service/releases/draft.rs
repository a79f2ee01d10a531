//! Releases and templates as somebody describes them.

use patgate_core::item::SecretText;
use patgate_core::release::{
    Phase, PhaseId, PhaseStatus, Release, Task, TaskId, TaskKind, TaskStatus, Variable, VariableId,
    VariableKind, VariableValue,
};
use patgate_store::{SealedSecret, StoredRelease, StoredSecret};
use rand_core::CryptoRng;

use super::credential::Credential;
use crate::problem::{Problem, capitalised};
use crate::sealing::{Purpose, SealFault, Sealer};

/// The most bytes of a password.
const LONGEST_SECRET: usize = 4 * 1_024;
/// What stands in a password's place.
pub(crate) const MASK: &str = "********";

/// A release or template as it is to be; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ReleaseDraft {
    /// What people call it.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// Whether it is aborted when a task fails.
    pub abort_on_failure: Option<bool>,
    /// All its phases.
    pub phases: Option<Vec<PhaseDraft>>,
    /// All its variables.
    pub variables: Option<Vec<VariableDraft>>,
    /// As whom its scripts call.
    pub credential: CredentialDraft,
}

/// What is entered as the user for automated tasks.
#[derive(Clone, Debug, Default)]
pub enum CredentialDraft {
    /// Nothing: it stays.
    #[default]
    Keep,
    /// A name without a password: nothing, if it is that of who is bound.
    Name(String),
    /// None any more.
    Clear,
    /// This.
    Enter(Credential),
}

/// A phase.
#[derive(Clone, Debug)]
pub struct PhaseDraft {
    /// Its name, when it has one.
    pub id: Option<PhaseId>,
    /// What people call it.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Its tasks.
    pub tasks: Vec<TaskDraft>,
}

/// A task.
#[derive(Clone, Debug)]
pub struct TaskDraft {
    /// Its name, when it has one.
    pub id: Option<TaskId>,
    /// What people call it.
    pub title: String,
    /// More about it.
    pub description: String,
    /// What it does.
    pub kind: TaskKind,
    /// Whether it begins again by itself when the server that ran it went away.
    pub restarts_when_interrupted: bool,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct VariableDraft {
    /// Its name, when it has one.
    pub id: Option<VariableId>,
    /// What scripts call it.
    pub key: String,
    /// What its values are.
    pub kind: VariableKind,
    /// Its value.
    pub value: VariableEntry,
    /// What people read.
    pub label: String,
    /// More about it.
    pub description: String,
    /// Whether a release starts only when it has one.
    pub requires_value: bool,
    /// Whether who starts a release is asked for it.
    pub show_on_release_start: bool,
}

/// What is entered as the value of a variable.
#[derive(Clone, Debug)]
pub enum VariableEntry {
    /// The password that is there stays, if there is one.
    Kept,
    /// The [`MASK`]: the password that is there stays, and there must be one. Of any other variable it is the text itself.
    Masked,
    /// No value.
    Nothing,
    /// This value.
    Value(VariableValue),
    /// This password.
    Secret(SecretText),
}

/// What seals passwords.
pub(super) struct Sealing<'s, R> {
    pub(super) sealer: &'s Sealer,
    pub(super) random: R,
}

impl ReleaseDraft {
    /// Puts what is described in place of what there was.
    pub(super) fn apply(
        self,
        stored: &mut StoredRelease,
        sealing: &mut Sealing<'_, impl CryptoRng>,
    ) -> Result<(), Problem> {
        let release = &mut stored.release;
        if let Some(title) = self.title {
            release.title = title.trim().to_owned();
        }
        if let Some(description) = self.description {
            release.description = description;
        }
        if let Some(tags) = self.tags {
            release.tags = tags;
        }
        if let Some(aborts) = self.abort_on_failure {
            release.abort_on_failure = aborts;
        }
        if let Some(phases) = self.phases {
            let random = &mut sealing.random;
            release.phases = phases.into_iter().map(|phase| phase.into_phase(random)).collect();
        }
        if let Some(variables) = self.variables {
            let before = std::mem::take(&mut stored.secrets);
            release.variables.clear();
            for draft in variables {
                let id = draft.id.unwrap_or_else(|| VariableId::generate(&mut sealing.random));
                let variable = Variable {
                    id,
                    key: bare(&draft.key).to_owned(),
                    kind: draft.kind,
                    value: None,
                    label: draft.label,
                    description: draft.description,
                    requires_value: draft.requires_value,
                    show_on_release_start: draft.show_on_release_start,
                };
                let is_kept = matches!(draft.value, VariableEntry::Kept | VariableEntry::Masked);
                if let Some(secret) = before.get(variable.id.as_str()).filter(|_| is_kept) {
                    stored.secrets.insert(variable.id.as_str().to_owned(), secret.clone());
                }
                stored.release.variables.push(variable);
                let last = stored.release.variables.len() - 1;
                enter(stored, last, draft.value, sealing)?;
            }
        }
        stored.release.check()?;
        Ok(())
    }
}

/// Enters the value of a variable.
pub(super) fn enter(
    stored: &mut StoredRelease,
    at: usize,
    entry: VariableEntry,
    sealing: &mut Sealing<'_, impl CryptoRng>,
) -> Result<(), Problem> {
    let variable = &mut stored.release.variables[at];
    let is_password = variable.kind == VariableKind::Password;
    match entry {
        VariableEntry::Kept => {}
        VariableEntry::Masked if !is_password => {
            return enter(stored, at, VariableEntry::Value(VariableValue::Text(MASK.to_owned())), sealing);
        }
        VariableEntry::Masked => {
            if !stored.secrets.contains_key(variable.id.as_str()) {
                let key = &variable.key;
                let detail = format!(
                    "`{MASK}` keeps a stored password, and no variable `{key}` has one under this `id`; send the password, \
                     or the `id` that the template shows"
                );
                return Err(Problem::field("variables", detail));
            }
        }
        // No password is empty: where one is required, an empty one is missing.
        VariableEntry::Secret(secret) if is_password && secret.reveal().is_empty() => {
            return enter(stored, at, VariableEntry::Nothing, sealing);
        }
        VariableEntry::Nothing => {
            variable.value = None;
            stored.secrets.remove(variable.id.as_str());
        }
        VariableEntry::Value(VariableValue::Text(text)) if is_password => {
            return enter(stored, at, VariableEntry::Secret(text.into()), sealing);
        }
        VariableEntry::Value(value) if !is_password && variable.kind.fits(&value) => {
            variable.value = Some(value);
        }
        VariableEntry::Secret(secret) if is_password => {
            if secret.reveal().len() > LONGEST_SECRET {
                let detail = format!("A password is at most {LONGEST_SECRET} bytes long");
                return Err(Problem::field("variables", detail));
            }
            let purpose = Purpose::Variable { release: stored.number, variable: variable.id.as_str() };
            let sealed = sealing.sealer.seal(purpose, &secret, &mut sealing.random)?;
            stored.secrets.insert(variable.id.as_str().to_owned(), StoredSecret::Sealed(sealed));
        }
        VariableEntry::Value(_) | VariableEntry::Secret(_) => {
            let detail =
                format!("The value of the variable `{}` is {}", variable.key, variable.kind.in_words());
            return Err(Problem::field("variables", detail));
        }
    }
    Ok(())
}

/// Enters what an event says. A variable that there is none of is made; one that is not asked for at the start is for who
/// edits the template alone.
pub(super) fn tell(
    stored: &mut StoredRelease,
    key: &str,
    value: VariableValue,
    sealing: &mut Sealing<'_, impl CryptoRng>,
) -> Result<(), Problem> {
    let variables = &mut stored.release.variables;
    let declared = variables.iter().position(|variable| variable.key == key);
    let is_declared = declared.is_some();
    let at = declared.unwrap_or_else(|| {
        variables.push(Variable {
            id: VariableId::generate(&mut sealing.random),
            key: key.to_owned(),
            kind: value.kind(),
            value: None,
            label: String::new(),
            description: String::new(),
            requires_value: false,
            show_on_release_start: false,
        });
        variables.len() - 1
    });
    if let Some(why) = closed_to(&variables[at], &value).filter(|_| is_declared) {
        return Err(Problem::field("variables", capitalised(&why)));
    }
    enter(stored, at, VariableEntry::Value(value), sealing)
}

/// Why no event sets a variable that a template declares to a value like this; `None`: one does.
pub(super) fn closed_to(variable: &Variable, value: &VariableValue) -> Option<String> {
    let key = &variable.key;
    if !variable.show_on_release_start {
        return Some(format!(
            "the variable `{key}` of the template is not asked for at the start, so that no event sets it; let it be asked \
             for, or give it another key"
        ));
    }
    let fits = variable.kind.fits(value);
    (!fits).then(|| format!("the value of the variable `{key}` is {}", variable.kind.in_words()))
}

/// The password that a variable of a release holds.
pub(super) fn password_of(
    sealer: &Sealer,
    stored: &StoredRelease,
    variable: &Variable,
) -> Result<Option<SecretText>, SealFault> {
    let purpose = Purpose::Variable { release: stored.number, variable: variable.id.as_str() };
    let sealed: Option<&SealedSecret> =
        stored.secrets.get(variable.id.as_str()).and_then(StoredSecret::sealed);
    sealed.map(|sealed| sealer.open(purpose, sealed)).transpose()
}

/// The key of a variable, which clients also write as `${key}`.
pub(super) fn bare(key: &str) -> &str {
    key.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(key).trim()
}

/// The first variable that must have a value and has none.
pub(super) fn lacking(stored: &StoredRelease) -> Option<&Variable> {
    let release: &Release = &stored.release;
    release.variables.iter().find(|variable| {
        let has_value = match &variable.value {
            Some(VariableValue::Text(text)) => !text.is_empty(),
            Some(_) => true,
            None => stored.secrets.contains_key(variable.id.as_str()),
        };
        variable.requires_value && !has_value
    })
}

impl From<&Phase> for PhaseDraft {
    /// As it is, for who changes a part of it.
    fn from(phase: &Phase) -> Self {
        Self {
            id: Some(phase.id.clone()),
            title: phase.title.clone(),
            description: phase.description.clone(),
            tasks: phase.tasks.iter().map(TaskDraft::from).collect(),
        }
    }
}

impl From<&Task> for TaskDraft {
    fn from(task: &Task) -> Self {
        Self {
            id: Some(task.id.clone()),
            title: task.title.clone(),
            description: task.description.clone(),
            kind: task.kind.clone(),
            restarts_when_interrupted: task.restarts_when_interrupted,
        }
    }
}

impl From<&Variable> for VariableDraft {
    fn from(variable: &Variable) -> Self {
        Self {
            id: Some(variable.id.clone()),
            key: variable.key.clone(),
            kind: variable.kind,
            // Of a password there is nothing to read: the one that is sealed stays.
            value: variable.value.clone().map_or(VariableEntry::Kept, VariableEntry::Value),
            label: variable.label.clone(),
            description: variable.description.clone(),
            requires_value: variable.requires_value,
            show_on_release_start: variable.show_on_release_start,
        }
    }
}

impl PhaseDraft {
    fn into_phase(self, random: &mut impl CryptoRng) -> Phase {
        Phase {
            id: self.id.unwrap_or_else(|| PhaseId::generate(random)),
            title: self.title,
            description: self.description,
            status: PhaseStatus::Planned,
            tasks: self.tasks.into_iter().map(|task| task.into_task(random)).collect(),
            started_at: None,
            ended_at: None,
        }
    }
}

impl TaskDraft {
    fn into_task(self, random: &mut impl CryptoRng) -> Task {
        Task {
            id: self.id.unwrap_or_else(|| TaskId::generate(random)),
            title: self.title,
            description: self.description,
            kind: self.kind,
            status: TaskStatus::Planned,
            restarts_when_interrupted: self.restarts_when_interrupted,
            runs: 0,
            restarts: 0,
            interruptions: 0,
            status_line: None,
            completed_by: None,
            started_at: None,
            ended_at: None,
        }
    }
}
