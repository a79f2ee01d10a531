//! `/admin/reminders/run`: whom a run would write to now, and the button that runs it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};

use super::row::{Note, reason_words};
use super::{LIST, may_run};
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::reminders::{self, Preview, PreviewedMail};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/reminders_run.html")]
struct RunPage {
    shell: Shell,
    may_run: bool,
    note: Option<Note>,
    planned: u64,
    skipped: u64,
    mails: Vec<PreviewedMail>,
    left_out: Vec<LeftOut>,
}

/// A token about which no mail would be written.
struct LeftOut {
    owner: String,
    token: String,
    reason: &'static str,
}

/// The preview.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let Preview { note, planned, skipped, mails, left_out } =
        reminders::preview(&state, &visitor.caller).await?;
    let left_out = left_out.into_iter().map(|one| LeftOut {
        owner: one.owner,
        token: one.token,
        reason: reason_words(one.reason),
    });
    let page = RunPage {
        shell: Shell::new(&state, &visitor, "Run reminders now", LIST),
        may_run: may_run(&state, &visitor),
        note: note.map(Note::of),
        planned,
        skipped,
        mails,
        left_out: left_out.collect(),
    };
    Ok(Html(page.render()?).into_response())
}

/// The run.
pub(super) async fn run(State(state): State<AppState>, Submitted { visitor, .. }: Submitted) -> PageResult {
    let run = reminders::run_now(&state, &visitor.caller).await?;
    Ok(redirect(&state, &format!("{LIST}/{}?done=run", run.id)))
}
