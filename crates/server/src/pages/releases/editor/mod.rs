//! `/releases/templates/new` and `/releases/templates/{id}`: what a template is made of. One form; adding, moving and
//! deleting are buttons of it, which show it again and save nothing.

pub(super) mod credential;
mod form;
pub(super) mod variable;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::{RELEASE_CREATE, TEMPLATE_CREATE};
use patgate_core::release::{ReleaseId, Variable, VariableKind};
use patgate_store::StoredRelease;

use self::credential::CredentialForm;
use self::form::Form;
use super::templates::{WITHOUT_BOTH, WITHOUT_PASSWORDS, WITHOUT_USER};
use super::{TEMPLATES, template_path};
use crate::pages::form::{Fault, Named};
use crate::pages::refused::redirect;
use crate::pages::{Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::service::shown::is_overtaken;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template.html")]
struct EditorPage {
    shell: Shell,
    heading: String,
    /// The template's own address; empty for a new one.
    path: String,
    may_edit: bool,
    may_start: bool,
    faults: Vec<Fault>,
    form: Form,
    credential: CredentialForm,
    /// The version that was shown; 0 for a new one.
    version: i64,
}

/// `GET /releases/templates/new`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let (form, notice) = typed_before(&query, None).unwrap_or_else(|| (Form::empty(), None));
    page(&state, &visitor, None, form, (StatusCode::OK, notice))
}

/// `POST /releases/templates/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let mut form = Form::of_fields(&fields);
    if form.edit(fields.text("do")) {
        return page(&state, &visitor, None, form, (StatusCode::OK, Some(unsaved(&fields))));
    }
    form.check(&state.scripts, visitor.caller.user).await;
    let Some(draft) = form.draft(&fields) else {
        return page(&state, &visitor, None, form, (StatusCode::BAD_REQUEST, None));
    };
    match releases::create_template(&state, &visitor.caller, None, draft).await {
        Ok(_) => Ok(redirect(&state, &format!("{TEMPLATES}?done=saved"))),
        Err(problem) => refused(&state, &visitor, None, form, problem),
    }
}

/// `GET /releases/templates/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    if let Some((form, notice)) = typed_before(&query, Some(&stored)) {
        // The one that was shown when it was typed: what somebody else saved since then is told of.
        let shown = query.text("version").parse().unwrap_or_default();
        return page(&state, &visitor, Some((&stored, shown)), form, (StatusCode::OK, notice));
    }
    page(&state, &visitor, Some((&stored, stored.version)), Form::of(&stored), (StatusCode::OK, None))
}

/// `POST /releases/templates/{id}`.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    // A form without it, such as one from before, was shown none that is there.
    let version = fields.text("version").parse().unwrap_or_default();
    let shown = Some((&stored, version));
    let mut form = Form::of_fields(&fields);
    if form.edit(fields.text("do")) {
        return page(&state, &visitor, shown, form, (StatusCode::OK, Some(unsaved(&fields))));
    }
    form.check(&state.scripts, visitor.caller.user).await;
    let Some(draft) = form.draft(&fields) else {
        return page(&state, &visitor, shown, form, (StatusCode::BAD_REQUEST, None));
    };
    match releases::update(&state, &visitor.caller, Sort::Template, &id, Some(version), draft).await {
        Ok(saved) => {
            let wants_nobody = fields.has("clear-credential");
            Ok(redirect(&state, &format!("{TEMPLATES}?done={}", done(&stored, &saved, wants_nobody))))
        }
        // Who has read that somebody else saved may save again over that.
        Err(problem) if is_overtaken(&problem) => {
            refused(&state, &visitor, Some((&stored, stored.version)), form, problem)
        }
        Err(problem) => refused(&state, &visitor, shown, form, problem),
    }
}

/// What is said of a save: it may have cost what somebody else had entered, which nobody sees in the form.
fn done(before: &StoredRelease, saved: &StoredRelease, wants_nobody: bool) -> &'static str {
    let is_lost = |variable: &Variable| {
        let has = |stored: &StoredRelease| stored.secrets.contains_key(variable.id.as_str());
        variable.kind == VariableKind::Password && has(before) && !has(saved)
    };
    let has_no_user = before.release.run_as.is_some() && saved.release.run_as.is_none() && !wants_nobody;
    match (has_no_user, saved.release.variables.iter().any(is_lost)) {
        (false, false) => "saved",
        (true, false) => WITHOUT_USER,
        (false, true) => WITHOUT_PASSWORDS,
        (true, true) => WITHOUT_BOTH,
    }
}

/// What was typed before a log-in: all of it but the values of variables, which may be passwords.
fn typed_before(query: &Fields, stored: Option<&StoredRelease>) -> Option<(Form, Option<Notice>)> {
    query.has("title").then(|| {
        let mut form = Form::of_fields(query);
        form.restore(query, stored);
        let text = "Not saved yet: you were logged out before you saved, and this is what you typed. Values of variables and \
                    passwords were not kept: the values are as they are stored. Check everything before you save.";
        (form, Some(Notice::Told(text.to_owned())))
    })
}

/// What is said when the form was changed and not saved.
fn unsaved(fields: &Fields) -> Notice {
    let text = match fields.secret("scriptUserPassword") {
        "" => "Not saved yet: choose Save when you are done.",
        _ => "Not saved yet: choose Save when you are done. Enter the password again before that.",
    };
    Notice::Told(text.to_owned())
}

fn refused(
    state: &AppState,
    visitor: &Visitor,
    shown: Option<(&StoredRelease, i64)>,
    form: Form,
    problem: Problem,
) -> PageResult {
    let problem = Refused::unless_shown(problem)?;
    page(state, visitor, shown, form, (problem.status(), Some(Notice::Failed(problem.sentence()))))
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    shown: Option<(&StoredRelease, i64)>,
    form: Form,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let stored = shown.map(|(stored, _)| stored);
    let heading = stored.map_or_else(|| "New template".to_owned(), |stored| stored.release.title.clone());
    let page = EditorPage {
        shell: Shell::new(state, visitor, heading.clone(), TEMPLATES).with_notice(notice),
        heading,
        path: stored.map(|stored| template_path(&stored.release.id)).unwrap_or_default(),
        may_edit: visitor.may_any(state, &[TEMPLATE_CREATE]),
        may_start: visitor.may_any(state, &[RELEASE_CREATE]),
        faults: form.faults(),
        form,
        credential: CredentialForm::of(stored.and_then(|stored| releases::runs_as(state, stored))),
        version: shown.map_or(0, |(_, version)| version),
    };
    Ok((status, Html(page.render()?)).into_response())
}
