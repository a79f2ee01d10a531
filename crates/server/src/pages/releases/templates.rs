//! `GET /releases/templates`: the templates; `/releases/templates/{id}/delete`.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::{RELEASE_CREATE, RELEASE_VIEW, TEMPLATE_CREATE};
use patgate_core::release::{ReleaseId, ReleaseStatus};
use patgate_store::{ReleaseSearch, Seek, StoredRelease, TimeCursor};

use super::row::TemplateRow;
use super::{TEMPLATES, template_path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging};
use crate::pages::refused::redirect;
use crate::pages::{Field, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/templates.html")]
struct TemplatesPage {
    shell: Shell,
    /// Whether the visitor may make one.
    may_edit: bool,
    /// Whether the visitor may start a release of one.
    may_start: bool,
    /// Whether the visitor may see releases.
    may_see: bool,
    search: Field,
    rows: Vec<TemplateRow>,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    is_later: bool,
    paging: Paging,
}

/// `GET /releases/templates`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let search = paging::search(&query, "search");
    let wanted = ReleaseSearch { statuses: vec![ReleaseStatus::Template], title: search.clone() };
    let place: Seek<TimeCursor> = paging::place(&query);
    let caller = &visitor.caller;
    let found = releases::search(&state, caller, Sort::Template, &wanted, &place, paging::ASKED).await?;
    let (rows, paging) = Paging::cut(found.releases, &place, &query, TimeCursor::of_release);
    let notice =
        (query.text("done") == "deleted").then(|| Notice::Done("The template is deleted.".to_owned()));
    let runs_as = |user| state.username(user);
    let page = TemplatesPage {
        shell: Shell::new(&state, &visitor, "Templates", TEMPLATES).with_notice(notice),
        may_edit: visitor.may_any(&state, &[TEMPLATE_CREATE]),
        may_start: visitor.may_any(&state, &[RELEASE_CREATE]),
        may_see: visitor.may_any(&state, &[RELEASE_VIEW]),
        search: Field::new("search", "Search by title", search),
        rows: rows.into_iter().map(|row| TemplateRow::new(row, runs_as)).collect(),
        is_partial: found.reached.is_some(),
        is_later: place != Seek::Start,
        paging: paging.reaching(found.reached.as_ref(), &place, &query),
    };
    Ok(Html(page.render()?).into_response())
}

/// `GET /releases/templates/{id}/delete`.
pub(super) async fn ask_delete(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
) -> PageResult {
    let stored = changeable(&state, &visitor, &id).await?;
    question(&state, &visitor, &stored).ask()
}

/// `POST /releases/templates/{id}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let gone = || redirect(&state, &format!("{TEMPLATES}?done=deleted"));
    let stored = match changeable(&state, &visitor, &id).await {
        Ok(stored) => stored,
        // Two people delete the same template: both read that it is so.
        Err(Refused::Problem(problem)) if problem.status() == StatusCode::NOT_FOUND => return Ok(gone()),
        Err(other) => return Err(other),
    };
    match releases::delete(&state, &visitor.caller, Sort::Template, &id).await {
        Ok(()) => Ok(gone()),
        Err(problem) => question(&state, &visitor, &stored).refused(problem),
    }
}

async fn changeable(state: &AppState, visitor: &Visitor, id: &ReleaseId) -> Result<StoredRelease, Refused> {
    visitor.caller.require(state, TEMPLATE_CREATE)?;
    Ok(releases::read(state, &visitor.caller, Sort::Template, id).await?)
}

fn question(state: &AppState, visitor: &Visitor, stored: &StoredRelease) -> Confirm {
    let heading = format!("Delete the template {}?", stored.release.title);
    let path = template_path(&stored.release.id);
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), TEMPLATES),
        heading,
        sentences: vec!["Releases that were made of it stay.".to_owned()],
        action: format!("{path}/delete"),
        button: "Delete for good",
        is_danger: true,
        is_possible: true,
        cancel: path,
    }
}
