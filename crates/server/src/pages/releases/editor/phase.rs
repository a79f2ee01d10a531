//! `/releases/templates/{id}/phases/new` and `…/phases/{phase}`: adds a phase, and renames one.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{LONGEST_TITLE, PhaseId, ReleaseId};

use super::change::{Part, with_new_phase, with_phase};
use super::{Edited, Head, gone, title_fault};
use crate::pages::form::{Fault, Named, failed, unsaved};
use crate::pages::releases::{OfRelease, TEMPLATES};
use crate::pages::{Field, Fields, Notice, PageResult, Query, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::releases::PhaseDraft;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_phase.html")]
struct PhasePage {
    shell: Shell,
    head: Head,
    heading: &'static str,
    /// Whether it is there already.
    is_there: bool,
    faults: Vec<Fault>,
    title: Field,
}

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
    shown(&state, &visitor, &edited, None, &title, &query)
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
        return page(&state, &visitor, &edited, None, title, (StatusCode::BAD_REQUEST, None));
    }
    let phase =
        PhaseDraft { id: None, title: title.value.clone(), description: String::new(), tasks: Vec::new() };
    let draft = with_new_phase(&edited.stored.release, phase);
    match edited.save(&state, &visitor, draft).await? {
        Ok(saved) => {
            let part = saved.release.phases.last().map(|phase| Part::Phase(phase.id.clone()));
            Ok(edited.lead(&state, &saved, part.as_ref()))
        }
        Err(problem) => page(&state, &visitor, &edited, None, title, failed(&problem)),
    }
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
    shown(&state, &visitor, &edited, Some(&part), &title, &query)
}

/// `POST /releases/templates/{id}/phases/{phase}`.
pub(super) async fn save(
    State(state): State<AppState>,
    OfRelease(id, phase): OfRelease<PhaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let part = Part::Phase(phase.clone());
    let title = judged(&fields);
    if !edited.has(Some(&part)) {
        return page(&state, &visitor, &edited, Some(&part), title, gone("phase"));
    }
    if title.error.is_some() {
        return page(&state, &visitor, &edited, Some(&part), title, (StatusCode::BAD_REQUEST, None));
    }
    let rename = |phase: &mut PhaseDraft| phase.title.clone_from(&title.value);
    let draft = with_phase(&edited.stored.release, &phase, rename);
    match edited.save(&state, &visitor, draft).await? {
        Ok(saved) => Ok(edited.lead(&state, &saved, Some(&part))),
        Err(problem) => page(&state, &visitor, &edited, Some(&part), title, failed(&problem)),
    }
}

/// The page with the title that there is, or that was typed before a log-in.
fn shown(
    state: &AppState,
    visitor: &Visitor,
    edited: &Edited,
    part: Option<&Part>,
    title: &str,
    query: &Fields,
) -> PageResult {
    let typed = query.has("title");
    let title = field(if typed { query.text("title") } else { title });
    page(state, visitor, edited, part, title, (StatusCode::OK, typed.then(unsaved)))
}

/// The title that was typed, with what is wrong with it.
fn judged(fields: &Fields) -> Field {
    let title = field(fields.text("title"));
    Field { error: title_fault(&title.value), ..title }
}

fn field(title: &str) -> Field {
    Field::new("title", "Title", title).at_most(LONGEST_TITLE)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    edited: &Edited,
    part: Option<&Part>,
    title: Field,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let heading = if part.is_some() { "Edit phase" } else { "New phase" };
    let below = format!("phases/{}", part.map_or("new", Part::as_str));
    let page = PhasePage {
        shell: Shell::new(state, visitor, heading, TEMPLATES).with_notice(notice),
        head: edited.head(state, visitor, &below, part),
        heading,
        is_there: edited.has(part),
        faults: Fault::of([&title]),
        title,
    };
    Ok((status, Html(page.render()?)).into_response())
}
