//! `cargo xtask bench releases`: how long many releases of script tasks take, and what they hold in memory.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use patgate_testkit::wait;
use patgate_testkit::wire::Wire;
use serde_json::{Value, json};

use super::program::Data;
use super::serving::{Serving, now, seconds_since};
use super::{figure, machine, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};

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
    let (seconds, megabytes) = step(&format!("{count} releases"), || measure(&data, count))?;
    let text = format!(
        "{count} releases of {TASKS} script tasks, each with a call of the API, a variable and a line of the log; from the first \
         start to the last task, on SQLite.\n\n| what | |\n| --- | ---: |\n| seconds | {} |\n| tasks a second | {} |\n\
         | most megabytes, server and workers | {} |\n\n{}.\n{}.\n",
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
    let file = data.path().join("data/initial-admin-password");
    let password = fs::read_to_string(&file).map_err(Failure::file(&file))?;
    let mut site = Site::new(serving.port, password.trim())?;
    let task = json!({ "type": "xlrelease.ScriptTask", "title": "Task", "script": SCRIPT });
    let template = json!({
        "title": "Bench",
        "phases": [{ "title": "All", "tasks": vec![task; TASKS] }],
        "variables": [{ "key": "count", "type": "xlrelease.IntegerVariable", "value": 0 }],
        "scriptUserPassword": site.token,
    });
    let template = site.post("/api/v1/templates", &template)?;
    let path = format!("/api/v1/templates/{}/start", template["id"].as_str().unwrap_or_default());
    let start = now();
    for _ in 0..count {
        site.post(&path, &json!({}))?;
    }
    let mut most = 0.0_f64;
    let mut fault = None;
    let done = wait::until(PATIENCE, || {
        most = most.max(megabytes(&serving));
        match site.post("/api/v1/releases/count", &json!({})) {
            Ok(counts) => {
                let by_status = &counts["all"]["byStatus"];
                (by_status["COMPLETED"] == count || !by_status["FAILED"].is_null()).then(|| by_status.clone())
            }
            Err(failure) => {
                fault = Some(failure);
                Some(Value::Null)
            }
        }
    });
    let seconds = seconds_since(start);
    serving.stop();
    match (fault, done) {
        (Some(failure), _) => Err(failure),
        (None, Some(counts)) if counts["COMPLETED"] == count => Ok((seconds, most)),
        (None, counts) => Err(Failure::Found(format!("not all releases completed: {counts:?}"))),
    }
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

/// The server, for an administrator's token.
struct Site {
    wire: Wire,
    token: String,
}

impl Site {
    fn new(port: u16, password: &str) -> Result<Self, Failure> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "-u", &format!("admin:{password}")]);
        curl.args(["-H", "Content-Type: application/json", "-d", r#"{"tokenNote": "bench"}"#]);
        let url = format!("http://127.0.0.1:{port}/api/v1/personal-access-tokens");
        let made: Value = serde_json::from_str(&process::read(curl.arg(url))?)
            .map_err(|error| Failure::Found(format!("no token was made: {error}")))?;
        let token = made["token"].as_str().unwrap_or_default().to_owned();
        Ok(Self { wire: Wire::connect(port), token })
    }

    fn post(&mut self, path: &str, body: &Value) -> Result<Value, Failure> {
        let headers = [("x-release-personal-token", self.token.as_str())];
        let answer = self.wire.request("POST", path, &headers, &body.to_string());
        let answer = answer.map_err(|error| Failure::Found(format!("`{path}` was not answered: {error}")))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.json());
        }
        Err(Failure::Found(format!("`{path}` answered {}: {}", answer.status, answer.text())))
    }
}
