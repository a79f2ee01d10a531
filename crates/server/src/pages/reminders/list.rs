//! `GET /admin/reminders`: the runs, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_store::{Seek, TimeCursor};

use super::{LIST, RunRow, may_run};
use crate::pages::paging::{self, ASKED, Paging};
use crate::pages::{PageResult, Query, Shell, Visitor};
use crate::service::reminders;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/reminders.html")]
struct RunsPage {
    shell: Shell,
    may_run: bool,
    /// The server's time zone, by whose clock nights begin.
    zone: String,
    rows: Vec<RunRow>,
    /// Whether a place in the list was asked for.
    is_later: bool,
    paging: Paging,
}

/// The list.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let place: Seek<TimeCursor> = paging::place(&query);
    let runs = reminders::runs(&state, &visitor.caller, &place, ASKED).await?;
    let (runs, paging) = Paging::cut(runs, &place, &query, |listed| TimeCursor::of_run(&listed.run));
    let page = RunsPage {
        shell: Shell::new(&state, &visitor, "Reminders", LIST),
        may_run: may_run(&state, &visitor),
        zone: state.zone.iana_name().unwrap_or_default().to_owned(),
        rows: runs.into_iter().map(RunRow::from).collect(),
        is_later: place != Seek::Start,
        paging,
    };
    Ok(Html(page.render()?).into_response())
}
