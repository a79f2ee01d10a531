//! `GET /releases/{id}/tasks/{task}`: a task, its script and what it said.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::policy::notification::length_in_page;
use patgate_core::release::{TaskKind, TaskPlace, TaskStatus};
use patgate_store::{LogLine, LogPlace};

use super::row::TaskRow;
use super::{LIST, OfRelease, path};
use crate::pages::beginning::beginning;
use crate::pages::{Moment, PageResult, Query, Shell, Visitor};
use crate::problem::Problem;
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The most lines of a page.
const LINES: usize = 200;
/// As many bytes of a page are for lines; one line has room always.
const ROOM: usize = 28_000;
/// As many bytes a line takes beside what it says.
const BESIDE: usize = 130;
/// As many bytes of the script stand on the page.
const OF_SCRIPT: usize = 8_000;
/// As many bytes of what the task said.
const OF_TEXT: usize = 2_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/release_task.html")]
struct TaskPage {
    shell: Shell,
    release: String,
    release_path: String,
    task: TaskRow,
    script: String,
    /// Whether the script is longer than what stands there of it.
    is_cut: bool,
    lines: Vec<Line>,
    /// That of the last line; 0 without one.
    last_run: u32,
    /// The query of the lines that follow; empty when there are none yet.
    next: String,
    is_later: bool,
    may_approve: bool,
    /// Where its lines are told of as they come; empty when none will.
    live: String,
}

/// A line of the log.
struct Line {
    run: u32,
    /// Whether another run begins with it.
    begins: bool,
    at: Moment,
    said: String,
}

/// `GET /releases/{id}/tasks/{task}`.
pub(super) async fn show(
    State(state): State<AppState>,
    OfRelease(id, task): OfRelease,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Release, &id).await?;
    let found = stored.release.task(&task).ok_or_else(|| Problem::not_found("task"))?;
    let place = TaskPlace { release: id.clone(), phase: found.0.id.clone(), task: task.clone() };
    let after: Option<LogPlace> = query.text("after").parse().ok();
    let mut found_lines = releases::log(&state, &visitor.caller, &place, after, LINES as u64 + 1).await?;
    let shown = fitting(&found_lines);
    let has_more = found_lines.len() > shown;
    found_lines.truncate(shown);
    let last_run = found_lines.last().map_or(0, |line| line.place.run);
    let last = found_lines.last().map(|line| line.place.to_string()).unwrap_or_default();
    let may_change = matches!(found.1.status, TaskStatus::Queued | TaskStatus::InProgress);
    let is_script = matches!(found.1.kind, TaskKind::Script { .. });
    let task = TaskRow::new(&id, found.1);
    let is_cut = matches!(&found.1.kind, TaskKind::Script { script } if length(script) > OF_SCRIPT);
    let page = TaskPage {
        shell: Shell::new(&state, &visitor, found.1.title.clone(), LIST),
        release: stored.release.title.clone(),
        release_path: path(&id),
        task: TaskRow { said: beginning(&task.said, OF_TEXT), ..task },
        script: match &found.1.kind {
            TaskKind::Script { script } => beginning(script, OF_SCRIPT),
            TaskKind::Gate => String::new(),
        },
        is_cut,
        next: if has_more { query.with(&[("after", &last)]) } else { String::new() },
        is_later: after.is_some(),
        may_approve: visitor.may_any(&state, &[RELEASE_CREATE]),
        live: if is_script && may_change && !has_more {
            format!("{}/live?task={}&after={last}", path(&id), found.1.id.as_str())
        } else {
            String::new()
        },
        lines: lines(&found_lines),
        last_run,
    };
    Ok(Html(page.render()?).into_response())
}

/// How many of these lines a page has room for.
fn fitting(found: &[LogLine]) -> usize {
    let mut left = ROOM;
    let fits = |line: &&LogLine| match left.checked_sub(BESIDE + length(&line.said)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    found.iter().take(LINES).take_while(fits).count().max(found.len().min(1))
}

/// How many bytes of a page a text takes.
fn length(text: &str) -> usize {
    text.chars().map(length_in_page).sum()
}

fn lines(found: &[LogLine]) -> Vec<Line> {
    let mut run = 0;
    let line = |line: &LogLine| {
        let begins = line.place.run != run && line.place.run > 1;
        run = line.place.run;
        Line { run, begins, at: line.at.into(), said: line.said.clone() }
    };
    found.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_page_has_as_many_lines_as_there_is_room_for_and_one_at_least() {
        let fit = |lengths: &[usize]| {
            let line = |length: &usize| LogLine {
                place: LogPlace { run: 1, line: 1 },
                at: Timestamp::UNIX_EPOCH,
                said: "<".repeat(*length),
            };
            fitting(&lengths.iter().map(line).collect::<Vec<_>>())
        };
        assert_eq!(fit(&[]), 0);
        assert_eq!(fit(&[10; 201]), ROOM / (BESIDE + 50));
        assert_eq!(fit(&[0; 300]), LINES);
        assert_eq!(fit(&[4_000, 4_000, 1]), 1, "what follows a line that does not fit comes after it");
        assert_eq!(fit(&[10_000, 1]), 1, "one line has room always");
    }
}
