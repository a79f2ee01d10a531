//! `cargo xtask bench releases`: how long many releases of script tasks take, what they hold in memory, and how much a script
//! without end slows them.

mod beside;
mod site;

use std::fs;
use std::path::Path;
use std::time::Duration;

use patgate_testkit::wait;
use serde_json::json;

use self::site::Site;
use super::program::Data;
use super::serving::{Serving, now, seconds_since};
use super::{figure, machine, page, verdict};
use crate::failure::Failure;
use crate::process::step;

/// Releases of a whole run.
const RELEASES: usize = 1_000;
/// Script tasks of each.
const TASKS: usize = 10;
/// The most seconds that are wanted.
const TARGET_SECONDS: f64 = 60.0;
/// The most megabytes that are wanted, of the server and its workers together.
const TARGET_MEGABYTES: f64 = 300.0;
/// How long all of it may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(600);
/// What each task runs: a variable, a call, a line of the log.
const SCRIPT: &str = "releaseVariables['count'] = releaseVariables['count'] + 1\n\
    print(releaseVariables['count'], api.get('/profile').status)\n";

/// What `cargo xtask bench releases` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many releases there are; the page is written only with the default
    #[arg(long, value_name = "COUNT", default_value_t = RELEASES)]
    releases: usize,
    /// Only what runs beside scripts without end; the page is not written
    #[arg(long)]
    beside: bool,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// Starts releases of ten script tasks each, and waits until all are done.
///
/// # Errors
/// When something does not build or start, or a release does not complete.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let count = arguments.releases;
    if arguments.beside {
        println!("\n{}", step("scripts without end", || beside::measure(&data))?);
        return Ok(());
    }
    let (seconds, megabytes) = step(&format!("{count} releases"), || measure(&data, count))?;
    let beside = step("scripts without end", || beside::measure(&data))?;
    let text = format!(
        "{count} releases of {TASKS} script tasks, each with a call of the API, a variable and a line of the log; from the first \
         start to the last task, on SQLite.\n\n| what | |\n| --- | ---: |\n| seconds | {} |\n| tasks a second | {} |\n\
         | most megabytes, server and workers | {} |\n\n{}.\n{}.\n\n{beside}",
        figure(seconds),
        figure((count * TASKS) as f64 / seconds),
        figure(megabytes),
        verdict("all releases", seconds, TARGET_SECONDS, "s"),
        verdict("memory", megabytes, TARGET_MEGABYTES, "MB"),
    );
    println!("\n{text}");
    if count == RELEASES { page::write("releases", others, arguments.anyway, &text) } else { Ok(()) }
}

/// Seconds, and megabytes.
fn measure(data: &Data, count: usize) -> Result<(f64, f64), Failure> {
    let serving = data.serve(None)?;
    let mut site = Site::of(data, &serving)?;
    let template = ordinary(&mut site)?;
    let mut most = 0.0_f64;
    let seconds = run_all(&mut site, &template, count, || most = most.max(megabytes(&serving)))?;
    serving.stop();
    Ok((seconds, most))
}

/// Makes the template of releases as people write them, and returns its id.
fn ordinary(site: &mut Site) -> Result<String, Failure> {
    let task = json!({ "type": "xlrelease.ScriptTask", "title": "Task", "script": SCRIPT });
    let template = json!({
        "title": "Bench",
        "phases": [{ "title": "All", "tasks": vec![task; TASKS] }],
        "variables": [{ "key": "count", "type": "xlrelease.IntegerVariable", "value": 0 }],
        "scriptUserPassword": site.token,
    });
    site.make("/api/v1/templates", &template)
}

/// Starts so many releases of a template, and waits until all are done. The seconds from the first start.
fn run_all(site: &mut Site, template: &str, count: usize, mut look: impl FnMut()) -> Result<f64, Failure> {
    let before = site.count("COMPLETED")?;
    let path = format!("/api/v1/templates/{template}/start");
    let start = now();
    for _ in 0..count {
        site.post(&path, &json!({}))?;
    }
    let done = wait::until(PATIENCE, || {
        look();
        match site.count("COMPLETED") {
            Ok(completed) if completed < before + count => None,
            other => Some(other),
        }
    });
    let seconds = seconds_since(start);
    let stuck = || Failure::Found(format!("not all releases completed in {} s", PATIENCE.as_secs()));
    done.unwrap_or_else(|| Err(stuck())).map(|_| seconds)
}

/// What the server and its workers hold in memory now.
fn megabytes(serving: &Serving) -> f64 {
    let own = serving.memory().map_or(0.0, |(now, _)| now);
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let workers = processes.filter_map(|process| child_megabytes(&process.path(), serving.id()));
    own + workers.sum::<f64>()
}

/// What a process holds, when it is a child of that one (proc(5), `PPid` and `VmRSS`).
fn child_megabytes(process: &Path, parent: u32) -> Option<f64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u32>().ok()
    };
    let kibibytes = value("VmRSS:").filter(|_| value("PPid:") == Some(parent))?;
    Some(f64::from(kibibytes) * 1_024.0 / 1e6)
}
