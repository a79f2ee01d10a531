//! The page of a phase, a task or a variable: its fields, in a form that saves them.

use askama::Template;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::release::{PhaseId, Release};

use super::change::Part;
use super::task::TaskForm;
use super::variable::VariableForm;
use super::{Edited, Head};
use crate::pages::form::{Fault, failed};
use crate::pages::releases::TEMPLATES;
use crate::pages::{Field, Notice, PageResult, Shell, Visitor};
use crate::service::releases::ReleaseDraft;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_part.html")]
struct PartPage {
    shell: Shell,
    head: Head,
    /// What the part is.
    word: &'static str,
    /// Whether it is there already.
    is_there: bool,
    faults: Vec<Fault>,
    form: PartForm,
}

/// What a page is of.
pub(super) enum Page {
    /// A phase that is to be added.
    NewPhase,
    /// A task that is to be added to a phase.
    NewTask(PhaseId),
    /// A variable that is to be added.
    NewVariable,
    /// A part that is there, or was.
    Of(Part),
}

/// The fields of a part.
pub(super) enum PartForm {
    /// The title of a phase.
    Phase(Field),
    /// Those of a task.
    Task(TaskForm),
    /// Those of a variable.
    Variable(VariableForm),
}

impl Page {
    /// Its address below that of the template.
    fn below(&self) -> String {
        match self {
            Self::NewPhase => "phases/new".to_owned(),
            Self::NewTask(phase) => format!("phases/{}/add", phase.as_str()),
            Self::NewVariable => "variables/new".to_owned(),
            Self::Of(part) => part.below(),
        }
    }

    /// The part in the outline from which one comes to it.
    fn comes_from(&self) -> Option<Part> {
        match self {
            Self::NewPhase | Self::NewVariable => None,
            Self::NewTask(phase) => Some(Part::Phase(phase.clone())),
            Self::Of(part) => Some(part.clone()),
        }
    }

    /// The part that was saved there: a new one stands at the end.
    fn saved(&self, template: &Release) -> Option<Part> {
        match self {
            Self::NewPhase => template.phases.last().map(|phase| Part::Phase(phase.id.clone())),
            Self::NewTask(of) => {
                let phase = template.phases.iter().find(|phase| phase.id == *of)?;
                phase.tasks.last().map(|task| Part::Task(task.id.clone()))
            }
            Self::NewVariable => {
                template.variables.last().map(|variable| Part::Variable(variable.id.clone()))
            }
            Self::Of(part) => Some(part.clone()),
        }
    }
}

impl PartForm {
    /// What it has the fields of.
    fn word(&self) -> &'static str {
        match self {
            Self::Phase(_) => "phase",
            Self::Task(_) => "task",
            Self::Variable(_) => "variable",
        }
    }

    /// What is wrong, for the summary.
    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Phase(title) => Fault::of([title]),
            Self::Task(task) => task.faults(),
            Self::Variable(variable) => variable.faults(),
        }
    }
}

impl Edited {
    /// Shows a page with what stands in its form.
    pub(super) fn page(
        &self,
        state: &AppState,
        visitor: &Visitor,
        page: &Page,
        form: PartForm,
        (status, notice): (StatusCode, Option<Notice>),
    ) -> PageResult {
        let word = form.word();
        let heading =
            if matches!(page, Page::Of(_)) { format!("Edit {word}") } else { format!("New {word}") };
        let page = PartPage {
            shell: Shell::new(state, visitor, heading, TEMPLATES).with_notice(notice),
            head: self.head(state, visitor, &page.below(), page.comes_from().as_ref()),
            word,
            is_there: matches!(page, Page::Of(part) if self.has(part)),
            faults: form.faults(),
            form,
        };
        Ok((status, Html(page.render()?)).into_response())
    }

    /// Whether what a page is of, or is to be added to, is not in the template any more.
    pub(super) fn lacks(&self, page: &Page) -> bool {
        page.comes_from().is_some_and(|part| !self.has(&part))
    }

    /// Saves what stands in the form of a page, and leads on to where that is in the outline; the page comes back with what was
    /// refused.
    pub(super) async fn save_page(
        &mut self,
        state: &AppState,
        visitor: &Visitor,
        page: &Page,
        form: PartForm,
        draft: ReleaseDraft,
    ) -> PageResult {
        match self.save(state, visitor, draft).await? {
            Ok(saved) => Ok(self.lead(state, &saved, page.saved(&saved.release).as_ref())),
            Err(problem) => self.page(state, visitor, page, form, failed(&problem)),
        }
    }
}
