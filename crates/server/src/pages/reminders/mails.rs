//! `GET /admin/reminders/{id}`: the mails of a run; `GET /admin/reminders/mails`: those of all runs, and the notices that
//! tokens end earlier.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::{MailId, RunId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_store::{MailFilter, MailStateKind, Seek};

use super::row::{ANSWER, MailRow, NAMED};
use super::{LIST, RunRow, may_run};
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging};
use crate::pages::{Choice, Fields, Notice, PageResult, Query, Shell, Visitor};
use crate::service::reminders;
use crate::state::AppState;

/// The states that can be asked for, in words.
const STATES: [(MailStateKind, &str); 5] = [
    (MailStateKind::Waiting, "Waiting"),
    (MailStateKind::Sending, "Being sent"),
    (MailStateKind::Sent, "Sent"),
    (MailStateKind::Skipped, "Skipped"),
    (MailStateKind::Failed, "Failed"),
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
    /// Whether a place in the list was asked for.
    is_later: bool,
    paging: Paging,
}

/// The mails of a run.
pub(super) async fn show_run(
    State(state): State<AppState>,
    Named(id): Named<RunId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let run = reminders::run(&state, &visitor.caller, id).await?;
    show(&state, &visitor, Some((id, run.into())), &query).await
}

/// The mails of all runs.
pub(super) async fn show_all(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    show(&state, &visitor, None, &query).await
}

async fn show(
    state: &AppState,
    visitor: &Visitor,
    run: Option<(RunId, RunRow)>,
    query: &Fields,
) -> PageResult {
    let only = STATES.into_iter().map(|(kind, _)| kind).find(|kind| kind.as_str() == query.text("state"));
    let asked = only.map_or("", MailStateKind::as_str);
    let place: Seek<MailId> = paging::place(query);
    let (id, run) = run.unzip();
    let may_see = visitor.may_any(state, &[TOKEN_VIEW_ALL]);
    let filter = MailFilter { run: id, state: only };
    let mails = match &run {
        Some(_) if !may_see => Vec::new(),
        _ => reminders::mails(state, &visitor.caller, &filter, &place, paging::ASKED, NAMED).await?,
    };
    let (mails, paging) = Paging::cut(mails, &place, query, |listed| listed.mail.id);
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
        states: std::iter::once(("", "All"))
            .chain(STATES.map(|(kind, label)| (kind.as_str(), label)))
            .map(|(word, label)| Choice::new(word, label, asked))
            .collect(),
        is_filtered: !asked.is_empty(),
        rows: mails.into_iter().map(|mail| MailRow::new(mail, ANSWER).listed()).collect(),
        is_later: place != Seek::Start,
        paging,
    };
    Ok(Html(page.render()?).into_response())
}
