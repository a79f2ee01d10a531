//! `/admin/reminders/run`: whom a run would write to now, and the button that runs it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_store::TimeCursor;

use super::row::{Note, reason_words};
use super::{LIST, may_run};
use crate::pages::beginning::{LISTED, beginning};
use crate::pages::paging::ROWS;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Query, Shell, Submitted, Visitor};
use crate::service::reminders::{self, Look, Part, Place, Preview, PreviewedMail};
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
    mails: Vec<MailAhead>,
    /// Within how many days the tokens end that a run looks at.
    days: u32,
    /// The query of the mails behind these; empty: they are the last.
    more_mails: String,
    left_out: Vec<LeftOut>,
    /// The same for the left-out tokens.
    more_left_out: String,
    /// The query that looks at more tokens; empty: it was looked at the last of them.
    further: String,
    /// Whether it was looked at a part of the tokens alone, so that the numbers are the least that there are.
    is_partial: bool,
    /// Whether some of the tokens were looked at before these.
    is_further: bool,
    /// Whether a place in a list was asked for.
    is_later: bool,
}

/// A mail that would be sent; of long names their beginning.
struct MailAhead {
    owner: String,
    /// The whole name of the owner, for the link to their tokens.
    username: String,
    address: String,
    tokens: Vec<String>,
    more: usize,
}

impl From<PreviewedMail> for MailAhead {
    fn from(PreviewedMail { owner, address, tokens, more }: PreviewedMail) -> Self {
        Self {
            address: beginning(&address, LISTED),
            tokens: tokens.iter().map(|name| beginning(name, LISTED)).collect(),
            owner: beginning(&owner, LISTED),
            username: owner,
            more,
        }
    }
}

/// A token about which no mail would be written; of long names their beginning.
struct LeftOut {
    owner: String,
    token: String,
    reason: &'static str,
}

/// The preview.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    // A place that cannot be read is the beginning.
    let place = |name| query.text(name).parse::<Place>().ok();
    let (mails_after, left_out_after) = (place("after"), place("left_out_after"));
    let from = query.text("from").parse::<TimeCursor>().ok();
    let part = Part { look: Look::Stretch(from), mails_after, left_out_after, limit: ROWS, named: 1 };
    let preview = reminders::preview(&state, &visitor.caller, part).await?;
    let Preview { note, days, planned, skipped, further, mails, more_mails, left_out, more_left_out } =
        preview;
    let more = |name, place: Option<Place>| {
        place.map(|place| query.with(&[(name, &place.to_string())])).unwrap_or_default()
    };
    let go_on = |place: TimeCursor| {
        query.with(&[("from", &place.to_string()), ("after", ""), ("left_out_after", "")])
    };
    let left_out = left_out.into_iter().map(|one| LeftOut {
        owner: beginning(&one.owner, LISTED),
        token: beginning(&one.token, LISTED),
        reason: reason_words(one.reason),
    });
    let page = RunPage {
        shell: Shell::new(&state, &visitor, "Run reminders now", LIST),
        may_run: may_run(&state, &visitor),
        note: note.map(Note::of),
        planned,
        skipped,
        mails: mails.into_iter().map(MailAhead::from).collect(),
        days,
        more_mails: more("after", more_mails),
        left_out: left_out.collect(),
        more_left_out: more("left_out_after", more_left_out),
        is_partial: from.is_some() || further.is_some(),
        further: further.map(go_on).unwrap_or_default(),
        is_further: from.is_some(),
        is_later: mails_after.is_some() || left_out_after.is_some(),
    };
    Ok(Html(page.render()?).into_response())
}

/// The run.
pub(super) async fn run(State(state): State<AppState>, Submitted { visitor, .. }: Submitted) -> PageResult {
    let run = reminders::run_now(&state, &visitor.caller).await?;
    Ok(redirect(&state, &format!("{LIST}/{}?done=run", run.id)))
}
