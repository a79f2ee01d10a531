//! `GET /admin/reminders/{id}`: the mails of a run; `GET /admin/reminders/mails`: those of all runs, and the notices that
//! tokens end earlier.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::{MailId, RunId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::reminder::SkipReason;
use patgate_store::MailState;

use super::row::MailRow;
use super::{LIST, RunRow, may_run};
use crate::pages::form::Named;
use crate::pages::{Choice, Fields, Notice, PageResult, Shell, Visitor};
use crate::service::reminders;
use crate::state::AppState;

/// Rows on a page.
const ROWS: usize = 50;

/// The states that can be asked for, as they stand in the address and on the page. The reason of a skipped one makes no
/// difference.
const STATES: [(&str, &str, Option<MailState>); 6] = [
    ("", "All", None),
    ("planned", "Waiting", Some(MailState::Planned)),
    ("sending", "Being sent", Some(MailState::Sending)),
    ("sent", "Sent", Some(MailState::Sent)),
    ("skipped", "Skipped", Some(MailState::Skipped(SkipReason::NoAddress))),
    ("failed", "Failed", Some(MailState::Failed)),
];

/// The page.
#[derive(Template)]
#[template(path = "pages/reminders_mails.html")]
struct MailsPage {
    shell: Shell,
    may_run: bool,
    /// Whether the visitor may see other people's tokens, and so these mails.
    may_see: bool,
    path: String,
    /// The run; `None`: all of them.
    run: Option<RunRow>,
    states: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<MailRow>,
    /// Whether there are mails before those that are shown.
    is_later: bool,
    /// The first page, as a query.
    first: String,
    /// The next page, as a query.
    next: Option<String>,
}

/// The mails of a run.
pub(super) async fn show_run(
    State(state): State<AppState>,
    Named(id): Named<RunId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let run = reminders::run(&state, &visitor.caller, id).await?;
    show(&state, &visitor, Some((id, run.into())), query).await
}

/// The mails of all runs.
pub(super) async fn show_all(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    show(&state, &visitor, None, query).await
}

async fn show(
    state: &AppState,
    visitor: &Visitor,
    run: Option<(RunId, RunRow)>,
    query: Option<String>,
) -> PageResult {
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let (asked, _, only) =
        STATES.into_iter().find(|(word, ..)| *word == query.text("state")).unwrap_or(STATES[0]);
    let after: Option<MailId> = query.text("after").parse().ok();
    let (id, run) = run.unzip();
    let limit = ROWS as u64 + 1;
    let may_see = visitor.may_any(state, &[TOKEN_VIEW_ALL]);
    let mut mails = match &run {
        Some(_) if !may_see => Vec::new(),
        _ => reminders::mails(state, &visitor.caller, id, only, after, limit).await?,
    };
    let has_more = mails.len() > ROWS;
    mails.truncate(ROWS);
    let next = mails.last().filter(|_| has_more);
    let next = next.map(|last| query.with(&[("after", &last.mail.id.to_string()), ("done", "")]));
    let notice = match query.text("done") {
        "run" => Some(Notice::Done("The run is done. Its mails are on their way.".to_owned())),
        "retry" => Some(Notice::Done("The mail is tried again.".to_owned())),
        "retry_all" => Some(Notice::Done("The failed mails are tried again.".to_owned())),
        _ => None,
    };
    let title = if run.is_some() { "Run of reminders" } else { "All mails" };
    let page = MailsPage {
        shell: Shell::new(state, visitor, title, LIST).with_notice(notice),
        may_run: may_run(state, visitor),
        may_see,
        path: run.as_ref().map_or_else(|| format!("{LIST}/mails"), |run| run.path.clone()),
        run,
        states: STATES.map(|(word, label, _)| Choice::new(word, label, asked)).into(),
        is_filtered: !asked.is_empty(),
        rows: mails.into_iter().map(MailRow::from).collect(),
        is_later: after.is_some(),
        first: query.with(&[("after", ""), ("done", "")]),
        next,
    };
    Ok(Html(page.render()?).into_response())
}
