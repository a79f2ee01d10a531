//! `GET /releases`: the releases, the newest first.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::{RELEASE_CREATE, TEMPLATE_CREATE};
use patgate_core::release::ReleaseStatus;
use patgate_store::ReleaseFilter;

use super::LIST;
use super::row::{ReleaseRow, of_release};
use crate::pages::paging::{self, Paging};
use crate::pages::{Choice, Field, Fields, Notice, PageResult, Shell, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/releases.html")]
struct ListPage {
    shell: Shell,
    /// Whether the visitor may make one, or see templates.
    may_create: bool,
    search: Field,
    states: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<ReleaseRow>,
    is_later: bool,
    paging: Paging,
}

/// `GET /releases`.
pub(super) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let only = ReleaseStatus::from_word(query.text("state")).filter(|only| *only != ReleaseStatus::Template);
    let known = || ReleaseStatus::ALL.iter().copied().filter(|status| *status != ReleaseStatus::Template);
    let search = paging::search(&query, "search");
    let filter = ReleaseFilter {
        statuses: only.map_or_else(|| known().collect(), |only| vec![only]),
        title: Some(search.clone()).filter(|search| !search.is_empty()),
        ..ReleaseFilter::default()
    };
    let page = super::page(&query);
    let found = releases::listed(&state, &visitor.caller, Sort::Release, &filter, page).await?;
    let paging = super::paging(&query, page, found.len());
    let asked = only.map_or("", ReleaseStatus::as_str);
    let notice =
        (query.text("done") == "deleted").then(|| Notice::Done("The release is deleted.".to_owned()));
    let page = ListPage {
        shell: Shell::new(&state, &visitor, "Releases", LIST).with_notice(notice),
        may_create: visitor.may_any(&state, &[RELEASE_CREATE, TEMPLATE_CREATE]),
        states: std::iter::once(Choice::new("", "All", asked))
            .chain(known().map(|status| Choice::new(status.as_str(), of_release(status).1, asked)))
            .collect(),
        is_filtered: only.is_some() || !search.is_empty(),
        search: Field::new("search", "Search by title", search),
        rows: found.into_iter().map(ReleaseRow::from).collect(),
        is_later: page.number > 0,
        paging,
    };
    Ok(Html(page.render()?).into_response())
}
