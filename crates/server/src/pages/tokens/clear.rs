//! `/account/tokens/expired/clear`: asks whether one's expired tokens shall be deleted, and deletes them.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use jiff::Timestamp;

use super::LIST;
use super::row::Row;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Shell, Submitted, Visitor};
use crate::service::tokens;
use crate::state::AppState;

/// How many names are listed.
const NAMED: usize = 50;

/// The page.
#[derive(Template)]
#[template(path = "pages/tokens_clear.html")]
struct ClearPage {
    shell: Shell,
    rows: Vec<Row>,
    has_more: bool,
    /// Only what had expired when this page was shown is deleted by its form.
    before: String,
    /// What the button says.
    button: String,
}

/// `GET /account/tokens/expired/clear`.
pub(super) async fn ask(State(state): State<AppState>, visitor: Visitor) -> PageResult {
    let now = state.clock.now();
    let grants = tokens::expired_own(&state, &visitor.caller, now, NAMED as u64 + 1).await?;
    if grants.is_empty() {
        return Ok(redirect(&state, "/account/tokens?done=none-expired"));
    }
    let page = ClearPage {
        shell: Shell::new(&state, &visitor, "Clear expired tokens", LIST),
        has_more: grants.len() > NAMED,
        rows: grants.iter().take(NAMED).map(|grant| Row::new(&state, grant, None, now)).collect(),
        before: now.to_string(),
        button: match grants.len() {
            1 => "Delete 1 expired token".to_owned(),
            count if count > NAMED => "Delete all expired tokens".to_owned(),
            count => format!("Delete {count} expired tokens"),
        },
    };
    Ok(Html(page.render()?).into_response())
}

/// `POST /account/tokens/expired/clear`.
pub(super) async fn clear(State(state): State<AppState>, sent: Submitted) -> PageResult {
    let now = state.clock.now();
    let before = sent.fields.text("before").parse::<Timestamp>().unwrap_or(now);
    let cleared = tokens::clear_expired(&state, &sent.visitor.caller, before.min(now)).await?;
    let done = if cleared == 0 { "none-expired" } else { "cleared" };
    Ok(redirect(&state, &format!("/account/tokens?done={done}")))
}
