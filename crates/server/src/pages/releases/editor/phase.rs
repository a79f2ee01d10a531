//! `/releases/templates/{id}/phases/new` and `…/phases/{phase}`: adds a phase, and renames one.

use axum::extract::State;
use http::StatusCode;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{LONGEST_TITLE, PhaseId, ReleaseId};

use super::change::{Part, with_new_phase, with_phase};
use super::part::{Page, PartForm};
use super::{Edited, gone, title_fault};
use crate::pages::form::{Named, unsaved};
use crate::pages::releases::OfRelease;
use crate::pages::{Field, Fields, PageResult, Query, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::releases::PhaseDraft;
use crate::state::AppState;

/// `GET /releases/templates/{id}/phases/new`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let title = format!("Phase {}", edited.stored.release.phases.len() + 1);
    shown(&state, &visitor, &edited, &Page::NewPhase, &title, &query)
}

/// `POST /releases/templates/{id}/phases/new`.
pub(super) async fn add(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let title = judged(&fields);
    if title.error.is_some() {
        let form = PartForm::Phase(title);
        return edited.page(&state, &visitor, &Page::NewPhase, form, (StatusCode::BAD_REQUEST, None));
    }
    let phase =
        PhaseDraft { id: None, title: title.value.clone(), description: String::new(), tasks: Vec::new() };
    let draft = with_new_phase(&edited.stored.release, phase);
    edited.save_page(&state, &visitor, &Page::NewPhase, PartForm::Phase(title), draft).await
}

/// `GET /releases/templates/{id}/phases/{phase}`.
pub(super) async fn show(
    State(state): State<AppState>,
    OfRelease(id, phase): OfRelease<PhaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let edited = Edited::seen(&state, &visitor, &id, &query).await?;
    let part = Part::Phase(phase);
    let title = part.title(&edited.stored.release).map(ToOwned::to_owned);
    let title = title.ok_or_else(|| Problem::not_found("phase"))?;
    shown(&state, &visitor, &edited, &Page::Of(part), &title, &query)
}

/// `POST /releases/templates/{id}/phases/{phase}`.
pub(super) async fn save(
    State(state): State<AppState>,
    OfRelease(id, phase): OfRelease<PhaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let page = Page::Of(Part::Phase(phase.clone()));
    let title = judged(&fields);
    if edited.lacks(&page) {
        return edited.page(&state, &visitor, &page, PartForm::Phase(title), gone("phase"));
    }
    if title.error.is_some() {
        let refused = (StatusCode::BAD_REQUEST, None);
        return edited.page(&state, &visitor, &page, PartForm::Phase(title), refused);
    }
    let rename = |phase: &mut PhaseDraft| phase.title.clone_from(&title.value);
    let draft = with_phase(&edited.stored.release, &phase, rename);
    edited.save_page(&state, &visitor, &page, PartForm::Phase(title), draft).await
}

/// The page with the title that there is, or that was typed before a log-in.
fn shown(
    state: &AppState,
    visitor: &Visitor,
    edited: &Edited,
    page: &Page,
    title: &str,
    query: &Fields,
) -> PageResult {
    let typed = query.has("title");
    let title = field(if typed { query.text("title") } else { title });
    edited.page(state, visitor, page, PartForm::Phase(title), (StatusCode::OK, typed.then(unsaved)))
}

/// The title that was typed, with what is wrong with it.
fn judged(fields: &Fields) -> Field {
    let title = field(fields.text("title"));
    Field { error: title_fault(&title.value), ..title }
}

fn field(title: &str) -> Field {
    Field::new("title", "Title", title).at_most(LONGEST_TITLE)
}
