//! Crashes under load, on each database.

use patgate_testkit::crash::tokens::{Outcome, trial};

use super::on_each_database;
use crate::failure::Failure;

/// Crashes the program so many times on each database, and prints what was seen as a table for
/// `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When a crash broke an answer, with what it broke.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    let seen = on_each_database("crashes", 1, |start, seed| trial(start, kills, seed))?;
    println!(
        "| database | kills | creations answered | lost | deletions answered | alive | creations cut | of them kept \
         | deletions cut | of them kept | half |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, outcome) in seen {
        let Outcome { kills, created, deleted, creations_cut, creations_kept, deletions_cut, deletions_kept } =
            outcome;
        println!(
            "| {database} | {kills} | {created} | 0 | {deleted} | 0 | {creations_cut} | {creations_kept} \
             | {deletions_cut} | {deletions_kept} | 0 |"
        );
    }
    Ok(())
}
