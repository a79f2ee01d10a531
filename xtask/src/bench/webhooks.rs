//! `cargo xtask bench webhooks`: how many requests an endpoint takes in a second, each durable before it is answered.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use patgate_testkit::servers::postgres::Database;
use serde_json::json;

use super::program::Data;
use super::serving::Serving;
use super::{figure, machine, page};
use crate::failure::Failure;
use crate::process::{self, step};
use crate::test::cluster::Cluster;
use crate::test::machine as programs;
use crate::tree;

/// Connections that stay open; each sends again as soon as it is answered.
const CONNECTIONS: usize = 64;
/// Seconds of load of a whole run.
const SECONDS: u32 = 10;
/// Endpoints beside the one that is called.
const ENDPOINTS: usize = 10_000;
/// The secret of the endpoint.
const SECRET: &str = "the secret of a benchmark";
/// The most milliseconds that 99 of 100 answers may take.
const TARGET_P99: f64 = 50.0;

/// What `cargo xtask bench webhooks` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds of load; the page is written only with the default
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS)]
    seconds: u32,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// What a load showed.
struct Turn {
    what: &'static str,
    per_second: f64,
    /// Milliseconds.
    p50: f64,
    /// Milliseconds.
    p99: f64,
    /// The least requests a second that are wanted.
    target: f64,
}

/// Loads an endpoint on SQLite, alone and beside 10,000 others, and on PostgreSQL.
///
/// # Errors
/// When something does not build or start, or a request was not taken.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what PostgreSQL needs", programs::prepare)?;
    let data = step("build", Data::new)?;
    let others = machine::others()?;
    let seconds = arguments.seconds;
    let mut turns = Vec::new();
    step("the first start of all", || Ok(data.serve(None)?.stop()))?;
    turns.push(step("SQLite", || {
        let serving = data.serve(None)?;
        make_endpoint(&data, &serving, "bench")?;
        load(&data, &serving, "SQLite", 3_000.0, seconds)
    })?);
    turns.push(step("SQLite, beside 10,000 endpoints", || {
        fill(&data)?;
        let serving = data.serve(None)?;
        load(&data, &serving, "SQLite, 10,000 endpoints", 3_000.0, seconds)
    })?);
    let cluster = step("PostgreSQL", Cluster::start)?;
    turns.push(step("PostgreSQL", || {
        let (data, database) = (Data::new()?, Database::create_on(&cluster.url()));
        let serving = data.serve_on(database.url())?;
        make_endpoint(&data, &serving, "bench")?;
        load(&data, &serving, "PostgreSQL", 2_000.0, seconds)
    })?);
    let text = report(&turns);
    println!("\n{text}");
    if seconds == SECONDS {
        page::write("webhooks", others, arguments.anyway, &text)?;
    }
    Ok(())
}

fn make_endpoint(data: &Data, serving: &Serving, path: &str) -> Result<(), Failure> {
    let file = data.path().join("data/initial-admin-password");
    let password = fs::read_to_string(&file).map_err(Failure::file(&file))?;
    let item = json!({
        "id": format!("Configuration/{path}"),
        "type": "events.PostWebhookEndpoint",
        "properties": { "path": path, "secretToken": SECRET, "requestsPerMinute": 1_000_000 },
    });
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail-with-body", "--output", "/dev/null"]);
    command.args(["-u", &format!("admin:{}", password.trim()), "-H", "Content-Type: application/json"]);
    command.args(["-d", &item.to_string()]);
    process::run(command.arg(format!("http://127.0.0.1:{}/api/v1/configuration-items", serving.port)))
}

/// Puts many endpoints like the first into the database.
fn fill(data: &Data) -> Result<(), Failure> {
    let sql = format!(
        "CREATE TEMP TABLE one AS SELECT * FROM configuration_items WHERE id = 'Configuration/bench';
         CREATE TEMP TABLE many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENDPOINTS})
           SELECT i FROM n;
         CREATE TEMP TABLE new AS SELECT one.*, many.i AS i FROM one, many;
         UPDATE new SET number = i, id = id || i, id_key = id_key || i, unique_key = unique_key || i,
           properties = replace(properties, '\"bench\"', '\"bench' || i || '\"');
         ALTER TABLE new DROP COLUMN i;
         INSERT INTO configuration_items SELECT * FROM new;"
    );
    process::run(Command::new("sqlite3").arg(data.path().join("data/patgate.db")).arg(sql))
}

/// Loads the endpoint, after a second to get warm.
fn load(
    data: &Data,
    serving: &Serving,
    what: &'static str,
    target: f64,
    seconds: u32,
) -> Result<Turn, Failure> {
    wrk(data, serving, 1)?;
    let [answers, microseconds, p50, p99, refused, broken] = wrk(data, serving, seconds)?;
    if refused > 0.0 || broken > 0.0 {
        return Err(Failure::Found(format!("{refused} answers were errors and {broken} connections broke")));
    }
    let per_second = answers / (microseconds / 1e6);
    Ok(Turn { what, per_second, p50: p50 / 1e3, p99: p99 / 1e3, target })
}

/// Runs wrk, and returns the figures that `webhooks.lua` prints.
fn wrk(data: &Data, serving: &Serving, seconds: u32) -> Result<[f64; 6], Failure> {
    let output = data.path().join("wrk.log");
    let file = File::create(&output).map_err(Failure::file(&output))?;
    let mut command = Command::new("wrk");
    command.args(["-t1", "--latency", "--timeout", "10s"]);
    command.arg(format!("-c{CONNECTIONS}")).arg(format!("-d{seconds}s"));
    command.arg("-s").arg(tree::root().join("xtask/src/bench/webhooks.lua"));
    command.arg(format!("http://127.0.0.1:{}/webhooks/bench", serving.port)).arg("--").arg(SECRET);
    process::run(command.stdin(Stdio::null()).stdout(file))?;
    let text = fs::read_to_string(&output).map_err(Failure::file(&output))?;
    let line = text.lines().find_map(|line| line.strip_prefix("figures "));
    let figures: Option<Vec<f64>> =
        line.and_then(|line| line.split(' ').map(|word| word.parse().ok()).collect());
    figures
        .and_then(|figures| figures.try_into().ok())
        .ok_or_else(|| Failure::Found(format!("wrk printed no figures:\n{text}")))
}

fn report(turns: &[Turn]) -> String {
    let mut text = format!(
        "{CONNECTIONS} connections, JSON of 1 kB, Token Authentication, the newest 100 kept; each request is durable before \
         it is answered.\n\n| database | requests a second | p50, ms | p99, ms |\n| --- | ---: | ---: | ---: |\n"
    );
    for turn in turns {
        let figures = [turn.per_second, turn.p50, turn.p99].map(figure);
        text += &format!("| {} | {} |\n", turn.what, figures.join(" | "));
    }
    text += "\n";
    for turn in turns {
        let outcome = |is_reached: bool| if is_reached { "reached" } else { "MISSED" };
        text += &format!(
            "{}: {} requests a second, target at least {}: {}; p99 {} ms, target at most {TARGET_P99} ms: {}.\n",
            turn.what,
            figure(turn.per_second),
            turn.target,
            outcome(turn.per_second >= turn.target),
            figure(turn.p99),
            outcome(turn.p99 <= TARGET_P99),
        );
    }
    text
}
