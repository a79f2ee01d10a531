//! The page itself: what is true, or what was typed, with what is wrong with it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::user::{Origin, Username};

use super::{PROFILE, browser};
use crate::pages::form::{Difference, Fault, unsaved};
use crate::pages::freshness::Freshness;
use crate::pages::paging::{ASKED, ROWS};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Moment, Notice, PageResult, Query, Shell, Visitor};
use crate::problem::Problem;
use crate::service::confirmations;
use crate::service::sessions::{self, OwnSession};
use crate::service::shown::{Shown, is_overtaken};
use crate::service::users::{self, Email, FullName};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/profile.html")]
struct ProfilePage {
    shell: Shell,
    username: String,
    /// Whether name and password are kept here.
    is_internal: bool,
    provider: String,
    /// `None` for an internal user.
    freshness: Option<Freshness>,
    full_name: Field,
    email: Field,
    current_password: Field,
    new_password: Field,
    repeated_password: Field,
    faults: Vec<Fault>,
    /// What the form of name and address remembers of how it was shown.
    shown: Shown,
    /// What is not in that form as it is stored, when that must be seen.
    differences: Vec<Difference>,
    sessions: Vec<SessionRow>,
    /// Whether there are sessions that are not listed.
    has_more: bool,
}

/// A session.
struct SessionRow {
    name: String,
    browser: String,
    address: String,
    opened: Moment,
    seen: Moment,
    is_current: bool,
}

impl From<OwnSession> for SessionRow {
    fn from(session: OwnSession) -> Self {
        Self {
            name: session.name.to_string(),
            browser: browser::name(session.user_agent.as_deref()),
            address: session.address.unwrap_or_default(),
            opened: session.created_at.into(),
            seen: session.seen_at.into(),
            is_current: session.is_current,
        }
    }
}

/// `GET /account/profile?done=`. What was typed before a log-in stands in the query.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    page(&state, &visitor, &query, None).await
}

/// `GET` of an address that only takes a form: what a reload finds, and who logs in again.
pub(super) async fn back(State(state): State<AppState>, _: Visitor) -> PageResult {
    Ok(redirect(&state, PROFILE))
}

/// The page with what was typed, and what is wrong with it.
pub(super) async fn page(
    state: &AppState,
    visitor: &Visitor,
    typed: &Fields,
    problem: Option<&Problem>,
) -> PageResult {
    let caller = &visitor.caller;
    let name: Username = caller.facts.username.parse().map_err(Problem::internal)?;
    let user = users::read(state, caller, &name).await?;
    let value = |field: &str, stored: &str| {
        if typed.has(field) { typed.text(field).to_owned() } else { stored.to_owned() }
    };
    let field = |name, label, hint, value: &str| Field {
        error: problem.filter(|problem| problem.wrong_field() == Some(name)).map(Problem::sentence),
        ..Field::new(name, label, value).hint(hint)
    };
    let full_name =
        field("full_name", "Full name", "", &value("full_name", &user.full_name)).at_most(FullName::LONGEST);
    let email = field("email", "E-mail", "Where reminders are sent.", &value("email", &user.email))
        .at_most(Email::LONGEST);
    let is_internal = user.origin == Origin::Internal;
    // A form that is told what is wrong with it has seen what is stored; a link, and one that was overtaken, has not.
    let must_be_seen = is_internal && problem.is_none_or(is_overtaken);
    let stored = [(&full_name, user.full_name.clone()), (&email, user.email.clone())];
    let differences = if must_be_seen { Difference::of(stored) } else { Vec::new() };
    let shown = match typed.text("shown") {
        shown if !shown.is_empty() && !problem.is_some_and(is_overtaken) => Shown::from_form(shown),
        _ => users::shown(&user),
    };
    let current_password = field("current_password", "Current password", "", "");
    let hint = "At least 8 characters. Your other sessions end.";
    let new_password = field("new_password", "New password", hint, "");
    let repeated_password = field("repeated_password", "New password, again", "", "");
    let fields = [&full_name, &email, &current_password, &new_password, &repeated_password];
    let faults = Fault::of(fields);
    let notice = match problem {
        None if !differences.is_empty() => Some(unsaved()),
        None => notice(typed),
        Some(_) if !faults.is_empty() => None,
        Some(problem) => Some(Notice::Failed(problem.sentence())),
    };
    let sessions = sessions::own(state, caller, ASKED).await?;
    let page = ProfilePage {
        shell: Shell::new(state, visitor, "Profile", PROFILE).with_notice(notice),
        username: user.username.to_string(),
        is_internal,
        freshness: confirmations::seen(state, &user).await?.map(Freshness::from),
        provider: state.provider_label(&user.provider).to_owned(),
        full_name,
        email,
        current_password,
        new_password,
        repeated_password,
        faults,
        shown,
        differences,
        has_more: sessions.len() > ROWS,
        sessions: sessions.into_iter().take(ROWS).map(SessionRow::from).collect(),
    };
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Ok((status, Html(page.render()?)).into_response())
}

fn notice(query: &Fields) -> Option<Notice> {
    Some(match query.text("done") {
        "saved" => Notice::Done("Your profile is saved.".to_owned()),
        "password" => Notice::Done("Your password is changed. Your other sessions have ended.".to_owned()),
        "ended" => Notice::Done("The session has ended.".to_owned()),
        _ => return None,
    })
}
