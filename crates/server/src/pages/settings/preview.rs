//! `/settings/preview`: which tokens a lower maximum or a closed origin touches, and what becomes of them.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::{SECURITY_EDIT, TOKEN_DELETE_ALL};
use patgate_core::policy::decision::lowers;
use patgate_core::policy::{Cells, ClosingChoice, MaximumChoice, TokenSettings};
use patgate_store::{GrantCursor, GrantSort, Seek};

use super::PATH;
use super::decisions::cells_in_words;
use super::touched::TouchedRow;
use crate::pages::confirm::Confirm;
use crate::pages::form::{Fault, sentence};
use crate::pages::paging::{self, Paging};
use crate::pages::refused::redirect;
use crate::pages::{
    Choice, Field, Fields, Moment, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor,
};
use crate::service::policy::{self, Choices, Extent, Question, TouchedToken, When};
use crate::service::settings::{self, Put};
use crate::service::shown::Shown;
use crate::state::AppState;

/// As many tokens are counted; the page says of more only that they are more, and of fewer, that they are at least so many,
/// when not all were looked at. The last question before a deletion counts all of them.
const COUNTED: u64 = 1_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/settings_preview.html")]
struct PreviewPage {
    shell: Shell,
    heading: String,
    /// What a lower maximum means for a token.
    latest: Option<Moment>,
    faults: Vec<Fault>,
    /// The hidden fields that say what is asked about.
    maximum: String,
    closing: String,
    shown: String,
    touched: String,
    rows: Vec<TouchedRow>,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    may_see: bool,
    /// The places of the pages before and after; empty: there is none. They are buttons of the form, so that what was chosen
    /// goes along.
    before: String,
    after: String,
    choices: Vec<Choice>,
    is_later: bool,
    at: Field,
    zone: Field,
}

/// What is asked about, and what is asked after it.
struct Asked {
    question: Question,
    /// The form's fields: one form asks about one rule, and then about the other.
    maximum: String,
    closing: String,
}

/// `GET /settings/preview?maximum=&closing=&after=&before=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let (stored, shown) = settings::read_shown(&state, &visitor.caller).await?;
    let Some(asked) = Asked::read(&query, &stored) else { return Ok(redirect(&state, PATH)) };
    let notice = match query.text("done") {
        "saved" => Some(Notice::Told(
            "Everything else is saved. This is not in force yet: choose what becomes of the tokens that it touches."
                .to_owned(),
        )),
        _ => None,
    };
    page(&state, &visitor, &asked, &query, &shown, StatusCode::OK, notice).await
}

/// `POST /settings/preview`.
pub(super) async fn decide(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let stored = settings::read(&state, &visitor.caller).await?;
    let Some(asked) = Asked::read(&fields, &stored) else { return Ok(redirect(&state, PATH)) };
    let shown = Shown::from_form(fields.text("shown"));
    // Another page of the list.
    if fields.has("after") || fields.has("before") {
        return page(&state, &visitor, &asked, &fields, &shown, StatusCode::OK, None).await;
    }
    let choices = match choices(&state, &fields, asked.question) {
        Ok(choices) => choices,
        Err(()) => {
            return page(&state, &visitor, &asked, &fields, &shown, StatusCode::BAD_REQUEST, None).await;
        }
    };
    let deletes =
        choices.over_maximum == MaximumChoice::Delete && visitor.caller.may(&state, TOKEN_DELETE_ALL);
    if deletes && fields.text("sure") != "yes" {
        return ask_to_delete(&state, &visitor, &asked, &fields, choices.when.as_ref()).await;
    }
    let is_later = choices.when.is_some();
    let wanted = asked.settings(&stored);
    match settings::put_shown(&state, &visitor.caller, wanted, &choices, &shown).await {
        Ok(Put::Done(_)) => {
            let done = if is_later { "scheduled" } else { "decided" };
            // The other rule is asked about next.
            let next = match asked.question {
                Question::Maximum(_) if !asked.closing.is_empty() => {
                    format!("/settings/preview?closing={}", asked.closing)
                }
                _ => format!("{PATH}?done={done}"),
            };
            Ok(redirect(&state, &next))
        }
        Ok(Put::Overtaken(_)) => {
            let text = "Somebody else changed the settings, or decided about them, while you did. Nothing of yours is in force: look again, and decide.";
            let notice = Some(Notice::Failed(text.to_owned()));
            let (_, shown) = settings::read_shown(&state, &visitor.caller).await?;
            page(&state, &visitor, &asked, &fields, &shown, StatusCode::CONFLICT, notice).await
        }
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            let notice = Some(Notice::Failed(problem.sentence()));
            page(&state, &visitor, &asked, &fields, &shown, problem.status(), notice).await
        }
    }
}

impl Asked {
    /// What the fields ask about; `None` when it is nothing, or in force already.
    fn read(fields: &Fields, stored: &TokenSettings) -> Option<Self> {
        let maximum = fields.text("maximum").parse().ok();
        let maximum = maximum.and_then(|days| settings::maximum_lifetime(Some(days)).ok().flatten());
        let maximum = maximum.filter(|to| lowers(stored.maximum_lifetime_days, Some(*to)));
        let closing: Cells = fields.text("closing").parse().unwrap_or_default();
        let closing = Cells::closing(&stored.origins, &closing.close(&stored.origins));
        let closing_text = closing.to_string();
        match maximum {
            Some(to) => Some(Self {
                question: Question::Maximum(to),
                maximum: u32::from(to).to_string(),
                closing: closing_text,
            }),
            None if closing.is_empty() => None,
            None => Some(Self {
                question: Question::Closing(closing),
                maximum: String::new(),
                closing: closing_text,
            }),
        }
    }

    /// The rules that are wanted.
    fn settings(&self, stored: &TokenSettings) -> TokenSettings {
        let mut wanted = stored.clone();
        match self.question {
            Question::Maximum(to) => wanted.maximum_lifetime_days = Some(to),
            Question::Closing(cells) => wanted.origins = cells.close(&stored.origins),
        }
        wanted
    }
}

/// What was chosen; `Err` when something of it cannot be read, which the page then says.
fn choices(state: &AppState, fields: &Fields, question: Question) -> Result<Choices, ()> {
    let when = when(state, fields).map_err(drop)?;
    let mut choices = Choices { when, ..Choices::default() };
    let word = fields.text("choice");
    match question {
        Question::Maximum(_) => {
            let known = MaximumChoice::ALL.into_iter().find(|choice| choice.as_str() == word);
            choices.over_maximum = known.ok_or(())?;
        }
        Question::Closing(_) => {
            let known = ClosingChoice::ALL.into_iter().find(|choice| choice.as_str() == word);
            choices.origin_closed = known.ok_or(())?;
        }
    }
    Ok(choices)
}

fn when(state: &AppState, fields: &Fields) -> Result<Option<When>, policy::NotATime> {
    if fields.text("when") != "later" {
        return Ok(None);
    }
    When::of_clock(fields.text("at"), fields.text("zone"), state.clock.now()).map(Some)
}

async fn page(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    fields: &Fields,
    shown: &Shown,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let place: Seek<GrantCursor> = paging::place(fields);
    let extent = Extent::Glance(COUNTED + 1);
    let found =
        policy::preview(state, &visitor.caller, asked.question, extent, &place, paging::ASKED).await?;
    let now = state.clock.now();
    let may_see = found.tokens.is_some();
    let cursor = |token: &TouchedToken| GrantCursor::of(&token.seen.grant, GrantSort::ExpiresAt);
    let (tokens, paging) = Paging::cut(found.tokens.unwrap_or_default(), &place, &Fields::default(), cursor);
    let paging = paging.reaching(found.reached.as_ref(), &place, &Fields::default());
    let (mut at, mut zone) = schedule(state, fields);
    if status == StatusCode::OK {
        // Nothing was decided yet.
        (at.error, zone.error) = (None, None);
    }
    let chosen = fields.text("choice");
    let wrong_choice =
        status == StatusCode::BAD_REQUEST && choices_of(asked.question, chosen).iter().all(|c| !c.is_chosen);
    let mut faults = Fault::of([&at, &zone]);
    if wrong_choice {
        let text = "Choose what becomes of the tokens.".to_owned();
        faults.insert(0, Fault { field: "choice".to_owned(), text });
    }
    let (heading, latest) = match asked.question {
        Question::Maximum(to) => {
            (format!("A maximum of {to}"), to.latest_expiry(now).timestamp().map(Moment::from))
        }
        Question::Closing(cells) => (format!("Closing {}", cells_in_words(cells)), None),
    };
    let mut choices = choices_of(asked.question, chosen);
    let may_delete = visitor.caller.may(state, TOKEN_DELETE_ALL);
    choices.retain(|choice| may_delete || choice.value != "delete");
    let page = PreviewPage {
        shell: Shell::new(state, visitor, heading.clone(), PATH).with_notice(notice),
        heading,
        latest,
        faults,
        maximum: asked.maximum.clone(),
        closing: asked.closing.clone(),
        shown: shown.as_str().to_owned(),
        touched: match (found.count, found.is_whole) {
            (0, true) => "No token is touched".to_owned(),
            (0, false) => "No touched token found so far".to_owned(),
            (1, true) => "One token is touched".to_owned(),
            (1, false) => "At least one token is touched".to_owned(),
            (count, _) if count > COUNTED => "More than 1,000 tokens are touched".to_owned(),
            (count, true) => format!("{count} tokens are touched"),
            (count, false) => format!("At least {count} tokens are touched"),
        },
        is_partial: found.reached.is_some(),
        rows: tokens.iter().map(|token| TouchedRow::of_touched(state, token, now)).collect(),
        may_see,
        before: place_of(paging.previous, "before"),
        after: place_of(paging.next, "after"),
        choices,
        is_later: fields.text("when") == "later",
        at,
        zone,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The place that a query of a list names.
fn place_of(query: Option<String>, name: &str) -> String {
    query.map(|query| Fields::read(query.as_bytes()).secret(name).to_owned()).unwrap_or_default()
}

/// How many tokens are deleted for good, and the button that does it.
async fn ask_to_delete(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    fields: &Fields,
    when: Option<&When>,
) -> PageResult {
    let all = policy::preview(state, &visitor.caller, asked.question, Extent::Whole, &Seek::Start, 1).await?;
    let count = all.count;
    let tokens = if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") };
    let (heading, mut sentences) = match when {
        None => (format!("Delete {tokens} for good?"), Vec::new()),
        Some(when) => (
            format!("Delete {tokens} for good, later?"),
            vec![format!(
                "It takes effect on {}. The tokens that end too late then are meant; now they are {count}.",
                policy::told(when.at, &when.zone)
            )],
        ),
    };
    sentences.push(
        "They end later than the new maximum allows. What uses them is refused from then on.".to_owned(),
    );
    sentences.push(match when {
        None => "Nothing brings them back.".to_owned(),
        Some(_) => "It can be undone until then, and not after.".to_owned(),
    });
    let mut again: Vec<_> = ["shown", "maximum", "closing", "choice", "when", "at", "zone"]
        .map(|name| (name, fields.text(name).to_owned()))
        .to_vec();
    again.push(("sure", "yes".to_owned()));
    let confirm = Confirm {
        shell: Shell::new(state, visitor, heading.clone(), PATH),
        heading,
        sentences,
        action: "/settings/preview".to_owned(),
        button: "Delete them for good",
        is_danger: true,
        is_possible: true,
        cancel: format!("/settings/preview?maximum={}&closing={}", asked.maximum, asked.closing),
    };
    confirm.carrying(again).ask()
}

/// What can be chosen; the default is chosen when nothing is.
fn choices_of(question: Question, chosen: &str) -> Vec<Choice> {
    let labels: &[(&str, &str)] = match question {
        Question::Maximum(_) => &[
            ("leave", "Leave them as they are"),
            (
                "shorten",
                "Shorten them to the new maximum, counted from when it takes effect, and write to their owners",
            ),
            ("suspend", "Suspend them until the maximum rises, or an administrator lifts it"),
            ("delete", "Delete them for good"),
        ],
        Question::Closing(_) => &[
            ("suspend", "Suspend them until the origin opens again, or an administrator lifts it"),
            ("leave", "Leave them working; only new ones cannot be made"),
        ],
    };
    let chosen = if chosen.is_empty() { labels[0].0 } else { chosen };
    labels.iter().map(|(word, label)| Choice::new(*word, *label, chosen)).collect()
}

/// The fields for the time, with what is wrong with them.
fn schedule(state: &AppState, fields: &Fields) -> (Field, Field) {
    let zone = Some(fields.text("zone")).filter(|zone| !zone.is_empty()).unwrap_or("UTC");
    let mut at = Field::new("at", "Date and time", fields.text("at"))
        .hint("Only for later, at most 366 days ahead, such as 2026-12-31T09:00.");
    let mut zone = Field::new("zone", "Time zone", zone).hint("Such as Europe/Berlin.");
    if let Err(why) = when(state, fields) {
        let field = if why == policy::NotATime::UnknownZone { &mut zone } else { &mut at };
        field.error = Some(sentence(&why));
    }
    (at, zone)
}
