//! Crashes while webhook requests are taken and forwarded, on each database.

use patgate_testkit::crash::webhooks::{Outcome, trial};

use super::on_each_database;
use crate::failure::Failure;

/// The head of the table, as `docs/reference/reliability.md` has it.
const HEAD: &str = "| database | kills | answered with 202 | of them without an id of the sender's | lost | kept twice | never \
                    forwarded | cut | of them kept | forwarded again with the same id |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

/// Crashes the program so many times on each database, and prints what was seen as a table for
/// `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When an answered request is lost, was kept twice, or was forwarded under two ids.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    let seen = on_each_database("crashes of webhooks", 5, |start, seed| trial(start, kills, seed))?;
    println!("{HEAD}");
    for (database, Outcome { kills, answered, unnamed, cut, kept, repeated }) in seen {
        println!(
            "| {database} | {kills} | {answered} | {unnamed} | 0 | 0 | 0 | {cut} | {kept} | {repeated} |"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_columns_that_are_printed() {
        let page = include_str!("../../../docs/reference/reliability.md");
        assert_eq!(page.matches(HEAD).count(), 1, "{HEAD}");
    }
}
