//! Steps at which a crash is aimed. A trigger in the database of the trial, or a mail server that holds still, keeps the
//! program there, so that the crash comes neither before nor after.

use std::process::Command;

use crate::child;
use crate::servers::patgate::Patgate;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// A run is being written: mails are there, their marks are not, and nothing is committed.
    Plan,
    /// Mails are being claimed, and nothing is committed.
    Claim,
    /// Mails are claimed, and the mail server has heard nothing.
    Send,
    /// The mail server has taken a mail, and its mark is being written.
    Mark,
}

/// Far longer than a trial takes to crash the program: rows that SQLite counts, which knows no sleep.
const ROWS: u64 = 100_000_000_000;
/// The same for PostgreSQL, in seconds.
const SECONDS: u32 = 600;

impl Aim {
    pub(super) const ALL: [Self; 4] = [Self::Plan, Self::Claim, Self::Send, Self::Mark];

    /// Where the trigger stands, and when it fires; `None` for a step without one.
    fn trigger(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Plan => Some(("INSERT", "reminder_marks", "TRUE")),
            Self::Claim => Some(("UPDATE", "mails", "NEW.state = 'sending'")),
            Self::Send => None,
            Self::Mark => Some(("UPDATE", "mails", "NEW.state = 'sent'")),
        }
    }

    /// Makes the program stop at the step.
    pub(super) fn set(self, patgate: &Patgate) {
        let Some((act, table, when)) = self.trigger() else { return };
        let sql = if patgate.is_on_postgres() {
            format!(
                "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN PERFORM pg_sleep({SECONDS}); RETURN NULL; END $$; \
                 CREATE TRIGGER hold AFTER {act} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION hold()"
            )
        } else {
            format!(
                "CREATE TRIGGER hold AFTER {act} ON {table} WHEN {when} BEGIN \
                 SELECT count(*) FROM (WITH RECURSIVE rows(n) AS \
                 (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < {ROWS}) SELECT n FROM rows); END"
            )
        };
        patgate.sql(&sql);
    }

    /// Whether the program is there.
    pub(super) fn is_reached(self, patgate: &Patgate) -> bool {
        if self == Self::Send {
            return super::sending(patgate) > 0;
        }
        if patgate.is_on_postgres() {
            let asleep = "SELECT count(*) FROM pg_stat_activity \
                          WHERE datname = current_database() AND wait_event = 'PgSleep'";
            return super::number(&patgate.sql(asleep)) > 0;
        }
        // Whoever holds the lock of all writers for a second is held by the trigger: changes take milliseconds.
        let file = patgate.data_directory().join("patgate.db");
        let mut writer = Command::new(child::program("sqlite3"));
        writer.args(["-batch", "-cmd", ".timeout 1000"]).arg(file).arg("BEGIN IMMEDIATE; ROLLBACK");
        !child::run_with_input(writer, "").status.success()
    }

    /// Takes away what held the program, which is dead.
    pub(super) fn clear(self, patgate: &Patgate) {
        let Some((_, table, _)) = self.trigger() else { return };
        if patgate.is_on_postgres() {
            patgate.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event = 'PgSleep'",
            );
            patgate.sql(&format!("DROP TRIGGER hold ON {table}; DROP FUNCTION hold"));
        } else {
            patgate.sql("DROP TRIGGER hold");
        }
    }
}
