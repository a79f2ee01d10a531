//! What the script of a task says, from when it says it until it is written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{LONGEST_LINE, MOST_LINES, Task, TaskId};
use patgate_store::{LogLine, LogPlace, Store, StoreError};

use crate::problem::with_causes;

/// What stands at the end of a line that was cut.
const CUT: char = '…';

/// What the task that runs says and what is not written yet. It is there for as long as its release is run: the run of a task is
/// dropped when somebody aborts the release, and what was said is not.
#[derive(Default)]
pub(super) struct Log(Mutex<Said>);

#[derive(Default)]
struct Said {
    task: Option<TaskId>,
    run: u32,
    /// That of its release since the task was begun.
    version: i64,
    /// How many lines there were.
    count: u32,
    unwritten: Vec<LogLine>,
}

impl Log {
    /// Begins anew, with the next run.
    pub(super) fn begin(&self, task: &Task, version: i64) {
        *self.said() = Said { task: Some(task.id.clone()), run: task.runs, version, ..Said::default() };
    }

    /// Takes a line. When there are more than may be kept, that is told once.
    pub(super) fn say(&self, line: &str, at: Timestamp) {
        let mut said = self.said();
        said.count = said.count.saturating_add(1);
        let text = match said.count.checked_sub(MOST_LINES) {
            None | Some(0) => kept(line),
            Some(1) => format!("(what follows is not kept: a run has at most {MOST_LINES} lines)"),
            Some(_) => return,
        };
        let place = LogPlace { run: said.run, line: said.count };
        said.unwritten.push(LogLine { place, at, said: text });
    }

    /// What is not written yet.
    pub(super) fn unwritten(&self) -> Vec<LogLine> {
        self.said().unwritten.clone()
    }

    /// Notes that all of it is.
    pub(super) fn all_written(&self) {
        self.said().unwritten.clear();
    }

    /// Writes what was said until now.
    pub(super) async fn flush(&self, store: &Store, release: ReleaseNumber) {
        if let Some((task, _, lines)) = self.last_said() {
            warn(store.append_release_log(release, &task, &lines).await);
            // Who is stopped before this writes them at the end.
            self.said().unwritten.drain(..lines.len());
        }
    }

    /// Writes what was said last when somebody has aborted the release. When this node has lost it, nothing is written.
    pub(super) async fn end(&self, store: &Store, release: ReleaseNumber) {
        if let Some((task, version, lines)) = self.last_said() {
            warn(store.end_release_log(release, version + 1, &task, &lines).await);
        }
    }

    /// What is not written yet, of which task, and the version of its release; `None`: all is.
    fn last_said(&self) -> Option<(TaskId, i64, Vec<LogLine>)> {
        let said = self.said();
        let task = said.task.clone().filter(|_| !said.unwritten.is_empty())?;
        Some((task, said.version, said.unwritten.clone()))
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn warn(written: Result<(), StoreError>) {
    if let Err(error) = written {
        tracing::warn!(error = with_causes(&error), "lines of a task's log were lost");
    }
}

/// A line as it is kept: without what PostgreSQL takes in no text, and not too long. One that was cut shows it at its end.
fn kept(line: &str) -> String {
    // Before it is cut: what stands in the place of a NUL is longer.
    let mut line = line.replace('\0', "\u{fffd}");
    if line.len() > LONGEST_LINE {
        line.truncate(line.floor_char_boundary(LONGEST_LINE - CUT.len_utf8()));
        line.push(CUT);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log of a run that says these lines.
    fn said(lines: impl IntoIterator<Item = String>) -> Vec<LogLine> {
        let log = Log::default();
        lines.into_iter().for_each(|line| log.say(&line, Timestamp::UNIX_EPOCH));
        log.unwritten()
    }

    #[test]
    fn a_run_has_so_many_lines_and_one_that_says_that_there_were_more() {
        let most = MOST_LINES as usize;
        let lines = |count: usize| said((1..=count).map(|number| number.to_string()));
        let all = lines(most);
        assert_eq!((all.len(), &*all[most - 1].said), (most, "2000"), "nothing follows");
        for count in [most + 1, most + 2, 2 * most] {
            let kept = lines(count);
            assert_eq!((kept.len(), &kept[..most]), (most + 1, &all[..]), "{count}");
            let last = &kept[most];
            assert!(last.place.line == MOST_LINES + 1 && last.said.contains("not kept"), "{last:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_shows_that_it_was_cut() {
        let whole = "x".repeat(LONGEST_LINE);
        // What stands in the place of a NUL has three bytes.
        let nothing = "\0".repeat(LONGEST_LINE / 3);
        let long = [whole.clone() + "x", "é".repeat(LONGEST_LINE), "\0".repeat(LONGEST_LINE)];
        let kept = said([whole.clone(), nothing].into_iter().chain(long));
        assert_eq!((&kept[0].said, kept[1].said.contains(CUT)), (&whole, false), "these fit");
        for (line, begins) in kept[2..].iter().zip(["x", "é", "\u{fffd}"]) {
            let text = &line.said;
            assert!(text.starts_with(begins) && text.ends_with(CUT) && !text.contains('\0'), "{text}");
            assert!((LONGEST_LINE - 3..=LONGEST_LINE).contains(&text.len()), "{} bytes", text.len());
        }
    }
}
