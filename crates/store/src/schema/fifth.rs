//! Version 5 of the tables: the runs of reminders, and the mails.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ConditionalStatement, DbBackend};

use super::Step;
use super::first::{index, number, optional_number, optional_text, reference, table, text};
use crate::tables::{Grants, Mails, ReminderMarks, ReminderRuns, Users};

/// All statements of this version, in order.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    vec![
        table(
            ReminderRuns::Table,
            [
                number(ReminderRuns::Id).primary_key(),
                // A night is run once: who comes second finds its row. None for a run that somebody asked for.
                optional_text(ReminderRuns::Night).unique_key(),
                &mut number(ReminderRuns::At),
                &mut optional_text(ReminderRuns::Note),
                &mut number(ReminderRuns::Planned),
                &mut number(ReminderRuns::Skipped),
            ],
            [],
        ),
        Step::Index(index("reminder_runs_by_moment", ReminderRuns::Table, [ReminderRuns::At])),
        table(
            Mails::Table,
            [
                number(Mails::Id).primary_key(),
                &mut optional_number(Mails::Run),
                &mut text(Mails::Kind),
                &mut number(Mails::Owner),
                &mut text(Mails::Tokens),
                &mut text(Mails::State),
                &mut optional_text(Mails::Reason),
                &mut optional_text(Mails::Address),
                &mut optional_text(Mails::Answer),
                &mut number(Mails::Attempts).default(0),
                &mut optional_number(Mails::DueAt),
                &mut number(Mails::CreatedAt),
                &mut optional_number(Mails::DoneAt),
            ],
            [
                reference(Mails::Table, Mails::Run, ReminderRuns::Table, ReminderRuns::Id),
                reference(Mails::Table, Mails::Owner, Users::Table, Users::Id),
            ],
        ),
        Step::Index(index("mails_of_run", Mails::Table, [Mails::Run, Mails::State, Mails::Id])),
        Step::Index(
            index("mails_to_send", Mails::Table, [Mails::DueAt, Mails::Id])
                .and_where(Expr::col(Mails::DueAt).is_not_null())
                .take(),
        ),
        Step::Index(index("mails_by_end", Mails::Table, [Mails::DoneAt])),
        // A row for each token and threshold of which a mail was planned: what keeps it from being planned again.
        table(
            ReminderMarks::Table,
            [
                &mut number(ReminderMarks::GrantId),
                &mut number(ReminderMarks::Days),
                &mut number(ReminderMarks::Mail),
            ],
            [reference(ReminderMarks::Table, ReminderMarks::GrantId, Grants::Table, Grants::Id)],
        ),
        Step::Index(
            index("mark_of_grant", ReminderMarks::Table, [ReminderMarks::GrantId, ReminderMarks::Days])
                .unique()
                .take(),
        ),
        Step::Index(index("marks_of_mail", ReminderMarks::Table, [ReminderMarks::Mail])),
    ]
}
