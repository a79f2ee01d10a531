//! Crashes while reminders are planned and sent, on each database.

use patgate_testkit::crash::mails::{Outcome, trial};

use super::on_each_database;
use crate::failure::Failure;
use crate::process::step;
use crate::test::machine;
use crate::tools::MAIL_SERVER;

/// Crashes the program so many times on each database, and prints what was seen as a table for
/// `docs/reference/reliability.md`.
///
/// # Errors
/// When something is missing, or the program does not build.
///
/// # Panics
/// When a due token has no mail, or two that are not the same, and when no crash met one of the steps.
pub(super) fn run(kills: u32) -> Result<(), Failure> {
    step("the mail server", || machine::prepare().and_then(|()| MAIL_SERVER.find().map(drop)))?;
    let seen = on_each_database("crashes of reminders", 3, |start, seed| trial(start, kills, seed))?;
    println!(
        "| database | kills | in the planning | in the claim | before the first word | before the mark | due tokens | \
         without a mail | runs cut | most in doubt after one kill | mails repeated with the same Message-ID |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (database, outcome) in seen {
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
