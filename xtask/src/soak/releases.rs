//! Crashes while releases run, on each database.

use patgate_testkit::crash::releases::{Outcome, trial};
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
/// When a release does not come to an end, or a call was made twice without a mark.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    step("what the trial needs", machine::prepare)?;
    step("build", || {
        process::run(cargo().current_dir(tree::root()).args(["build", "--package", "patgate", "--locked"]))
    })?;
    let told = |done: u32| {
        if done.is_multiple_of(10) {
            println!("{done} of {kills} crashes");
        }
    };
    let sqlite = step("crashes of releases on SQLite", || Ok(trial(Patgate::with(), kills, 7, told)))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    let postgres = step("crashes of releases on PostgreSQL", || {
        let database = Database::create_on(&cluster.url());
        Ok(trial(Patgate::with().database_url(database.url()), kills, 8, told))
    })?;
    println!(
        "| database | kills | releases | of them completed | tasks failed by a crash | begun again and marked | whose call was \
         made before | repeated without a mark |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, Outcome { kills, releases, completed, failed, restarted, repeated }) in
        [("SQLite", sqlite), ("PostgreSQL", postgres)]
    {
        println!(
            "| {database} | {kills} | {releases} | {completed} | {failed} | {restarted} | {repeated} | 0 |"
        );
    }
    Ok(())
}
