//! `GET /releases`: the releases, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::ReleaseStatus;
use patgate_store::{ReleaseSearch, Seek, TimeCursor};

use super::LIST;
use super::row::{ReleaseRow, of_release};
use crate::pages::paging::{self, Paging};
use crate::pages::{Choice, Field, Notice, PageResult, Query, Shell, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/releases.html")]
struct ListPage {
    shell: Shell,
    may_start: bool,
    search: Field,
    states: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<ReleaseRow>,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    is_later: bool,
    paging: Paging,
}

/// `GET /releases`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let only = ReleaseStatus::from_word(query.text("state")).filter(|only| *only != ReleaseStatus::Template);
    let known = || ReleaseStatus::ALL.iter().copied().filter(|status| *status != ReleaseStatus::Template);
    let search = paging::search(&query, "search");
    let wanted = ReleaseSearch {
        statuses: only.map_or_else(|| known().collect(), |only| vec![only]),
        title: search.clone(),
    };
    let place: Seek<TimeCursor> = paging::place(&query);
    let caller = &visitor.caller;
    let found = releases::search(&state, caller, Sort::Release, &wanted, &place, paging::ASKED).await?;
    let (rows, paging) = Paging::cut(found.releases, &place, &query, TimeCursor::of_release);
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let asked = only.map_or("", ReleaseStatus::as_str);
    let notice =
        (query.text("done") == "deleted").then(|| Notice::Done("The release is deleted.".to_owned()));
    let page = ListPage {
        shell: Shell::new(&state, &visitor, "Releases", LIST).with_notice(notice),
        may_start: visitor.may_any(&state, &[RELEASE_CREATE]),
        states: std::iter::once(Choice::new("", "All", asked))
            .chain(known().map(|status| Choice::new(status.as_str(), of_release(status).1, asked)))
            .collect(),
        is_filtered: only.is_some() || !search.is_empty(),
        search: Field::new("search", "Search by title", search),
        rows: rows.into_iter().map(ReleaseRow::from).collect(),
        is_partial: found.reached.is_some(),
        is_later: place != Seek::Start,
        paging,
    };
    Ok(Html(page.render()?).into_response())
}
