//! `/releases/templates/{id}/variables/new` and `…/variables/{variable}`: one variable with its whole value.

use axum::extract::State;
use http::StatusCode;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{
    LONGEST_TITLE, ReleaseId, Variable, VariableId, VariableKind, check_description, check_key,
};
use patgate_store::StoredRelease;

use super::change::{Part, with_new_variable, with_variable};
use super::part::{Page, PartForm};
use super::value::{ValueForm, kind_of, kinds};
use super::{Edited, gone};
use crate::pages::form::{Fault, Named, sentence};
use crate::pages::releases::OfRelease;
use crate::pages::{Choice, Field, Fields, Notice, PageResult, Query, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::releases::VariableDraft;
use crate::state::AppState;

/// What the names of the fields of its value begin with.
const PREFIX: &str = "variable";
/// What is said above a form that somebody sent before they were logged out.
const NOT_SAVED: &str = "Not saved yet: this came with the link, or from before you logged in. Its value was not kept, \
                         which may be a password: it is as it is stored. Check everything before you save.";

/// The fields.
pub(super) struct VariableForm {
    pub(super) key: Field,
    pub(super) label: Field,
    pub(super) kind: Field,
    pub(super) kinds: Vec<Choice>,
    pub(super) value: ValueForm,
    pub(super) requires_value: bool,
    pub(super) show_on_release_start: bool,
}

/// `GET /releases/templates/{id}/variables/new`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let mut form = VariableForm::new(None, &edited.stored);
    let notice = form.take(&query);
    let form = PartForm::Variable(form);
    edited.page(&state, &visitor, &Page::NewVariable, form, (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/variables/new`.
pub(super) async fn add(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let mut form = VariableForm::new(None, &edited.stored).of_fields(&fields);
    let Some(draft) = form.draft(None) else {
        let form = PartForm::Variable(form);
        return edited.page(&state, &visitor, &Page::NewVariable, form, (StatusCode::BAD_REQUEST, None));
    };
    let draft = with_new_variable(&edited.stored.release, draft);
    edited.save_page(&state, &visitor, &Page::NewVariable, PartForm::Variable(form), draft).await
}

/// `GET /releases/templates/{id}/variables/{variable}`.
pub(super) async fn show(
    State(state): State<AppState>,
    OfRelease(id, variable): OfRelease<VariableId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let known = find(&edited.stored, &variable).ok_or_else(|| Problem::not_found("variable"))?;
    let mut form = VariableForm::new(Some(known), &edited.stored);
    let notice = form.take(&query);
    let page = Page::Of(Part::Variable(variable));
    edited.page(&state, &visitor, &page, PartForm::Variable(form), (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/variables/{variable}`.
pub(super) async fn save(
    State(state): State<AppState>,
    OfRelease(id, variable): OfRelease<VariableId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let page = Page::Of(Part::Variable(variable.clone()));
    let known = find(&edited.stored, &variable);
    let mut form = VariableForm::new(known, &edited.stored).of_fields(&fields);
    let Some(known) = known else {
        return edited.page(&state, &visitor, &page, PartForm::Variable(form), gone("variable"));
    };
    let Some(draft) = form.draft(Some(known)) else {
        let refused = (StatusCode::BAD_REQUEST, None);
        return edited.page(&state, &visitor, &page, PartForm::Variable(form), refused);
    };
    let draft = with_variable(&edited.stored.release, &variable, draft);
    edited.save_page(&state, &visitor, &page, PartForm::Variable(form), draft).await
}

impl VariableForm {
    /// As it is stored; a new one when there is none.
    fn new(known: Option<&Variable>, stored: &StoredRelease) -> Self {
        let kind = known.map_or(VariableKind::Text, |variable| variable.kind);
        let key = known.map_or("", |variable| variable.key.as_str());
        let label = known.map_or("", |variable| variable.label.as_str());
        Self {
            key: Field::new("key", "Name in scripts", key).at_most(LONGEST_TITLE),
            label: Field::new("label", "Label", label),
            kind: Field::new("kind", "Kind", ""),
            kinds: kinds(kind),
            value: match known {
                Some(variable) => ValueForm::of(PREFIX, stored, variable),
                None => ValueForm::empty(PREFIX, kind),
            },
            requires_value: known.is_some_and(|variable| variable.requires_value),
            show_on_release_start: known.is_none_or(|variable| variable.show_on_release_start),
        }
    }

    /// The same as it was typed.
    fn of_fields(self, fields: &Fields) -> Self {
        let kind = kind_of(fields.text("kind"));
        let is_same = kind == self.value.kind;
        let mut form = Self {
            key: Field { value: fields.text("key").to_owned(), ..self.key },
            label: Field { value: fields.text("label").to_owned(), ..self.label },
            kind: self.kind,
            kinds: kinds(kind),
            value: ValueForm { kind, has_password: is_same && self.value.has_password, ..self.value },
            requires_value: fields.has("requires_value"),
            show_on_release_start: fields.has("show_on_release_start"),
        };
        form.value.typed(fields);
        form
    }

    /// Puts in what was typed before a log-in, but for the value, which may be a password, and says so.
    fn take(&mut self, query: &Fields) -> Option<Notice> {
        if !query.has("kind") {
            return None;
        }
        for (field, name) in [(&mut self.key, "key"), (&mut self.label, "label")] {
            if query.has(name) {
                query.text(name).clone_into(&mut field.value);
            }
        }
        let kind = kind_of(query.text("kind"));
        if kind != self.value.kind {
            self.value = ValueForm::empty(PREFIX, kind);
            self.kinds = kinds(kind);
        }
        self.requires_value = query.has("requires_value");
        self.show_on_release_start = query.has("show_on_release_start");
        Some(Notice::Told(NOT_SAVED.to_owned()))
    }

    /// The variable as it is to be, with what the form does not have of it as it is; `None`, and what is wrong beside the fields,
    /// when it cannot be saved.
    fn draft(&mut self, known: Option<&Variable>) -> Option<VariableDraft> {
        let key = self.key.value.as_str();
        self.key.error = match key {
            "" => Some("Enter the name by which scripts read it".to_owned()),
            key => check_key(key).err().as_ref().map(sentence),
        };
        self.label.error = check_description(&self.label.value).err().as_ref().map(sentence);
        let entry = self.value.entry();
        self.value.error = entry.as_ref().err().cloned();
        let value = entry.ok().filter(|_| self.faults().is_empty())?;
        Some(VariableDraft {
            id: known.map(|known| known.id.clone()),
            key: self.key.value.clone(),
            kind: self.value.kind,
            value,
            label: self.label.value.clone(),
            description: known.map(|known| known.description.clone()).unwrap_or_default(),
            requires_value: self.requires_value,
            show_on_release_start: self.show_on_release_start,
        })
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Fault::of([&self.key, &self.label]);
        let text = self.value.error.as_ref().map(|error| format!("Value: {error}"));
        faults.extend(text.map(|text| Fault { field: self.value.name(), text }));
        faults
    }
}

fn find<'s>(stored: &'s StoredRelease, variable: &VariableId) -> Option<&'s Variable> {
    stored.release.variables.iter().find(|known| known.id == *variable)
}
