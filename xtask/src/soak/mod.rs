//! `cargo xtask soak`: the long trials, whose result goes into `docs/reference/reliability.md`.

mod fuzz;
mod kills;
mod mails;
mod releases;
mod scripts;
mod webhooks;

use patgate_testkit::servers::patgate::{Patgate, Start};
use patgate_testkit::servers::postgres::Database;

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::test::cluster::Cluster;
use crate::test::machine;
use crate::tree;

/// The names of the trials that are no fuzz targets.
const KILLS: &str = "kills";
const MAILS: &str = "mails";
const RELEASES: &str = "releases";
const SCRIPTS: &str = "scripts";
const WEBHOOKS: &str = "webhooks";

/// What `cargo xtask soak` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Crashes on each database
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    kills: u32,
    /// Seconds for each fuzz target
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    seconds: u32,
    /// Scripts that nobody would write
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    scripts: u32,
    /// With which of them to begin: a million may be run in parts
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    first_script: u32,
    /// Only these trials: `kills`, `mails`, `releases`, `scripts`, `webhooks`, or the names of fuzz targets
    #[arg(value_name = "TRIAL")]
    trials: Vec<String>,
}

/// Crashes the program under load, then runs every fuzz target for its time.
///
/// # Errors
/// When a fuzz target finds an input that it cannot bear; cargo-fuzz has written it to `fuzz/artifacts`.
///
/// # Panics
/// When a crash broke an answer, with what it broke.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let targets = fuzz::targets()?;
    let is_known = |trial: &&String| {
        [KILLS, MAILS, RELEASES, SCRIPTS, WEBHOOKS].contains(&trial.as_str()) || targets.contains(trial)
    };
    if let Some(unknown) = arguments.trials.iter().find(|trial| !is_known(trial)) {
        let known = targets.join("`, `");
        return Err(Failure::Found(format!(
            "there is no trial `{unknown}`, only `{KILLS}`, `{MAILS}`, `{RELEASES}`, `{SCRIPTS}`, `{WEBHOOKS}`, `{known}`"
        )));
    }
    let is_chosen =
        |trial: &str| arguments.trials.is_empty() || arguments.trials.iter().any(|name| name == trial);
    if is_chosen(KILLS) {
        kills::run(arguments.kills)?;
    }
    if is_chosen(MAILS) {
        mails::run(arguments.kills)?;
    }
    if is_chosen(RELEASES) {
        // Each of these crashes meets four releases, and all of them are seen to their end.
        releases::run(arguments.kills / 2)?;
    }
    if is_chosen(SCRIPTS) {
        scripts::run(arguments.first_script, arguments.scripts)?;
    }
    if is_chosen(WEBHOOKS) {
        webhooks::run(arguments.kills)?;
    }
    let chosen: Vec<&str> = targets.iter().map(String::as_str).filter(|target| is_chosen(target)).collect();
    if chosen.is_empty() { Ok(()) } else { fuzz::run(&chosen, arguments.seconds) }
}

/// Builds the program, and tries it on SQLite and on PostgreSQL with fsync on. A trial is given a start and a seed of its own;
/// what each has seen, by the name of its database.
fn on_each_database<T>(
    what: &str,
    seed: u64,
    trial: impl Fn(Start, u64) -> T,
) -> Result<[(&'static str, T); 2], Failure> {
    step("what the trial needs", machine::prepare)?;
    step("build", || {
        process::run(cargo().current_dir(tree::root()).args(["build", "--package", "patgate", "--locked"]))
    })?;
    let sqlite = step(&format!("{what} on SQLite"), || Ok(trial(Patgate::with(), seed)))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    let postgres = step(&format!("{what} on PostgreSQL"), || {
        let database = Database::create_on(&cluster.url());
        Ok(trial(Patgate::with().database_url(database.url()), seed + 1))
    })?;
    Ok([("SQLite", sqlite), ("PostgreSQL", postgres)])
}
