//! Lists of whole releases, which are read while they are sent: a client that reads slowly has one of them in memory, and is in
//! nobody's way. Held as a whole, a page of them could be many megabytes for as long as its client likes.

use std::vec::IntoIter;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use patgate_core::release::ReleaseId;
use patgate_store::{Page, ReleaseFilter};
use serde::Serialize;

use super::body::ReleaseBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The most bytes that a connection is given at a time. A list of fewer is sent at once.
const PIECE: usize = 64 * 1_024;

/// What stands before the releases of a list, and behind them.
pub(super) struct Around {
    head: String,
    tail: String,
}

impl Around {
    /// That of an answer whose first list is the one of the releases, and is empty here.
    pub(super) fn of(answer: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string(answer).map_err(Problem::internal)?;
        let around = text.split_once("[]");
        let (head, tail) = around.ok_or_else(|| Problem::internal("an answer without a list"))?;
        Ok(Self { head: format!("{head}["), tail: format!("]{tail}") })
    }
}

/// A page of whole ones, as they are when their turn comes.
///
/// A fault behind the first piece breaks the answer off: the client sees that it has no end.
///
/// # Errors
/// Those of the first piece.
pub(super) async fn list(
    state: &AppState,
    caller: &Caller,
    sort: Sort,
    filter: &ReleaseFilter,
    page: Page,
    around: Around,
) -> Result<Response, Problem> {
    let found = releases::listed(state, caller, sort, filter, page).await?;
    let ids: Vec<ReleaseId> = found.into_iter().map(|release| release.id).collect();
    let mut sending = Sending {
        state: state.clone(),
        caller: caller.clone(),
        sort,
        ids: ids.into_iter(),
        has_begun: false,
        around,
        ready: Bytes::new(),
    };
    // Read before the headers go out, so that a failure is a status.
    let first = sending.next().await?.unwrap_or_default();
    let headers = [(CONTENT_TYPE, "application/json")];
    if sending.is_over() {
        return Ok((headers, first).into_response());
    }
    let body = stream::try_unfold((sending, Some(first)), |(mut sending, ready)| async move {
        let piece = match ready {
            Some(first) => Some(first),
            None => sending.next().await.map_err(|problem| problem.to_string())?,
        };
        Ok::<_, String>(piece.map(|piece| (piece, (sending, None))))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A list under way.
struct Sending {
    state: AppState,
    caller: Caller,
    sort: Sort,
    /// Those that were not read yet.
    ids: IntoIter<ReleaseId>,
    /// Whether one was written, so that a comma stands before the next.
    has_begun: bool,
    /// What was not written yet of it.
    around: Around,
    /// What is written, and not sent.
    ready: Bytes,
}

impl Sending {
    fn is_over(&self) -> bool {
        self.ready.is_empty() && self.around.tail.is_empty()
    }

    /// The next piece; `None` after the last one.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.ready.is_empty() {
            self.ready = self.read().await?;
        }
        let length = self.ready.len().min(PIECE);
        Ok(Some(self.ready.split_to(length)).filter(|piece| !piece.is_empty()))
    }

    /// The text of those that are a piece together, or of the last ones; empty after them.
    async fn read(&mut self) -> Result<Bytes, Problem> {
        let mut text = std::mem::take(&mut self.around.head).into_bytes();
        while text.len() < PIECE {
            let Some(id) = self.ids.next() else {
                text.extend_from_slice(std::mem::take(&mut self.around.tail).as_bytes());
                break;
            };
            // A client may take hours, in which somebody can lose the right to see the next one.
            let caller = self.caller.again(&self.state).await?;
            let found = match releases::read(&self.state, &caller, self.sort, &id).await {
                Ok(found) => found,
                // It was deleted meanwhile.
                Err(problem) if problem.status() == StatusCode::NOT_FOUND => continue,
                Err(problem) => return Err(problem),
            };
            if std::mem::replace(&mut self.has_begun, true) {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, &ReleaseBody::new(&self.state, found))
                .map_err(Problem::internal)?;
        }
        Ok(text.into())
    }
}
