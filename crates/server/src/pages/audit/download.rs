//! `/admin/audit.jsonl`: the log as JSON Lines, an event a line, sent page by page while it is read.

use axum::extract::State;
use patgate_store::{AuditCursor, AuditEvent, AuditFilter, Seek};
use serde_json::json;

use super::query::Asked;
use crate::caller::Caller;
use crate::pages::download::{FileName, Source, file};
use crate::pages::{PageResult, Query, Visitor};
use crate::problem::Problem;
use crate::service::audit;
use crate::state::AppState;

const NAME: FileName =
    FileName { kind: "application/jsonl; charset=utf-8", stem: "patgate-audit", ending: "jsonl" };

/// Events that are read at once.
const ROWS: u64 = 500;

/// `GET /admin/audit.jsonl`, with the query of the page. Newest come first.
pub(super) async fn download(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let asked = Asked::read(&query);
    let filter = audit::filter(&state, &visitor.caller, &asked.wanted).await?;
    if let Some(fault) = asked.fault() {
        return Err(fault.into());
    }
    let events = Events { filter, seek: Some(Seek::Start) };
    file(state, visitor, NAME, String::new(), events).await
}

/// The events that are still to be sent.
struct Events {
    filter: AuditFilter,
    /// `None`: all are sent.
    seek: Option<Seek<AuditCursor>>,
}

impl Source for Events {
    async fn next(&mut self, state: &AppState, caller: &Caller) -> Result<Option<String>, Problem> {
        let Some(seek) = self.seek.take() else { return Ok(None) };
        let events = audit::list(state, caller, &self.filter, &seek, ROWS).await?;
        if events.len() as u64 == ROWS {
            self.seek = events.last().map(|last| Seek::After(AuditCursor::of(last)));
        }
        Ok(Some(events.iter().map(line).collect()).filter(|text: &String| !text.is_empty()))
    }
}

/// An event. JSON escapes line breaks, so that an event stays one line whatever is in it.
fn line(event: &AuditEvent) -> String {
    let json = json!({
        "sequence": event.sequence.as_i64(),
        "position": event.position,
        "at": event.at,
        "actor": {
            "kind": event.actor.kind.as_str(),
            "name": event.actor.name,
            "user": event.actor.user.map(|user| user.to_string()),
            "token": event.actor.grant.map(|grant| grant.to_string()),
            "address": event.actor.address,
        },
        "action": event.action,
        "subject": {
            "kind": event.subject_kind.as_str(),
            "id": event.subject_id,
            "name": event.subject_name,
        },
        "detail": event.detail,
    });
    format!("{json}\n")
}
