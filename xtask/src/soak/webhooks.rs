//! Crashes while webhook requests are taken and forwarded, on each database.

use patgate_testkit::crash::webhooks::{Outcome, trial};
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
/// When an answered request is lost, or was forwarded under two ids.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    step("what the trial needs", machine::prepare)?;
    step("build", || {
        process::run(cargo().current_dir(tree::root()).args(["build", "--package", "patgate", "--locked"]))
    })?;
    let sqlite = step("crashes of webhooks on SQLite", || Ok(trial(Patgate::with(), kills, 5)))?;
    let cluster = step("PostgreSQL", Cluster::start)?;
    let postgres = step("crashes of webhooks on PostgreSQL", || {
        let database = Database::create_on(&cluster.url());
        Ok(trial(Patgate::with().database_url(database.url()), kills, 6))
    })?;
    println!(
        "| database | kills | answered with 202 | lost | never forwarded | cut | of them kept | forwarded again with the \
         same id |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, Outcome { kills, answered, cut, kept, repeated }) in
        [("SQLite", sqlite), ("PostgreSQL", postgres)]
    {
        println!("| {database} | {kills} | {answered} | 0 | 0 | {cut} | {kept} | {repeated} |");
    }
    Ok(())
}
