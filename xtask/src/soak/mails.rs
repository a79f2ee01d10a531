//! Crashes while reminders are planned and sent, on each database.

use patgate_testkit::crash::mails::{Outcome, trial};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::test::cluster::Cluster;
use crate::test::machine;
use crate::tools::MAIL_SERVER;
use crate::tree;

/// Crashes the program so many times on SQLite, and as often on PostgreSQL with fsync on, and prints what was seen as
/// a table for `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When a due token has no mail, or two that are not the same, and when no crash met one of the steps.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    step("what the trial needs", || machine::prepare().and_then(|()| MAIL_SERVER.find().map(drop)))?;
    step("build", || {
        process::run(cargo().current_dir(tree::root()).args(["build", "--package", "patgate", "--locked"]))
    })?;
    let sqlite = step("crashes of reminders on SQLite", || Ok(trial(Patgate::with(), kills, 3)))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    let postgres = step("crashes of reminders on PostgreSQL", || {
        let database = Database::create_on(&cluster.url());
        Ok(trial(Patgate::with().database_url(database.url()), kills, 4))
    })?;
    println!(
        "| database | kills | in the planning | in the claim | before the first word | before the mark | due tokens | \
         without a mail | runs cut | most in doubt after one kill | mails repeated with the same Message-ID |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, outcome) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let Outcome { kills, in_planning, in_claim, before_sending, before_mark, .. } = outcome;
        let Outcome { due, runs_cut, most_unmarked, repeated, .. } = outcome;
        let aimed = [in_planning, in_claim, before_sending, before_mark];
        assert!(aimed.iter().all(|hits| *hits > 0), "a step was never met: {outcome:?}");
        println!(
            "| {database} | {kills} | {in_planning} | {in_claim} | {before_sending} | {before_mark} | {due} | 0 | \
             {runs_cut} | {most_unmarked} | {repeated} |"
        );
    }
    Ok(())
}
