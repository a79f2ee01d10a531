//! `cargo xtask bench webhooks`: how many requests an endpoint takes in a second, each durable before it is answered.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use patgate_testkit::servers::postgres::Database;
use serde_json::json;

use super::administrator::Administrator;
use super::program::Data;
use super::serving::Serving;
use super::{figure, machine, median, outcome, page, verdict};
use crate::failure::Failure;
use crate::process::{self, step};
use crate::test::cluster::Cluster;
use crate::test::machine as programs;
use crate::tree;

/// Connections that stay open; each sends again as soon as it is answered.
const CONNECTIONS: usize = 64;
/// Seconds of each load of a whole run.
const SECONDS: u32 = 5;
/// How often an endpoint alone and one beside many others are loaded in turn.
const ROUNDS: usize = 6;
/// How often PostgreSQL is.
const ROUNDS_OF_POSTGRES: usize = 3;
/// Endpoints beside the one that is called.
const ENDPOINTS: usize = 10_000;
/// The most requests in a minute that an endpoint can be allowed, which a round alone does not reach: each has an endpoint of
/// its own.
const REQUESTS_PER_MINUTE: u32 = 1_000_000;
/// The secret of the endpoints.
const SECRET: &str = "the secret of a benchmark";
/// The most processor time of a request beside 10,000 endpoints that is wanted, in that of one at an endpoint alone: unlike
/// requests a second it stays true when others use the machine.
const TARGET_RATIO: f64 = 1.05;
/// The most milliseconds that 99 of 100 answers may take.
const TARGET_P99: f64 = 50.0;

/// What `cargo xtask bench webhooks` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds of each load; the page is written only with the default
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS)]
    seconds: u32,
    /// Write the page even though others used the machine
    #[arg(long)]
    anyway: bool,
}

/// What a load showed.
#[derive(Clone, Copy, Debug)]
struct Turn {
    per_second: f64,
    /// Milliseconds.
    p50: f64,
    /// Milliseconds.
    p99: f64,
    /// Microseconds of processor time of the server for one request.
    cpu: f64,
}

/// The loads of one server.
struct Loads {
    what: &'static str,
    turns: Vec<Turn>,
    /// The least requests a second that are wanted.
    target: f64,
}

/// Loads an endpoint on SQLite, alone and beside 10,000 others in turn, and on PostgreSQL.
///
/// # Errors
/// When something does not build or start, or a request was not taken.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what PostgreSQL needs", programs::prepare)?;
    let (alone, beside) = step("build", || Ok((Data::new()?, Data::new()?)))?;
    let others = machine::others()?;
    let seconds = arguments.seconds;
    step("an endpoint alone, and one beside 10,000", || {
        for data in [&alone, &beside] {
            let serving = data.serve(None)?;
            make_endpoints(data, &serving, ROUNDS)?;
            serving.stop();
        }
        fill(&beside)?;
        count(&alone, ROUNDS)?;
        count(&beside, ROUNDS + ENDPOINTS)
    })?;
    let mut all = step("SQLite, in turn", || in_turn([&alone, &beside], seconds))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    all.push(step("PostgreSQL", || {
        let (data, database) = (Data::new()?, Database::create_on(&cluster.url()));
        let serving = data.serve_on(database.url())?;
        make_endpoints(&data, &serving, ROUNDS_OF_POSTGRES)?;
        let turns = (0..ROUNDS_OF_POSTGRES).map(|round| load(&data, &serving, round, seconds));
        let turns = turns.collect::<Result<_, _>>()?;
        Ok(Loads { what: "PostgreSQL", turns, target: 2_000.0 })
    })?);
    let text = report(&all);
    println!("\n{text}");
    if seconds == SECONDS {
        page::write("webhooks", others, arguments.anyway, &text)?;
    }
    Ok(())
}

/// Loads two servers in turn, each as often first as the other: both run all the time, and the one that is not asked does
/// nothing.
fn in_turn(data: [&Data; 2], seconds: u32) -> Result<Vec<Loads>, Failure> {
    let servers = [data[0].serve(None)?, data[1].serve(None)?];
    let mut turns = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            turns[which].push(load(data[which], &servers[which], round, seconds)?);
        }
    }
    let [alone, beside] = turns;
    Ok(vec![
        Loads { what: "SQLite", turns: alone, target: 3_000.0 },
        Loads { what: "SQLite, beside 10,000 endpoints", turns: beside, target: 3_000.0 },
    ])
}

/// Makes the endpoints of so many rounds.
fn make_endpoints(data: &Data, serving: &Serving, rounds: usize) -> Result<(), Failure> {
    (0..rounds).try_for_each(|round| make_endpoint(data, serving, &path(round)))
}

/// The last segment of the URL that a round calls.
fn path(round: usize) -> String {
    format!("round{round}")
}

fn make_endpoint(data: &Data, serving: &Serving, path: &str) -> Result<(), Failure> {
    let item = json!({
        "id": format!("Configuration/{path}"),
        "type": "events.PostWebhookEndpoint",
        "properties": { "path": path, "secretToken": SECRET, "requestsPerMinute": REQUESTS_PER_MINUTE },
    });
    Administrator::of(data, serving)?.post("/api/v1/configuration-items", &item).map(drop)
}

/// Puts many endpoints like that of the first round into the database.
fn fill(data: &Data) -> Result<(), Failure> {
    let first = path(0);
    let sql = format!(
        "CREATE TEMP TABLE one AS SELECT * FROM configuration_items WHERE id = 'Configuration/{first}';
         CREATE TEMP TABLE many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENDPOINTS})
           SELECT i FROM n;
         CREATE TEMP TABLE new AS SELECT one.*, many.i AS i FROM one, many;
         UPDATE new SET number = i, id = id || '-' || i, id_key = id_key || '-' || i,
           unique_key = unique_key || '-' || i,
           properties = replace(properties, '\"{first}\"', '\"{first}-' || i || '\"');
         ALTER TABLE new DROP COLUMN i;
         INSERT INTO configuration_items SELECT * FROM new;"
    );
    data.write_database(&sql)
}

/// Demands that so many endpoints are in the database, each at a path of its own: what was not filled in would be measured
/// as if it cost nothing.
fn count(data: &Data, wanted: usize) -> Result<(), Failure> {
    let sql = "SELECT count(DISTINCT json_extract(properties, '$.path')) FROM configuration_items
               WHERE type_name = 'events.PostWebhookEndpoint'";
    let there = data.ask_database(sql)?;
    if there == wanted.to_string() {
        return Ok(());
    }
    Err(Failure::Found(format!("{there} endpoints are in the database, not {wanted}")))
}

/// Loads the endpoint of a round, after a second to get warm.
fn load(data: &Data, serving: &Serving, round: usize, seconds: u32) -> Result<Turn, Failure> {
    wrk(data, serving, round, 1)?;
    let before = serving.cpu_seconds()?;
    let [answers, microseconds, p50, p99, refused, broken] = wrk(data, serving, round, seconds)?;
    let after = serving.cpu_seconds()?;
    if refused > 0.0 || broken > 0.0 {
        return Err(Failure::Found(format!("{refused} answers were errors and {broken} connections broke")));
    }
    let cpu = (after.0 + after.1 - before.0 - before.1) / answers * 1e6;
    Ok(Turn { per_second: answers / (microseconds / 1e6), p50: p50 / 1e3, p99: p99 / 1e3, cpu })
}

/// Runs wrk, and returns the figures that `webhooks.lua` prints.
fn wrk(data: &Data, serving: &Serving, round: usize, seconds: u32) -> Result<[f64; 6], Failure> {
    let output = data.path().join("wrk.log");
    let file = File::create(&output).map_err(Failure::file(&output))?;
    let mut command = Command::new("wrk");
    command.args(["-t1", "--latency", "--timeout", "10s"]);
    command.arg(format!("-c{CONNECTIONS}")).arg(format!("-d{seconds}s"));
    command.arg("-s").arg(tree::root().join("xtask/src/bench/webhooks.lua"));
    command.arg(format!("http://127.0.0.1:{}/webhooks/{}", serving.port, path(round)));
    command.arg("--").arg(SECRET);
    process::run(command.stdin(Stdio::null()).stdout(file))?;
    let text = fs::read_to_string(&output).map_err(Failure::file(&output))?;
    let line = text.lines().find_map(|line| line.strip_prefix("figures "));
    let figures: Option<Vec<f64>> =
        line.and_then(|line| line.split(' ').map(|word| word.parse().ok()).collect());
    figures
        .and_then(|figures| figures.try_into().ok())
        .ok_or_else(|| Failure::Found(format!("wrk printed no figures:\n{text}")))
}

impl Turn {
    /// Microseconds from one answer to the next, over all connections.
    fn elapsed(&self) -> f64 {
        1e6 / self.per_second
    }
}

fn report(all: &[Loads]) -> String {
    let mut text = format!(
        "{CONNECTIONS} connections, JSON of 1 kB, Token Authentication, the newest 100 kept; each request is durable before \
         it is answered. On SQLite, an endpoint alone and one beside 10,000 others are loaded in turn, {ROUNDS} times each for \
         {SECONDS} s, each as often first; PostgreSQL {ROUNDS_OF_POSTGRES} times; medians. Each round calls an endpoint of its \
         own, so that none reaches its requests a minute.\n\n\
         | database | requests a second | p50, ms | p99, ms | CPU µs a request | elapsed µs a request |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n"
    );
    let of = |loads: &Loads, value: fn(&Turn) -> f64| median(loads.turns.iter().map(value));
    for loads in all {
        let values: [fn(&Turn) -> f64; 5] =
            [|turn| turn.per_second, |turn| turn.p50, |turn| turn.p99, |turn| turn.cpu, Turn::elapsed];
        let figures = values.map(|value| of(loads, value));
        text += &format!("| {} | {} |\n", loads.what, figures.map(figure).join(" | "));
    }
    text += "\n";
    for loads in all {
        let (per_second, p99) = (of(loads, |turn| turn.per_second), of(loads, |turn| turn.p99));
        text += &format!(
            "{}: {} requests a second, target at least {}: {}; p99 {} ms, target at most {TARGET_P99} ms: {}.\n",
            loads.what,
            figure(per_second),
            loads.target,
            outcome(per_second >= loads.target),
            figure(p99),
            outcome(p99 <= TARGET_P99),
        );
    }
    if let [alone, beside, ..] = all {
        let pairs = || alone.turns.iter().zip(&beside.turns);
        let ratio = median(pairs().map(|(alone, beside)| beside.cpu / alone.cpu));
        let elapsed = median(pairs().map(|(alone, beside)| beside.elapsed() / alone.elapsed()));
        let verdict =
            verdict("a request beside 10,000 endpoints ÷ at one alone, in CPU", ratio, TARGET_RATIO, "×");
        text += &format!("{verdict}; in elapsed time: {} ×.\n", figure(elapsed));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_turns_next_to_each_other() {
        let loads = |what, rates: [f64; 3]| Loads {
            what,
            turns: rates
                .map(|per_second| Turn { per_second, p50: 1.0, p99: 2.0, cpu: 1e3 / per_second })
                .into(),
            target: 50.0,
        };
        let text = report(&[loads("one", [100.0, 50.0, 80.0]), loads("many", [99.0, 49.0, 40.0])]);
        assert!(text.contains("| one | 80.0 | 1.00 | 2.00 | 12.5 | 12500 |"), "{text}");
        assert!(text.contains("many: 49.0 requests a second, target at least 50: MISSED"), "{text}");
        let end = "in CPU: 1.02 ×, target at most 1.05 ×: reached; in elapsed time: 1.02 ×.\n";
        assert!(text.ends_with(end), "{text}");
    }
}
