//! Templates, releases and what is in them, as Release's clients read them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use patgate_core::release::{
    Phase, Release, ReleaseId, ReleaseStatus, RunAs, Task, TaskKind, TaskPlace, Variable, VariableKind,
    VariableValue,
};
use patgate_store::{ListedRelease, StoredRelease};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::service::releases::{MASK, runs_as};
use crate::state::AppState;

/// A release, or a template: its status is `TEMPLATE` then. *Run automated tasks as user* is never shown; `runAs` says who
/// that is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Release)]
pub(super) struct ReleaseBody {
    /// Which.
    #[schema(example = "Applications/Release4f1c2d3e4f1c2d3e4f1c2d3e4f1c2d3e")]
    id: String,
    /// Always `xlrelease.Release`.
    #[schema(example = "xlrelease.Release")]
    r#type: &'static str,
    /// Its version: an update that sends another one is refused, and one without is made over any.
    #[serde(rename = "$token")]
    token: String,
    /// What people call it.
    title: String,
    /// More about it.
    description: String,
    /// The log-in name of who made it, as it is now, or was when they were deleted. Empty where nobody is known.
    owner: String,
    /// `TEMPLATE`, `PLANNED`, `IN_PROGRESS`, `FAILED`, `COMPLETED` or `ABORTED`.
    status: &'static str,
    /// Always `RELEASE`.
    kind: &'static str,
    /// Words to find it by.
    tags: Vec<String>,
    /// What runs, one after the other.
    phases: Vec<PhaseBody>,
    /// What its scripts read and assign.
    variables: Vec<VariableBody>,
    /// Whether it is aborted when a task fails.
    abort_on_failure: bool,
    /// What who aborted it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_comment: Option<String>,
    /// The template it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin_template_id: Option<String>,
    /// When it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Timestamp>,
    /// As whom its scripts call.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as: Option<RunAsBody>,
}

/// As whom scripts call.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseRunAs)]
struct RunAsBody {
    /// The log-in name; nothing when the user is gone.
    username: Option<String>,
    /// What was entered: `token` or `password`.
    by: &'static str,
}

/// A phase.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Phase)]
pub(super) struct PhaseBody {
    /// Which.
    #[schema(example = "Applications/Release1/Phase1")]
    id: String,
    /// Always `xlrelease.Phase`.
    r#type: &'static str,
    /// What people call it.
    title: String,
    /// More about it.
    description: String,
    /// `PLANNED`, `IN_PROGRESS`, `FAILED`, `COMPLETED` or `ABORTED`.
    status: &'static str,
    /// What runs, one after the other.
    tasks: Vec<TaskBody>,
    /// When its release first came to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Timestamp>,
}

/// A task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Task)]
pub(super) struct TaskBody {
    /// Which.
    #[schema(example = "Applications/Release1/Phase1/Task1")]
    id: String,
    /// `xlrelease.ScriptTask`, or `xlrelease.GateTask` for one that waits for somebody's approval.
    r#type: &'static str,
    /// What people call it.
    title: String,
    /// More about it.
    description: String,
    /// `PLANNED`, `QUEUED`, `IN_PROGRESS`, `FAILED`, `COMPLETED` or `ABORTED`.
    status: &'static str,
    /// The script.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    /// Whether it begins again by itself when the server that ran it went away.
    restart_when_interrupted: bool,
    /// How often it was begun.
    runs: u32,
    /// How many of these were followed by a restart.
    restarts: u32,
    /// Why it failed, or what who approved it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_line: Option<String>,
    /// The log-in name of who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_by: Option<String>,
    /// When it was begun last.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Timestamp>,
}

/// A variable.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Variable)]
pub(super) struct VariableBody {
    /// Which.
    #[schema(example = "Applications/Release1/Variable1")]
    id: String,
    /// What its values are.
    #[schema(example = "xlrelease.StringVariable")]
    r#type: &'static str,
    /// What scripts call it.
    key: String,
    /// Its value; `********` for a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    value: Option<Value>,
    /// What people read.
    label: String,
    /// More about it.
    description: String,
    /// Whether a release starts only when it has a value.
    requires_value: bool,
    /// Whether who starts a release is asked for it.
    show_on_release_start: bool,
}

/// A release with the least that lists show. Times are milliseconds since 1970.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BasicRelease)]
pub(super) struct BasicBody {
    /// Which.
    id: String,
    /// Always `xlrelease.Release`.
    r#type: &'static str,
    /// What people call it.
    title: String,
    /// When it was started.
    start_date: Option<i64>,
    /// When it ended.
    end_date: Option<i64>,
    /// Where it stands.
    status: &'static str,
    /// Always `RELEASE`.
    kind: &'static str,
    /// Always false.
    archived: bool,
}

impl ReleaseBody {
    /// As it is shown.
    pub(super) fn new(state: &AppState, stored: StoredRelease) -> Self {
        let run_as = stored.release.run_as.as_ref().map(|run_as| RunAsBody {
            username: runs_as(state, &stored),
            by: match run_as {
                RunAs::Token { .. } => "token",
                RunAs::Password { .. } => "password",
            },
        });
        let variables = variables(&stored);
        let release = stored.release;
        let phases = release.phases.iter().map(|phase| PhaseBody::new(&release.id, phase)).collect();
        Self {
            id: release.id.place(),
            r#type: TYPE,
            token: stored.version.to_string(),
            status: release.status.as_str(),
            kind: KIND,
            phases,
            variables,
            run_as,
            abort_on_failure: release.abort_on_failure,
            abort_comment: release.abort_comment,
            origin_template_id: release.template.map(|template| template.place()),
            start_date: release.started_at,
            end_date: release.ended_at,
            title: release.title,
            description: release.description,
            owner: stored.owner_name,
            tags: release.tags,
        }
    }
}

const TYPE: &str = "xlrelease.Release";
const KIND: &str = "RELEASE";

impl PhaseBody {
    fn new(release: &ReleaseId, phase: &Phase) -> Self {
        Self {
            id: release.phase(&phase.id),
            r#type: "xlrelease.Phase",
            title: phase.title.clone(),
            description: phase.description.clone(),
            status: phase.status.as_str(),
            tasks: phase.tasks.iter().map(|task| TaskBody::new(release, phase, task)).collect(),
            start_date: phase.started_at,
            end_date: phase.ended_at,
        }
    }
}

impl TaskBody {
    /// As it is shown.
    pub(super) fn new(release: &ReleaseId, phase: &Phase, task: &Task) -> Self {
        let place = TaskPlace { release: release.clone(), phase: phase.id.clone(), task: task.id.clone() };
        let (r#type, script) = match &task.kind {
            TaskKind::Script { script } => ("xlrelease.ScriptTask", Some(script.clone())),
            TaskKind::Gate => ("xlrelease.GateTask", None),
        };
        Self {
            id: place.to_string(),
            r#type,
            script,
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status.as_str(),
            restart_when_interrupted: task.restarts_when_interrupted,
            runs: task.runs,
            restarts: task.restarts,
            status_line: task.status_line.clone(),
            completed_by: task.completed_by.clone(),
            start_date: task.started_at,
            end_date: task.ended_at,
        }
    }

    /// The tasks at which a release is.
    pub(super) fn active(release: &Release) -> Vec<Self> {
        if !release.status.is_active() {
            return Vec::new();
        }
        let within = |phase: &Phase| -> Vec<Self> {
            let active = phase.tasks.iter().filter(|task| task.status.is_active());
            active.map(|task| Self::new(&release.id, phase, task)).collect()
        };
        release.phases.iter().flat_map(within).collect()
    }
}

/// The variables of a release.
pub(super) fn variables(stored: &StoredRelease) -> Vec<VariableBody> {
    let release = &stored.release;
    let body = |variable: &Variable| VariableBody {
        id: release.id.variable(&variable.id),
        r#type: variable.kind.type_name(),
        key: variable.key.clone(),
        value: match variable.kind {
            VariableKind::Password => {
                stored.secrets.contains_key(variable.id.as_str()).then(|| Value::from(MASK))
            }
            _ => variable.value.as_ref().and_then(|value| serde_json::to_value(value).ok()),
        },
        label: variable.label.clone(),
        description: variable.description.clone(),
        requires_value: variable.requires_value,
        show_on_release_start: variable.show_on_release_start,
    };
    release.variables.iter().map(body).collect()
}

/// The values of a release by the keys of their variables, without passwords.
pub(super) fn values(stored: &StoredRelease) -> BTreeMap<String, VariableValue> {
    let shown = stored.release.variables.iter().filter(|variable| variable.kind != VariableKind::Password);
    shown.filter_map(|variable| Some((variable.key.clone(), variable.value.clone()?))).collect()
}

impl From<ListedRelease> for BasicBody {
    fn from(release: ListedRelease) -> Self {
        Self {
            id: release.id.place(),
            r#type: TYPE,
            title: release.title,
            start_date: release.started_at.map(Timestamp::as_millisecond),
            end_date: release.ended_at.map(Timestamp::as_millisecond),
            status: release.status.as_str(),
            kind: KIND,
            archived: false,
        }
    }
}

/// Those that were started or wait for it, and have not ended.
pub(super) const PLANNED_OR_ACTIVE: [ReleaseStatus; 3] =
    [ReleaseStatus::Planned, ReleaseStatus::InProgress, ReleaseStatus::Failed];
