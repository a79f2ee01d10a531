//! `/design`: every component in every state, for whoever changes one. It shows nothing of anybody, and no page links to it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use jiff::Timestamp;
use patgate_core::grant::SuspensionReason;

use super::audit::detail::{Line, Part};
use super::field::{Choice, Field};
use super::form::{Difference, Fault};
use super::permission::PermissionChoice;
use super::shell::{Notice, Shell, ShellUser};
use super::tokens::row::{LastUse, Row};
use super::{PageResult, Paging, Pill};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/design.html")]
struct DesignPage {
    shell: Shell,
    user: ShellUser,
    pills: Vec<Pill>,
    states: [(&'static str, &'static str); 4],
    notices: [Notice; 3],
    faults: Vec<Fault>,
    differences: Vec<Difference>,
    /// Each with the type of its input.
    lines: Vec<(Field, &'static str)>,
    areas: [Field; 2],
    suitable: Field,
    unsuitable: Field,
    closed: Field,
    search: Field,
    choices: Vec<Choice>,
    permissions: [PermissionChoice; 2],
    rows: [Row; 3],
    paging: Paging,
    told: Vec<Line>,
}

/// `GET /design`.
pub(super) async fn show(State(state): State<AppState>) -> PageResult {
    let now = state.clock.now();
    let wrong =
        |field: Field, error: &str| Field { error: Some(error.to_owned()), value: String::new(), ..field };
    let lines = lines();
    let page = DesignPage {
        shell: Shell::bare(&state, "Components"),
        user: ShellUser { username: "ann.kern".to_owned(), initials: "AK".to_owned(), csrf: String::new() },
        pills: pills(),
        states: [("plain", "Unknown"), ("good", "Enabled"), ("warning", "Suspended"), ("bad", "Disabled")],
        notices: [
            Notice::Done("The token was deleted.".to_owned()),
            Notice::Told("An administrator has switched tokens off for SSO users.".to_owned()),
            Notice::Failed("The user name or the password is wrong.".to_owned()),
        ],
        faults: Fault::of(lines.iter().map(|(field, _)| field)),
        differences: vec![Difference {
            label: "Full name",
            stored: "Ann Kern".to_owned(),
            wanted: String::new(),
        }],
        lines,
        areas: [
            Field::new("area", "Users", "ann\nkim").hint("One a line."),
            wrong(Field::new("wrong_area", "Groups", ""), "Write the provider before the group."),
        ],
        suitable: Field::new("suitable", "Token expiration", "").hint("How long it works."),
        unsuitable: wrong(
            Field::new("unsuitable", "Application", ""),
            "Tokens for it are not allowed for SSO users.",
        ),
        closed: Field::new("closed", "Subject", "Your token expires soon"),
        search: Field::new("search", "Name begins with", "ci"),
        choices: ["Any", "Release", "Deploy"].map(|name| Choice::new(name, name, "Any")).to_vec(),
        permissions: [
            PermissionChoice::new("release#view", true),
            PermissionChoice::new("shop#order", false),
        ],
        rows: [row("ci-deploy", now), row("nightly-report", now), row("old-runner", now)],
        paging: Paging { previous: Some(String::new()), next: Some(String::new()) },
        told: vec![Line { name: "Full name".to_owned(), value: vec![Part::text("nothing → Ann Kern")] }],
    };
    Ok(Html(page.render()?).into_response())
}

fn pills() -> Vec<Pill> {
    let looks = [
        ("plain", "Never"),
        ("plain", "30 days"),
        ("warning", "4 days"),
        ("warning", "1 day"),
        ("warning", "Less than 24 hours"),
        ("bad", "Expired"),
    ];
    looks.map(|(look, text)| Pill { look, text: text.to_owned(), until: String::new() }).to_vec()
}

/// A field of one line in every state, and of every type.
fn lines() -> Vec<(Field, &'static str)> {
    let field = |name, value: &str| {
        Field::new(name, "Token name", value).hint("What it is for, so that you know it later.")
    };
    let wrong = |field: Field, error: &str| Field { error: Some(error.to_owned()), ..field };
    vec![
        (field("empty", ""), "text"),
        (field("filled", "nightly-report"), "text"),
        (wrong(field("wrong", "nightly\u{7}"), "The name has a control character."), "text"),
        (Field::new("days", "Days before expiration", "7").hint("1 to 365."), "number"),
        (Field::new("date", "Last day", "2026-12-21"), "date"),
        (Field::new("new_password", "New password", "").hint("At least 8 characters."), "password"),
        (wrong(Field::new("again", "New password again", ""), "The two passwords differ."), "password"),
    ]
}

/// A token in one of its states: used and with permissions of its own, suspended, expired.
fn row(name: &str, now: Timestamp) -> Row {
    let (pill, is_expired, is_suspended) = match name {
        "old-runner" => (("bad", "Expired"), true, false),
        "nightly-report" => (("plain", "30 days"), false, true),
        _ => (("warning", "4 days"), false, false),
    };
    let is_plain = is_expired || is_suspended;
    Row {
        id: name.to_owned(),
        name: name.to_owned(),
        application: "Deploy".to_owned(),
        permissions: (!is_plain).then(|| vec!["release#view".to_owned(), "login".to_owned()]),
        created: now.into(),
        last_use: (!is_plain).then(|| LastUse {
            at: now.into(),
            address: "192.0.2.7".to_owned(),
            user_agent: "curl/8.9".to_owned(),
        }),
        expires: None,
        pill: Pill { look: pill.0, text: pill.1.to_owned(), until: String::new() },
        is_expired,
        suspended: is_suspended.then(|| SuspensionReason::OverMaximum.explanation()),
    }
}
