//! What lists and pages of releases show of a release, a phase and a task.

use patgate_core::identifier::UserId;
use patgate_core::release::{
    Phase, PhaseStatus, Release, ReleaseId, ReleaseStatus, Task, TaskKind, TaskStatus,
};
use patgate_store::ListedRelease;

use super::{path, task_path, template_path};
use crate::pages::beginning::beginning;
use crate::pages::{Fields, Moment};

/// As many bytes of a title stand in a list of releases; its page has all of it.
pub(super) const LISTED: usize = 300;
/// As many bytes of a title, and of what a task said, stand on the page of a release.
pub(super) const IN_RELEASE: usize = 150;

/// Looks and words of where something stands.
pub(super) type State = (&'static str, &'static str);

/// What stands on a page of a release, or of a template, of one of its lists.
pub(super) struct Rows<T> {
    pub(super) rows: Vec<T>,
    /// Whether others stand before these.
    pub(super) has_earlier: bool,
    /// The query of those that follow; empty: there are none.
    pub(super) more: String,
}

impl<T> Rows<T> {
    /// Those that an address asks for in its field `list`, which says how many stand before them. `page` makes the rows behind so
    /// many, at most `most`, and says whether there are more.
    pub(super) fn asked(
        query: &Fields,
        list: &str,
        most: usize,
        page: impl FnOnce(usize) -> (Vec<T>, bool),
    ) -> Self {
        let from: usize = query.text(list).parse().unwrap_or_default();
        let (rows, has_more) = page(from);
        let more = match has_more {
            true => query.with(&[(list, &from.saturating_add(most).to_string()), ("done", "")]),
            false => String::new(),
        };
        Self { rows, has_earlier: from > 0, more }
    }
}

/// A release in the list.
pub(super) struct ReleaseRow {
    pub(super) path: String,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) owner: String,
    /// The task that it is at; empty when it is at none.
    pub(super) at: String,
    pub(super) started_at: Option<Moment>,
    pub(super) ended_at: Option<Moment>,
}

/// A template in the list.
pub(super) struct TemplateRow {
    pub(super) path: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) tasks: u32,
    /// As whom its scripts call; empty for nobody.
    pub(super) runs_as: String,
}

/// A phase of a release.
pub(super) struct PhaseRow {
    pub(super) title: String,
    pub(super) state: State,
    pub(super) tasks: Vec<TaskRow>,
}

/// A task of a release.
pub(super) struct TaskRow {
    pub(super) path: String,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) state: State,
    /// Why it failed, or what who approved it said.
    pub(super) said: String,
    /// How often it began again after what may have left something behind.
    pub(super) restarts: u32,
    pub(super) started_at: Option<Moment>,
    pub(super) ended_at: Option<Moment>,
    /// Whether it waits for somebody's approval.
    pub(super) waits: bool,
}

impl From<ListedRelease> for ReleaseRow {
    fn from(release: ListedRelease) -> Self {
        Self {
            path: path(&release.id),
            title: beginning(&release.title, LISTED),
            state: of_release(release.status),
            owner: release.owner_name,
            at: beginning(&release.at.unwrap_or_default(), LISTED),
            started_at: release.started_at.map(Moment::from),
            ended_at: release.ended_at.map(Moment::from),
        }
    }
}

impl TemplateRow {
    /// Of a template; `name` says what a user is called.
    pub(super) fn new(template: ListedRelease, name: impl Fn(UserId) -> Option<String>) -> Self {
        Self {
            path: template_path(&template.id),
            title: beginning(&template.title, LISTED),
            owner: template.owner_name,
            tasks: template.tasks,
            runs_as: template.runs_as.and_then(name).unwrap_or_default(),
        }
    }
}

impl PhaseRow {
    /// Some phases of a release with their tasks, in their order: so many tasks behind the first `from`, and whether there are
    /// more. A phase without tasks counts as one.
    pub(super) fn page(release: &Release, from: usize, most: usize) -> (Vec<Self>, bool) {
        let mut places = release
            .phases
            .iter()
            .flat_map(|phase| {
                let empty = phase.tasks.is_empty().then_some((phase, None));
                phase.tasks.iter().map(move |task| (phase, Some(task))).chain(empty)
            })
            .skip(from);
        let (mut rows, mut of): (Vec<Self>, Option<&Phase>) = (Vec::new(), None);
        for (phase, task) in places.by_ref().take(most) {
            if of.is_none_or(|of| of.id != phase.id) {
                let title = beginning(&phase.title, IN_RELEASE);
                rows.push(Self { title, state: of_phase(phase.status), tasks: Vec::new() });
                of = Some(phase);
            }
            if let (Some(task), Some(row)) = (task, rows.last_mut()) {
                row.tasks.push(TaskRow::new(&release.id, task).brief());
            }
        }
        (rows, places.next().is_some())
    }
}

impl TaskRow {
    /// A task of this release.
    pub(super) fn new(release: &ReleaseId, task: &Task) -> Self {
        let is_gate = matches!(task.kind, TaskKind::Gate);
        let said = task.status_line.clone().unwrap_or_default();
        Self {
            path: task_path(release, &task.id),
            title: task.title.clone(),
            kind: if is_gate { "Gate" } else { "Script" },
            state: of_task(task.status, is_gate),
            said: match &task.completed_by {
                Some(by) if said.is_empty() => format!("Approved by {by}."),
                Some(by) => format!("Approved by {by}: {said}"),
                None => said,
            },
            restarts: task.restarts,
            started_at: task.started_at.map(Moment::from),
            ended_at: task.ended_at.map(Moment::from),
            waits: is_gate && task.status == TaskStatus::InProgress,
        }
    }

    /// The same among many others: of long texts their beginning.
    fn brief(mut self) -> Self {
        self.title = beginning(&self.title, IN_RELEASE);
        self.said = beginning(&self.said, IN_RELEASE);
        self
    }
}

/// Where a release stands.
pub(super) const fn of_release(status: ReleaseStatus) -> State {
    match status {
        ReleaseStatus::Template => ("plain", "Template"),
        ReleaseStatus::Planned => ("plain", "Planned"),
        ReleaseStatus::InProgress => ("good", "In progress"),
        ReleaseStatus::Failed => ("bad", "Failed"),
        ReleaseStatus::Completed => ("good", "Completed"),
        ReleaseStatus::Aborted => ("warning", "Aborted"),
    }
}

const fn of_phase(status: PhaseStatus) -> State {
    match status {
        PhaseStatus::Planned => ("plain", "Planned"),
        PhaseStatus::InProgress => ("good", "In progress"),
        PhaseStatus::Failed => ("bad", "Failed"),
        PhaseStatus::Completed => ("good", "Completed"),
        PhaseStatus::Aborted => ("warning", "Aborted"),
    }
}

const fn of_task(status: TaskStatus, is_gate: bool) -> State {
    match status {
        TaskStatus::Planned => ("plain", "Planned"),
        TaskStatus::Queued => ("plain", "Next"),
        TaskStatus::InProgress if is_gate => ("warning", "Waits for approval"),
        TaskStatus::InProgress => ("good", "In progress"),
        TaskStatus::Failed => ("bad", "Failed"),
        TaskStatus::Completed => ("good", "Completed"),
        TaskStatus::Aborted => ("warning", "Aborted"),
    }
}
