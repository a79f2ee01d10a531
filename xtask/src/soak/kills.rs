//! Crashes under load, on each database.

use patgate_testkit::crash::tokens::{Outcome, trial};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::test::cluster::Cluster;
use crate::test::machine;
use crate::tree;

/// Crashes the program so many times on SQLite, and as often on PostgreSQL with fsync on, and prints what was seen as
/// a table for `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When a crash broke an answer, with what it broke.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    step("what the trial needs", machine::prepare)?;
    step("build", || {
        process::run(cargo().current_dir(tree::root()).args(["build", "--package", "patgate", "--locked"]))
    })?;
    let sqlite = step("crashes on SQLite", || Ok(trial(Patgate::with(), kills, 1)))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    let postgres = step("crashes on PostgreSQL", || {
        let database = Database::create_on(&cluster.url());
        Ok(trial(Patgate::with().database_url(database.url()), kills, 2))
    })?;
    println!(
        "| database | kills | creations answered | lost | deletions answered | alive | creations cut | of them kept \
         | deletions cut | of them kept | half |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, outcome) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let Outcome { kills, created, deleted, creations_cut, creations_kept, deletions_cut, deletions_kept } =
            outcome;
        println!(
            "| {database} | {kills} | {created} | 0 | {deleted} | 0 | {creations_cut} | {creations_kept} \
             | {deletions_cut} | {deletions_kept} | 0 |"
        );
    }
    Ok(())
}
