//! Crashes while releases run, on each database.

use patgate_testkit::crash::releases::{Outcome, trial};

use super::on_each_database;
use crate::failure::Failure;

/// Crashes the program so many times on each database, and prints what was seen as a table for
/// `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When a release does not come to an end, a task completed without its call, or a call was made twice without a mark.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    let seen = on_each_database("crashes of releases", 7, |start, seed| {
        trial(start, kills, seed, |progress| println!("{progress}"))
    })?;
    println!(
        "| database | kills | releases | of them completed | tasks failed by a crash | begun again and marked | whose call was \
         made before | repeated without a mark |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, Outcome { kills, releases, completed, failed, restarted, repeated }) in seen {
        println!(
            "| {database} | {kills} | {releases} | {completed} | {failed} | {restarted} | {repeated} | 0 |"
        );
    }
    Ok(())
}
