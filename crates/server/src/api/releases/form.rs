//! Templates and releases as requests describe them: the vendor's fields, of which the unknown are ignored.

use patgate_core::item::SecretText;
use patgate_core::release::{ReleaseId, TaskKind, VariableKind, VariableValue};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::service::releases::{
    Credential, CredentialDraft, MASK, PhaseDraft, ReleaseDraft, TaskDraft, VariableDraft, VariableEntry,
};

/// A template or a release. What is not sent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleaseForm)]
pub(super) struct ReleaseForm {
    /// Names a new template; one is made when it is not sent.
    #[schema(example = "Applications/Release4f1c2d3e4f1c2d3e4f1c2d3e4f1c2d3e")]
    id: Option<String>,
    /// The version that was read.
    #[serde(rename = "$token")]
    token: Option<String>,
    /// What people call it.
    #[schema(example = "Ship it")]
    title: Option<String>,
    /// More about it.
    description: Option<String>,
    /// Words to find it by.
    tags: Option<Vec<String>>,
    /// Whether it is aborted when a task fails.
    abort_on_failure: Option<bool>,
    /// All its phases.
    phases: Option<Vec<PhaseForm>>,
    /// All its variables.
    variables: Option<Vec<VariableForm>>,
    /// *Run automated tasks as user*: a user name; blank for a personal access token.
    script_username: Option<String>,
    /// Their password, or the token. `********` leaves it as it is; both blank: nobody.
    script_user_password: Option<SecretField>,
}

/// A phase.
#[derive(Deserialize, ToSchema)]
#[schema(as = PhaseForm)]
struct PhaseForm {
    /// Its place; one is made when it is not sent.
    id: Option<String>,
    /// What people call it.
    title: Option<String>,
    /// More about it.
    description: Option<String>,
    /// Its tasks.
    #[serde(default)]
    tasks: Vec<TaskForm>,
}

/// A task.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskForm)]
struct TaskForm {
    /// Its place; one is made when it is not sent.
    id: Option<String>,
    /// `xlrelease.ScriptTask`, or `xlrelease.GateTask` or `xlrelease.Task` for one that waits for somebody's approval.
    #[schema(example = "xlrelease.ScriptTask")]
    r#type: Option<String>,
    /// What people call it.
    title: Option<String>,
    /// More about it.
    description: Option<String>,
    /// The script, in Starlark.
    #[schema(example = "print(api.get('/profile').json['username'])")]
    script: Option<String>,
    /// Whether it begins again by itself when the server that ran it went away.
    restart_when_interrupted: Option<bool>,
}

/// A variable.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VariableForm)]
struct VariableForm {
    /// Its place; one is made when it is not sent.
    id: Option<String>,
    /// What its values are; texts when it is not sent.
    #[schema(example = "xlrelease.StringVariable")]
    r#type: Option<String>,
    /// What scripts call it.
    key: String,
    /// Its value. `********` leaves a password as it is.
    #[schema(value_type = Option<Object>)]
    value: Option<Value>,
    /// What people read.
    label: Option<String>,
    /// More about it.
    description: Option<String>,
    /// Whether a release starts only when it has a value.
    requires_value: Option<bool>,
    /// Whether who starts a release is asked for it.
    show_on_release_start: Option<bool>,
}

/// A secret of a request.
#[derive(ToSchema)]
#[schema(as = ReleaseSecret, value_type = String, format = Password)]
pub(super) struct SecretField(SecretText);

impl SecretField {
    /// As the password of a variable.
    pub(super) fn into_entry(self) -> VariableEntry {
        if self.0.reveal() == MASK { VariableEntry::Masked } else { VariableEntry::Secret(self.0) }
    }
}

impl<'de> Deserialize<'de> for SecretField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl ReleaseForm {
    /// The name that the client gave, when it gave one.
    pub(super) fn id(&self) -> Result<Option<ReleaseId>, Problem> {
        let id = self.id.as_deref().filter(|id| !id.is_empty());
        id.map(|id| ReleaseId::of_place(id).map_err(|why| Problem::field("id", why))).transpose()
    }

    /// The version that was read, when one was sent that is a version.
    pub(super) fn version(&self) -> Option<i64> {
        self.token.as_deref().and_then(|token| token.parse().ok()).filter(|version| *version > 0)
    }

    /// What is to be made or changed.
    pub(super) fn into_draft(self) -> Result<ReleaseDraft, Problem> {
        let phases = self.phases.map(|phases| phases.into_iter().map(PhaseForm::into_draft).collect());
        let variables =
            self.variables.map(|variables| variables.into_iter().map(VariableForm::into_draft).collect());
        Ok(ReleaseDraft {
            title: self.title,
            description: self.description,
            tags: self.tags,
            abort_on_failure: self.abort_on_failure,
            phases: phases.transpose()?,
            variables: variables.transpose()?,
            credential: credential(self.script_username, self.script_user_password),
        })
    }
}

/// What was entered as *Run automated tasks as user*.
pub(super) fn credential(username: Option<String>, password: Option<SecretField>) -> CredentialDraft {
    let is_entered = |text: &str| !text.is_empty() && text != MASK;
    match (username, password) {
        (username, Some(SecretField(password))) if is_entered(password.reveal()) => {
            CredentialDraft::Enter(Credential { username: username.unwrap_or_default(), password })
        }
        (Some(username), _) if !username.trim().is_empty() => CredentialDraft::Name(username),
        (Some(_), Some(SecretField(password))) if password.reveal().is_empty() => CredentialDraft::Clear,
        (_, _) => CredentialDraft::Keep,
    }
}

impl PhaseForm {
    fn into_draft(self) -> Result<PhaseDraft, Problem> {
        Ok(PhaseDraft {
            id: last_part(self.id.as_deref())?,
            title: self.title.unwrap_or_else(|| "Phase".to_owned()),
            description: self.description.unwrap_or_default(),
            tasks: self.tasks.into_iter().map(TaskForm::into_draft).collect::<Result<_, _>>()?,
        })
    }
}

impl TaskForm {
    fn into_draft(self) -> Result<TaskDraft, Problem> {
        let kind = match self.r#type.as_deref() {
            Some("xlrelease.ScriptTask") => TaskKind::Script { script: self.script.unwrap_or_default() },
            Some("xlrelease.GateTask" | "xlrelease.Task") => TaskKind::Gate,
            other => {
                let detail = format!(
                    "The field `phases.tasks.type` is `xlrelease.ScriptTask`, `xlrelease.GateTask` or \
                     `xlrelease.Task` here, and not `{}`",
                    other.unwrap_or_default()
                );
                return Err(Problem::field("phases.tasks.type", detail));
            }
        };
        Ok(TaskDraft {
            id: last_part(self.id.as_deref())?,
            title: self.title.unwrap_or_else(|| "Task".to_owned()),
            description: self.description.unwrap_or_default(),
            kind,
            restarts_when_interrupted: self.restart_when_interrupted.unwrap_or_default(),
        })
    }
}

impl VariableForm {
    fn into_draft(self) -> Result<VariableDraft, Problem> {
        let kind = match self.r#type.as_deref() {
            None => VariableKind::Text,
            Some(name) => VariableKind::of_type_name(name).ok_or_else(|| {
                let known: Vec<_> = VariableKind::ALL.iter().map(|kind| kind.type_name()).collect();
                Problem::field(
                    "variables.type",
                    format!("The field `variables.type` is one of {}, and not `{name}`", known.join(", ")),
                )
            })?,
        };
        let value = match self.value {
            None | Some(Value::Null) => VariableEntry::Nothing,
            Some(value) => entry(&self.key, Some(kind), value)?,
        };
        Ok(VariableDraft {
            id: last_part(self.id.as_deref())?,
            key: self.key,
            kind,
            value,
            label: self.label.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            requires_value: self.requires_value.unwrap_or_default(),
            show_on_release_start: self.show_on_release_start.unwrap_or_default(),
        })
    }
}

/// A value as somebody enters it, for a variable of this kind when it is known.
pub(super) fn entry(key: &str, kind: Option<VariableKind>, value: Value) -> Result<VariableEntry, Problem> {
    let is_password = kind.is_none_or(|kind| kind == VariableKind::Password);
    match value {
        Value::Null => Ok(VariableEntry::Nothing),
        Value::String(text) if is_password && text == MASK => Ok(VariableEntry::Masked),
        Value::String(text) if kind == Some(VariableKind::Password) => Ok(match text.is_empty() {
            true => VariableEntry::Nothing,
            false => VariableEntry::Secret(text.into()),
        }),
        value => serde_json::from_value::<VariableValue>(value).map(VariableEntry::Value).map_err(|_| {
            let detail = format!(
                "The value of the variable `{key}` is a text, a whole number, true or false, a list of texts, or texts by \
                 name"
            );
            Problem::field("variables", detail)
        }),
    }
}

/// The name at the end of a place, when there is one. Clients of the vendor's make some that are none here.
fn last_part<I: std::str::FromStr<Err: std::fmt::Display>>(
    place: Option<&str>,
) -> Result<Option<I>, Problem> {
    let Some(place) = place.filter(|place| !place.is_empty()) else { return Ok(None) };
    let last = place.rsplit('/').next().unwrap_or_default();
    last.parse().map(Some).map_err(|why| Problem::field("id", format!("The id `{place}`: {why}")))
}
