//! `/admin/tokens/{id}`: what a token is and all that happened to it, deleted or not.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_store::{AuditCursor, Seek};

use super::row::SeenRow;
use super::{DELETES, LIST};
use crate::pages::audit::event::EventRow;
use crate::pages::form::Named;
use crate::pages::paging::{self, Paging};
use crate::pages::tokens::named;
use crate::pages::{PageResult, Query, Shell, Visitor};
use crate::service::tokens::overview;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/all_tokens_one.html")]
struct TokenPage {
    shell: Shell,
    /// Where it is, without the base.
    path: String,
    row: SeenRow,
    /// What happened to it; `None` for who may not read the log.
    events: Option<Vec<EventRow>>,
    paging: Paging,
    may_delete: bool,
}

/// `GET /admin/tokens/{id}?after=&before=`.
pub(super) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Named(id): Named<String>,
    Query(query): Query,
) -> PageResult {
    let (caller, id) = (&visitor.caller, named(&id)?);
    let seen = overview::read_with_history(&state, caller, id).await?;
    let place: Seek<AuditCursor> = paging::place(&query);
    let (events, paging) = if overview::may_read_life(&state, caller) {
        let events = overview::life(&state, caller, id, &place, paging::ASKED).await?;
        let (events, paging) = Paging::cut(events, &place, &query, AuditCursor::of);
        let rows = events.into_iter().map(|event| EventRow::new(&state, caller, event));
        (Some(rows.collect()), paging)
    } else {
        (None, Paging::default())
    };
    let row = SeenRow::new(&state, &seen, state.clock.now());
    let page = TokenPage {
        shell: Shell::new(&state, &visitor, format!("Token {}", row.token.name), LIST),
        path: format!("{LIST}/{id}"),
        may_delete: row.deleted.is_none() && caller.may(&state, DELETES),
        row,
        events,
        paging,
    };
    Ok(Html(page.render()?).into_response())
}
