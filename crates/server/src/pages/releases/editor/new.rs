//! `/releases/templates/new`: makes a template, with a first task to begin with.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::LONGEST_TITLE;

use super::credential::{self, CredentialForm};
use super::details::Details;
use super::task::TaskForm;
use super::{SAVED, outline, title_fault};
use crate::pages::form::{Fault, failed};
use crate::pages::refused::redirect;
use crate::pages::releases::TEMPLATES;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::service::releases::{self, PhaseDraft, ReleaseDraft};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_new.html")]
struct NewPage {
    shell: Shell,
    faults: Vec<Fault>,
    details: Details,
    phase: Field,
    task: TaskForm,
    credential: CredentialForm,
}

/// What stands in the form.
struct Form {
    details: Details,
    phase: Field,
    task: TaskForm,
}

/// `GET /releases/templates/new`, perhaps with what was typed before a log-in.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let mut form = Form::empty();
    let notice = form.take(&query);
    page(&state, &visitor, form, (StatusCode::OK, notice))
}

/// `POST /releases/templates/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let mut form = Form::of_fields(&fields);
    form.phase.error = title_fault(&form.phase.value);
    let details = form.details.draft();
    let task = match form.task.draft(&state.scripts, visitor.caller.user).await {
        Ok(task) => task,
        Err(problem) => {
            let answer = page(&state, &visitor, form, failed(&problem));
            return answer.map(|answer| problem.with_page(answer));
        }
    };
    let (Some(details), Some(task), true) = (details, task, form.phase.error.is_none()) else {
        return page(&state, &visitor, form, (StatusCode::BAD_REQUEST, None));
    };
    let phase = PhaseDraft {
        id: None,
        title: form.phase.value.clone(),
        description: String::new(),
        tasks: vec![task],
    };
    let draft = ReleaseDraft { phases: Some(vec![phase]), credential: credential::draft(&fields), ..details };
    match releases::create_template(&state, &visitor.caller, None, draft).await {
        Ok(made) => Ok(redirect(&state, &outline::address(&made.release, None, SAVED))),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            page(&state, &visitor, form, failed(&problem))
        }
    }
}

impl Form {
    fn empty() -> Self {
        let mut task = TaskForm::new("task", "First task");
        "Script".clone_into(&mut task.title.value);
        Self { details: Details::empty(), phase: phase("Phase 1"), task }
    }

    fn of_fields(fields: &Fields) -> Self {
        Self {
            details: Details::of_fields(fields),
            phase: phase(fields.text("phase")),
            task: TaskForm::of_fields("task", "First task", fields),
        }
    }

    /// Puts in what was typed before a log-in, and says so.
    fn take(&mut self, query: &Fields) -> Option<Notice> {
        let notice = self.details.take(query);
        let of_task = self.task.take(query);
        if query.has("phase") {
            self.phase = phase(query.text("phase"));
        }
        notice.or(of_task)
    }

    fn faults(&self) -> Vec<Fault> {
        let parts = [self.details.faults(), Fault::of([&self.phase]), self.task.faults()];
        parts.concat()
    }
}

fn phase(title: &str) -> Field {
    Field::new("phase", "First phase", title).at_most(LONGEST_TITLE)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    form: Form,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let page = NewPage {
        shell: Shell::new(state, visitor, "New template", TEMPLATES).with_notice(notice),
        faults: form.faults(),
        details: form.details,
        phase: form.phase,
        task: form.task,
        credential: CredentialForm::of(None),
    };
    Ok((status, Html(page.render()?)).into_response())
}
