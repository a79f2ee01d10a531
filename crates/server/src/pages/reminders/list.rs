//! `GET /admin/reminders`: the last runs.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};

use super::{LIST, RunRow, may_run};
use crate::pages::{PageResult, Shell, Visitor};
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
}

/// The list.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let runs = reminders::runs(&state, &visitor.caller).await?;
    let page = RunsPage {
        shell: Shell::new(&state, &visitor, "Reminders", LIST),
        may_run: may_run(&state, &visitor),
        zone: state.zone.iana_name().unwrap_or_default().to_owned(),
        rows: runs.into_iter().map(RunRow::from).collect(),
    };
    Ok(Html(page.render()?).into_response())
}
