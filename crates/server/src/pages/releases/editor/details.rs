//! `/releases/templates/{id}/edit`: what a template is as a whole: its title, its description, what a failure does, and the user
//! for automated tasks.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::release::{LONGEST_TITLE, Release, ReleaseId, check_description};

use super::credential::{self, CredentialForm};
use super::{Edited, Head, outline, title_fault};
use crate::pages::form::{Fault, Named, failed, sentence, unsaved};
use crate::pages::refused::redirect;
use crate::pages::releases::TEMPLATES;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Shell, Submitted, Visitor};
use crate::service::releases::{self, ReleaseDraft};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_edit.html")]
struct DetailsPage {
    shell: Shell,
    head: Head,
    faults: Vec<Fault>,
    details: Details,
    credential: CredentialForm,
}

/// The fields.
pub(super) struct Details {
    pub(super) title: Field,
    pub(super) description: Field,
    pub(super) abort_on_failure: bool,
}

/// `GET /releases/templates/{id}/edit`, perhaps with what was typed before a log-in.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let mut details = Details::of(&edited.stored.release);
    let notice = details.take(&query);
    page(&state, &visitor, &edited, details, (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/edit`.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let mut details = Details::of_fields(&fields);
    let Some(draft) = details.draft() else {
        return page(&state, &visitor, &edited, details, (StatusCode::BAD_REQUEST, None));
    };
    let draft = ReleaseDraft { credential: credential::draft(&fields), ..draft };
    match edited.save(&state, &visitor, draft).await? {
        Ok(saved) => {
            let done = edited.done(&saved, fields.has("clear_credential"));
            Ok(redirect(&state, &outline::address(&saved.release, None, done)))
        }
        Err(problem) => page(&state, &visitor, &edited, details, failed(&problem)),
    }
}

impl Details {
    /// Of a new template.
    pub(super) fn empty() -> Self {
        Self::with("", "", false)
    }

    /// As they were typed.
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let description = fields.secret("description").replace("\r\n", "\n");
        Self::with(fields.text("title"), &description, fields.has("abort_on_failure"))
    }

    /// Puts in what was typed before a log-in, and says so.
    pub(super) fn take(&mut self, query: &Fields) -> Option<Notice> {
        query.has("title").then(|| {
            *self = Self::of_fields(query);
            unsaved()
        })
    }

    /// What is described; `None`, and what is wrong beside the fields, when that cannot be saved.
    pub(super) fn draft(&mut self) -> Option<ReleaseDraft> {
        self.title.error = title_fault(&self.title.value);
        self.description.error = check_description(&self.description.value).err().as_ref().map(sentence);
        self.faults().is_empty().then(|| ReleaseDraft {
            title: Some(self.title.value.clone()),
            description: Some(self.description.value.clone()),
            abort_on_failure: Some(self.abort_on_failure),
            ..ReleaseDraft::default()
        })
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.title, &self.description])
    }

    fn of(template: &Release) -> Self {
        Self::with(&template.title, &template.description, template.abort_on_failure)
    }

    fn with(title: &str, description: &str, abort_on_failure: bool) -> Self {
        Self {
            title: Field::new("title", "Title", title).at_most(LONGEST_TITLE),
            description: Field::new("description", "Description", description),
            abort_on_failure,
        }
    }
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    edited: &Edited,
    details: Details,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let page = DetailsPage {
        shell: Shell::new(state, visitor, "Edit template", TEMPLATES).with_notice(notice),
        head: edited.head(state, visitor, "edit", None),
        faults: details.faults(),
        details,
        credential: CredentialForm::of(releases::runs_as(state, &edited.stored)),
    };
    Ok((status, Html(page.render()?)).into_response())
}
