//! How much a script without end slows the others.
//!
//! The same ordinary releases run alone, and beside each kind of such a script: one of that kind is under way at a time, and
//! a second after it was stopped the next one begins. The rounds take turns, so that a slow minute of the machine is
//! everybody's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use patgate_testkit::wait;
use serde_json::json;

use super::super::program::Data;
use super::super::{figure, median, verdict};
use super::site::Site;
use super::{ordinary, run_all};
use crate::failure::Failure;

/// Ordinary releases of one look.
const RELEASES: usize = 200;
/// How often each look is taken.
const ROUNDS: usize = 5;
/// The most that the others may take longer, as a ratio.
const TARGET: f64 = 1.1;
/// How long a script without end may take until it was stopped.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks whether it was: looking is no load.
const LOOK: Duration = Duration::from_millis(100);
/// After one was stopped and before the next one begins.
const PAUSE: Duration = Duration::from_secs(1);

/// What is without end, and how a script says it.
const ENDLESS: [(&str, &str); 5] = [
    ("loops", "for i in range(1000000000):\n    for j in range(1000000000):\n        pass\n"),
    ("allocates", "kept = []\nfor i in range(1000000000):\n    kept.append(str(i) * 10000)\n"),
    ("allocates in one statement", "kept = [str(i) * 10000 for i in range(1000000000)]\n"),
    ("recurses", "def again(n):\n    return again(n + 1) + 1\nagain(0)\n"),
    ("prints", "for i in range(1000000000):\n    print('again and again and again', i)\n"),
];

/// What was seen of one kind.
#[derive(Default)]
struct Seen {
    /// Seconds of the others, one for each round.
    seconds: Vec<f64>,
    /// How many of the kind were stopped.
    stopped: usize,
    /// How the last one was reported.
    reported: String,
}

/// A table with a ratio for each kind, and how the worst one stands to the target.
///
/// # Errors
/// When a release does not end as it must.
pub(super) fn measure(data: &Data) -> Result<String, Failure> {
    let serving = data.serve(None)?;
    let mut site = Site::of(data, &serving)?;
    let template = ordinary(&mut site)?;
    let mut endless = Vec::new();
    for (kind, script) in ENDLESS {
        endless.push(endless_template(&mut site, kind, script)?);
    }
    // The first workers start, and the program's pages are read: that is nobody's round.
    run_all(&mut site, &template, RELEASES, || ())?;
    let mut alone = Vec::new();
    let mut beside: [Seen; ENDLESS.len()] = Default::default();
    for round in 0..ROUNDS {
        println!("round {} of {ROUNDS}", round + 1);
        alone.push(run_all(&mut site, &template, RELEASES, || ())?);
        for (seen, endless) in beside.iter_mut().zip(&endless) {
            run_beside(&mut site, &template, endless, seen)?;
        }
    }
    serving.stop();
    Ok(told(median(alone), beside))
}

fn endless_template(site: &mut Site, kind: &str, script: &str) -> Result<String, Failure> {
    let task = json!({ "type": "xlrelease.ScriptTask", "title": kind, "script": script });
    site.make("/api/v1/templates", &json!({ "title": kind, "phases": [{ "title": "All", "tasks": [task] }] }))
}

/// The ordinary releases, while scripts without end come one after the other.
fn run_beside(site: &mut Site, template: &str, endless: &str, seen: &mut Seen) -> Result<(), Failure> {
    let mut other = site.another();
    let is_over = AtomicBool::new(false);
    let (seconds, stopped) = thread::scope(|scope| {
        let stopping = scope.spawn(|| -> Result<(usize, String), Failure> {
            let (mut count, mut reported) = (0, String::new());
            while !is_over.load(Ordering::Acquire) {
                reported = stop_one(&mut other, endless)?;
                count += 1;
                wait::until(PAUSE, || is_over.load(Ordering::Acquire).then_some(()));
            }
            Ok((count, reported))
        });
        let seconds = run_all(site, template, RELEASES, || ());
        is_over.store(true, Ordering::Release);
        let stopped = stopping.join();
        (
            seconds,
            stopped.unwrap_or_else(|_| Err(Failure::Found("the scripts without end panicked".to_owned()))),
        )
    });
    let (count, reported) = stopped?;
    seen.seconds.push(seconds?);
    seen.stopped += count;
    seen.reported = reported;
    Ok(())
}

/// Starts one, waits until it was stopped, and returns what its task says.
fn stop_one(site: &mut Site, endless: &str) -> Result<String, Failure> {
    let release = site.make(&format!("/api/v1/templates/{endless}/start"), &json!({}))?;
    let path = format!("/api/v1/releases/{release}");
    let ended = wait::until(PATIENCE, || {
        wait::until(LOOK, || None::<()>);
        match site.get(&path) {
            Ok(found) if found["status"] == "IN_PROGRESS" => None,
            other => Some(other),
        }
    });
    let ended =
        ended.unwrap_or_else(|| Err(Failure::Found("a script without end was not stopped".to_owned())))?;
    let reported = ended["phases"][0]["tasks"][0]["statusLine"].as_str().unwrap_or_default();
    if ended["status"] == "FAILED" && reported.contains("was stopped") {
        Ok(reported.to_owned())
    } else {
        Err(Failure::Found(format!("a script without end was not reported as stopped: {ended}")))
    }
}

fn told(alone: f64, beside: [Seen; ENDLESS.len()]) -> String {
    let mut worst = f64::NEG_INFINITY;
    let mut rows = String::new();
    for ((kind, _), Seen { seconds, stopped, reported }) in ENDLESS.iter().zip(beside) {
        let seconds = median(seconds);
        let ratio = seconds / alone;
        worst = worst.max(ratio);
        rows.push_str(&format!("| {kind} | {} | {ratio:.2} × | {stopped} | {reported} |\n", figure(seconds)));
    }
    format!(
        "{RELEASES} such releases beside scripts without end: one is under way, and a second after it was stopped the next; medians \
         of {ROUNDS} rounds. Alone they take {} s.\n\n| the script | seconds of the others | ÷ alone | stopped | reported as |\n\
         | --- | ---: | ---: | ---: | --- |\n{rows}\n{}.\n",
        figure(alone),
        verdict("the others beside the worst one", worst, TARGET, "×"),
    )
}
