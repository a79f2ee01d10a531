//! `/releases/templates/{id}/phases/{phase}/add` and `…/tasks/{task}`: one task with its whole script, of which each line that
//! cannot be read is told before anything is saved.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::UserId;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{LONGEST_TITLE, PhaseId, Task, TaskKind};

use super::change::{Part, with_phase, with_task};
use super::part::{Page, PartForm};
use super::{Edited, gone, title_fault};
use crate::pages::form::{Fault, failed, unsaved};
use crate::pages::releases::OfRelease;
use crate::pages::{Choice, Field, Fields, Notice, PageResult, Query, Submitted, Visitor};
use crate::problem::Problem;
use crate::script::{CheckFailed, Workers};
use crate::service::releases::{PhaseDraft, ScriptChecks, TaskDraft};
use crate::state::AppState;

/// The fields.
pub(super) struct TaskForm {
    pub(super) title: Field,
    pub(super) kind: Field,
    pub(super) kinds: Vec<Choice>,
    pub(super) is_gate: bool,
    pub(super) script: Field,
    pub(super) restarts_when_interrupted: bool,
}

/// `GET /releases/templates/{id}/phases/{phase}/add`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    OfRelease(id, phase): OfRelease<PhaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let page = Page::NewTask(phase);
    if edited.lacks(&page) {
        return Err(Problem::not_found("phase").into());
    }
    let mut task = TaskForm::new("title", "Title");
    let notice = task.take(&query);
    edited.page(&state, &visitor, &page, PartForm::Task(task), (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/phases/{phase}/add`.
pub(super) async fn add(
    State(state): State<AppState>,
    OfRelease(id, phase): OfRelease<PhaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let page = Page::NewTask(phase.clone());
    let mut task = TaskForm::of_fields("title", "Title", &fields);
    if edited.lacks(&page) {
        return edited.page(&state, &visitor, &page, PartForm::Task(task), gone("phase"));
    }
    let draft = match task.draft(&state.scripts, visitor.caller.user).await {
        Ok(Some(draft)) => draft,
        Ok(None) => {
            let refused = (StatusCode::BAD_REQUEST, None);
            return edited.page(&state, &visitor, &page, PartForm::Task(task), refused);
        }
        Err(problem) => {
            let answer = edited.page(&state, &visitor, &page, PartForm::Task(task), failed(&problem));
            return answer.map(|answer| problem.with_page(answer));
        }
    };
    let draft = with_phase(&edited.stored.release, &phase, |phase: &mut PhaseDraft| phase.tasks.push(draft));
    edited.save_page(&state, &visitor, &page, PartForm::Task(task), draft).await
}

/// `GET /releases/templates/{id}/tasks/{task}`.
pub(super) async fn show(
    State(state): State<AppState>,
    OfRelease(id, task): OfRelease,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let known = edited.stored.release.task(&task);
    let mut form = TaskForm::of(known.ok_or_else(|| Problem::not_found("task"))?.1);
    let notice = form.take(&query);
    let page = Page::Of(Part::Task(task));
    edited.page(&state, &visitor, &page, PartForm::Task(form), (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/tasks/{task}`.
pub(super) async fn save(
    State(state): State<AppState>,
    OfRelease(id, task): OfRelease,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let page = Page::Of(Part::Task(task.clone()));
    let mut form = TaskForm::of_fields("title", "Title", &fields);
    if edited.lacks(&page) {
        return edited.page(&state, &visitor, &page, PartForm::Task(form), gone("task"));
    }
    let draft = match form.draft(&state.scripts, visitor.caller.user).await {
        Ok(Some(draft)) => draft,
        Ok(None) => {
            let refused = (StatusCode::BAD_REQUEST, None);
            return edited.page(&state, &visitor, &page, PartForm::Task(form), refused);
        }
        Err(problem) => {
            let answer = edited.page(&state, &visitor, &page, PartForm::Task(form), failed(&problem));
            return answer.map(|answer| problem.with_page(answer));
        }
    };
    let change = |known: &mut TaskDraft| {
        let (id, description) = (known.id.take(), std::mem::take(&mut known.description));
        *known = TaskDraft { id, description, ..draft };
    };
    let draft = with_task(&edited.stored.release, &task, change);
    edited.save_page(&state, &visitor, &page, PartForm::Task(form), draft).await
}

impl TaskForm {
    /// A new one. Its title stands in a field of this name.
    pub(super) fn new(name: &'static str, label: &'static str) -> Self {
        Self {
            title: Field::new(name, label, "").at_most(LONGEST_TITLE),
            kind: Field::new("kind", "Kind", ""),
            kinds: Vec::new(),
            is_gate: false,
            script: Field::new("script", "Script", ""),
            restarts_when_interrupted: false,
        }
        .of_kind(false)
    }

    /// As it was typed.
    pub(super) fn of_fields(name: &'static str, label: &'static str, fields: &Fields) -> Self {
        let mut form = Self::new(name, label).of_kind(fields.text("kind") == "gate");
        fields.text(name).clone_into(&mut form.title.value);
        form.script.value = fields.secret("script").replace("\r\n", "\n");
        form.restarts_when_interrupted = fields.has("restarts_when_interrupted");
        form
    }

    /// Puts in what was typed before a log-in, and says so.
    pub(super) fn take(&mut self, query: &Fields) -> Option<Notice> {
        let (name, label) = (self.title.name, self.title.label);
        query.has(name).then(|| {
            *self = Self::of_fields(name, label, query);
            unsaved()
        })
    }

    /// The task; `None`, and what is wrong beside the fields, when it cannot be saved.
    ///
    /// # Errors
    /// 503 when its script waited too long for others.
    pub(super) async fn draft(
        &mut self,
        workers: &Workers,
        whose: UserId,
    ) -> Result<Option<TaskDraft>, Problem> {
        self.title.error = title_fault(&self.title.value);
        let fault = match self.is_gate {
            true => None,
            false => ScriptChecks::new(workers, whose).fault(&self.script.value).await?,
        };
        self.script.error = fault.map(|fault| match fault {
            CheckFailed::Syntax(fault) => {
                format!("Line {}, column {}: {}", fault.line, fault.column, fault.message)
            }
            CheckFailed::NotChecked(failure) => failure.to_string(),
        });
        Ok(self.faults().is_empty().then(|| TaskDraft {
            id: None,
            title: self.title.value.clone(),
            description: String::new(),
            kind: match self.is_gate {
                true => TaskKind::Gate,
                false => TaskKind::Script { script: self.script.value.clone() },
            },
            restarts_when_interrupted: self.restarts_when_interrupted && !self.is_gate,
        }))
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.title, &self.script])
    }

    fn of(task: &Task) -> Self {
        let is_gate = matches!(task.kind, TaskKind::Gate);
        let mut form = Self::new("title", "Title").of_kind(is_gate);
        form.title.value.clone_from(&task.title);
        if let TaskKind::Script { script } = &task.kind {
            form.script.value.clone_from(script);
        }
        form.restarts_when_interrupted = task.restarts_when_interrupted;
        form
    }

    fn of_kind(self, is_gate: bool) -> Self {
        let chosen = if is_gate { "gate" } else { "script" };
        let kinds = [("script", "Script"), ("gate", "Gate: somebody approves")];
        let kinds = kinds.map(|(word, label)| Choice::new(word, label, chosen));
        Self { is_gate, kinds: kinds.into(), ..self }
    }
}
