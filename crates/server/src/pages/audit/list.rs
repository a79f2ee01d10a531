//! `/admin/audit`: the log, newest first.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_store::{AuditCursor, Seek};

use super::LIST;
use super::event::EventRow;
use super::query::Asked;
use crate::pages::paging::{self, Paging};
use crate::pages::{PageResult, Query, Shell, Visitor};
use crate::service::audit;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/audit.html")]
struct AuditPage {
    shell: Shell,
    asked: Asked,
    events: Vec<EventRow>,
    paging: Paging,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
    /// The same filter, for the download.
    download: String,
}

/// `GET /admin/audit?actor=&action=&subject=&from=&until=&zone=&after=&before=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let caller = &visitor.caller;
    let asked = Asked::read(&query);
    let filter = audit::filter(&state, caller, &asked.wanted).await?;
    let place: Seek<AuditCursor> = paging::place(&query);
    // A filter that cannot be read finds nothing, instead of more than was asked.
    let is_wrong = asked.fault().is_some();
    let limit = if is_wrong { 0 } else { paging::ASKED };
    let found = audit::search(&state, caller, &filter, &place, limit).await?;
    let (events, paging) = Paging::cut(found.events, &place, &query, AuditCursor::of);
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let page = AuditPage {
        shell: Shell::new(&state, &visitor, "Audit log", LIST),
        events: events.into_iter().map(|event| EventRow::new(&state, caller, event)).collect(),
        paging,
        is_partial: found.reached.is_some(),
        download: query.with(&[("after", ""), ("before", "")]),
        asked,
    };
    let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, Html(page.render()?)).into_response())
}
