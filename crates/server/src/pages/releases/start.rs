//! `/releases/templates/{id}/start`: makes a release of a template, with its variables and the user for its scripts.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::{LONGEST_TITLE, ReleaseId, check_title};
use patgate_store::StoredRelease;

use super::editor::credential::{self, CredentialForm};
use super::editor::variable::VariableForm;
use super::{TEMPLATES, path, template_path};
use crate::pages::form::{Fault, Named, sentence};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::service::releases::{self, Sort, StartDraft, Then, VariableEntry};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_start.html")]
struct StartPage {
    shell: Shell,
    path: String,
    template: String,
    faults: Vec<Fault>,
    title: Field,
    variables: Vec<VariableForm>,
    credential: CredentialForm,
}

/// What is said above a form that somebody sent before they were logged out.
const NOT_STARTED: &str = "Nothing was started yet: this title came with the link, or from before you logged in. Values of \
                           variables and passwords were not kept, and stand as the template has them. Check everything \
                           before you start.";

/// `GET /releases/templates/{id}/start`, perhaps with the title that was typed before a log-in.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, RELEASE_CREATE)?;
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    let mut form = Form::of(&stored, None);
    let mut notice = None;
    if query.has("title") {
        query.text("title").clone_into(&mut form.title.value);
        notice = Some(Notice::Told(NOT_STARTED.to_owned()));
    }
    page(&state, &visitor, &stored, form, (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/start`.
pub(super) async fn start(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, RELEASE_CREATE)?;
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    let mut form = Form::of(&stored, Some(&fields));
    let Some(variables) = form.read() else {
        return page(&state, &visitor, &stored, form, (StatusCode::BAD_REQUEST, None));
    };
    let draft = StartDraft {
        title: form.title.value.clone(),
        variables,
        credential: credential::draft(&fields),
        event: None,
    };
    let (then, done) =
        if fields.has("only-make") { (Then::Wait, "created") } else { (Then::Start, "started") };
    match releases::from_template(&state, &visitor.caller, &id, draft, then).await {
        Ok(made) => Ok(redirect(&state, &format!("{}?done={done}", path(&made.release.id)))),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            let notice = Notice::Failed(problem.sentence());
            page(&state, &visitor, &stored, form, (problem.status(), Some(notice)))
        }
    }
}

/// What stands in the form.
struct Form {
    title: Field,
    variables: Vec<VariableForm>,
}

impl Form {
    /// As the template has it, or as it was typed.
    fn of(stored: &StoredRelease, typed: Option<&Fields>) -> Self {
        let asked = stored.release.variables.iter().filter(|variable| variable.show_on_release_start);
        let variables = asked.enumerate().map(|(at, variable)| {
            let mut form = VariableForm::of(at, stored, variable);
            if let Some(typed) = typed {
                form.typed(typed);
            }
            form
        });
        let title = typed.map_or(stored.release.title.as_str(), |typed| typed.text("title"));
        Self {
            title: Field::new("title", "Title", title)
                .hint("What people will call this release.")
                .at_most(LONGEST_TITLE),
            variables: variables.collect(),
        }
    }

    /// The values; what is wrong stands beside the fields then.
    fn read(&mut self) -> Option<BTreeMap<String, VariableEntry>> {
        // Without a title, a release is called as its template is.
        let title = Some(self.title.value.as_str()).filter(|title| !title.is_empty());
        self.title.error = title.and_then(|title| check_title(title).err()).as_ref().map(sentence);
        let mut values = BTreeMap::new();
        for variable in &mut self.variables {
            match variable.entry() {
                Ok(VariableEntry::Kept) => {}
                Ok(entry) => {
                    values.insert(variable.key.clone(), entry);
                }
                Err(error) => variable.error = Some(error),
            }
        }
        let is_right = self.variables.iter().all(|variable| variable.error.is_none());
        (is_right && self.title.error.is_none()).then_some(values)
    }
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    stored: &StoredRelease,
    form: Form,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let heading = format!("Start {}", stored.release.title);
    let of_variables = form.variables.iter().filter_map(|variable| {
        let text = format!("{}: {}", variable.shown_name(), variable.error.clone()?);
        Some(Fault { field: format!("{}-value", variable.prefix), text })
    });
    let page = StartPage {
        shell: Shell::new(state, visitor, heading, TEMPLATES).with_notice(notice),
        path: template_path(&stored.release.id),
        template: stored.release.title.clone(),
        faults: Fault::of([&form.title]).into_iter().chain(of_variables).collect(),
        title: form.title,
        variables: form.variables,
        credential: CredentialForm::of(releases::runs_as(state, stored)),
    };
    Ok((status, Html(page.render()?)).into_response())
}
