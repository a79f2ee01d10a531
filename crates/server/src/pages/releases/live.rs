//! `GET /releases/{id}/live`: tells an open page what happens to its release, as server-sent events. Every page is whole
//! without it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{ReleaseId, TaskId};
use patgate_store::LogPlace;
use serde::Serialize;

use crate::pages::form::Named;
use crate::pages::{Fields, PageResult, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// After so many looks it is over: an hour.
const LAST: u32 = 7_200;
/// After so many looks, who watches is asked for anew: they may have lost the right to.
const ASK_AGAIN: u32 = 10;
/// After so many looks at which nothing came, a sign of life is sent.
const SIGN_OF_LIFE: u32 = 20;
/// The most lines of one look.
const LINES: u64 = 100;

/// A line as the script of the page reads it.
#[derive(Serialize)]
struct Line {
    run: u32,
    at: String,
    said: String,
}

/// `GET /releases/{id}/live`: with `task` and `after` the lines of a task from there on; always that the release is not
/// any more as it was.
pub(super) async fn watch(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let stored = releases::read(&state, &visitor.caller, Sort::Release, &id).await?;
    let task = query.text("task").parse().ok();
    let watching = Watching {
        number: stored.number,
        version: stored.version,
        task: task.filter(|task| stored.release.task(task).is_some()),
        after: query.text("after").parse().ok(),
        state,
        visitor,
        looks: 0,
    };
    let first = Bytes::from_static(b": what happens from now on\n\n");
    let body = stream::unfold((watching, Some(first)), |(mut watching, ready)| async move {
        let next = match ready {
            Some(first) => first,
            None => watching.next().await?,
        };
        Some((Ok::<_, std::convert::Infallible>(next), (watching, None)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, [("x-accel-buffering", "no")], Body::from_stream(body)).into_response())
}

struct Watching {
    state: AppState,
    visitor: Visitor,
    number: ReleaseNumber,
    version: i64,
    task: Option<TaskId>,
    after: Option<LogPlace>,
    looks: u32,
}

impl Watching {
    /// The next events, or a sign of life; `None`: it is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.looks += 1;
            if self.looks > LAST || self.state.node.is_draining() {
                return None;
            }
            if self.looks.is_multiple_of(ASK_AGAIN) {
                self.visitor.caller = self.visitor.again(&self.state).await.ok()?;
            }
            let came = self.look().await?;
            if !came.is_empty() {
                return Some(came.into());
            }
            if self.looks.is_multiple_of(SIGN_OF_LIFE) {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
    }

    /// What came since the last look, as events.
    async fn look(&mut self) -> Option<String> {
        let caller = &self.visitor.caller;
        let task = self.task.as_ref().map(|task| (task, self.after));
        let looked = releases::watch(&self.state, caller, self.number, task, LINES).await;
        let (version, lines) = looked.ok()?;
        let mut events = String::new();
        for line in lines {
            self.after = Some(line.place);
            let line = Line { run: line.place.run, at: line.at.to_string(), said: line.said };
            let data = serde_json::to_string(&line).unwrap_or_default();
            events.push_str(&format!("event: line\ndata: {data}\n\n"));
        }
        if version != self.version {
            self.version = version;
            events.push_str("event: changed\ndata: {}\n\n");
        }
        Some(events)
    }
}
