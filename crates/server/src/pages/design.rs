//! `/design`: every component in every state, for whoever changes one. It shows nothing of anybody, and no page links to it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};

use super::field::{Choice, Field};
use super::shell::{Notice, Shell};
use super::{PageResult, Paging, Pill};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/design.html")]
struct DesignPage {
    shell: Shell,
    pills: Vec<Pill>,
    empty: Field,
    filled: Field,
    wrong: Field,
    unsuitable: Field,
    choices: Vec<Choice>,
    paging: Paging,
    notices: [Notice; 3],
}

/// `GET /design`.
pub(super) async fn show(State(state): State<AppState>) -> PageResult {
    let pill = |look, text: &str| Pill { look, text: text.to_owned(), until: String::new() };
    let field = |name, value: &str| {
        Field::new(name, "Token name", value).hint("What it is for, so that you know it later.")
    };
    let page = DesignPage {
        shell: Shell::bare(&state, "Components"),
        pills: vec![
            pill("plain", "Never"),
            pill("plain", "30 days"),
            pill("warning", "4 days"),
            pill("warning", "Less than 24 hours"),
            pill("bad", "Expired"),
        ],
        empty: field("empty", ""),
        filled: field("filled", "nightly-report"),
        wrong: Field {
            error: Some("The name has a control character.".to_owned()),
            ..field("wrong", "nightly\u{7}")
        },
        unsuitable: Field {
            error: Some("Tokens for it are not allowed for SSO users.".to_owned()),
            ..Field::new("unsuitable", "Application", "")
        },
        paging: Paging { previous: Some(String::new()), next: Some(String::new()) },
        choices: ["Any", "Release", "Deploy"].map(|name| Choice::new(name, name, "Any")).to_vec(),
        notices: [
            Notice::Done("The token was deleted.".to_owned()),
            Notice::Told("An administrator has switched tokens off for SSO users.".to_owned()),
            Notice::Failed("The user name or the password is wrong.".to_owned()),
        ],
    };
    Ok(Html(page.render()?).into_response())
}
