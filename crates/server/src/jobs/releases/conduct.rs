//! One release, from its claim to where it waits for a person or ends.

use std::sync::Arc;
use std::time::Duration;

use patgate_core::release::{Event, Release, ReleaseStatus, TaskId, TaskKind, TaskStatus, step};
use patgate_store::{LogLine, NextStep, ReleaseStep, StoredRelease, StoredSecrets};
use tokio_util::sync::CancellationToken;

use super::Runner;
use super::log::Log;
use super::run::run;
use crate::release::Run;

/// How long one waits before a step is written again that the database did not take.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the tasks of a claimed release, as far as it goes and until somebody stops it.
pub(super) async fn conduct(runner: Arc<Runner>, held: StoredRelease, under_way: Run) {
    let number = held.number;
    let log = Log::default();
    let stop = under_way.stop();
    tokio::select! {
        biased;
        // Dropped, the script ends at once.
        () = stop.cancelled() => tracing::info!(release = %number, "a release was stopped"),
        () = go_on(&runner, held, stop, &log) => {}
    }
    drop(under_way);
    // Who aborts a release wants to know what its script was about.
    log.end(&runner.state.store, number).await;
}

async fn go_on(runner: &Runner, mut held: StoredRelease, stop: &CancellationToken, log: &Log) {
    let Some(mut next) = taken_up(runner, &held.release) else { return };
    let (mut last, mut secrets) = (None, StoredSecrets::new());
    loop {
        let is_queued = is_queued(&next);
        let now = runner.state.clock.now();
        let (written, lease) = match is_queued {
            true if runner.closing.is_cancelled() => (next, NextStep::Due(now)),
            true => match step(&next, Event::Begin, now) {
                Ok((begun, _)) => (begun, NextStep::Hold),
                Err(_) => return,
            },
            false => (next, NextStep::Rest),
        };
        if !write(runner, &held, &written, lease, last.take(), std::mem::take(&mut secrets)).await {
            return;
        }
        log.all_written();
        held.version += 1;
        held.release = written;
        if !matches!(lease, NextStep::Hold) {
            return;
        }
        let Some(ran) = run(runner, &held, stop, log).await else { return };
        let now = runner.state.clock.now();
        let Ok((stepped, _)) = step(&held.release, ran.event, now) else { return };
        next = stepped;
        held.secrets.extend(ran.secrets.clone());
        (last, secrets) = (Some((ran.task, ran.lines)), ran.secrets);
    }
}

/// The release as it is taken up: a script that runs was left by a runner that is gone.
fn taken_up(runner: &Runner, release: &Release) -> Option<Release> {
    let was_running = release.active_task().is_some_and(|task| {
        task.status == TaskStatus::InProgress && matches!(task.kind, TaskKind::Script { .. })
    });
    match was_running {
        true => step(release, Event::Interrupted, runner.state.clock.now()).ok().map(|(next, _)| next),
        false => Some(release.clone()),
    }
}

fn is_queued(release: &Release) -> bool {
    release.status == ReleaseStatus::InProgress
        && release.active_task().is_some_and(|task| task.status == TaskStatus::Queued)
}

/// Writes the release. Whether it is still this runner's.
async fn write(
    runner: &Runner,
    held: &StoredRelease,
    written: &Release,
    next: NextStep,
    log: Option<(TaskId, Vec<LogLine>)>,
    secrets: StoredSecrets,
) -> bool {
    let step = ReleaseStep {
        number: held.number,
        version: held.version,
        release: written.clone(),
        secrets,
        next,
        log,
    };
    loop {
        match runner.writer.write(step.clone()).await {
            Some(is_held) => return is_held,
            None if runner.holds() => tokio::time::sleep(PAUSE).await,
            None => return false,
        }
    }
}
