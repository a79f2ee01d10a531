//! `GET /releases/{id}/live`: tells an open page what happens to its release, as server-sent events. Every page is whole
//! without it.

use axum::extract::State;
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{ReleaseId, TaskId};
use patgate_store::LogPlace;
use serde::Serialize;

use crate::pages::form::Named;
use crate::pages::{PageResult, Query, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;
use crate::watching::{self, Watching};

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
    Query(query): Query,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Release, &id).await?;
    let task = query.text("task").parse().ok();
    let watching = Watched {
        number: stored.number,
        version: stored.version,
        task: task.filter(|task| stored.release.task(task).is_some()),
        after: query.text("after").parse().ok(),
        visitor,
    };
    Ok(watching::answer(state, watching))
}

/// A release that somebody watches.
struct Watched {
    visitor: Visitor,
    number: ReleaseNumber,
    version: i64,
    task: Option<TaskId>,
    after: Option<LogPlace>,
}

impl Watching for Watched {
    async fn judge_again(&mut self, state: &AppState) -> Option<()> {
        self.visitor.caller = self.visitor.again(state).await.ok()?;
        Some(())
    }

    async fn look(&mut self, state: &AppState) -> Option<String> {
        let caller = &self.visitor.caller;
        let task = self.task.as_ref().map(|task| (task, self.after));
        let looked = releases::watch(state, caller, self.number, task, LINES).await;
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
