//! What can go wrong, said so that the reader knows what to do next.

use std::path::PathBuf;

use patgate_core::user::Username;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::change_log::Sequence;

/// Why a read or a change failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another user or role that is not deleted has this name (case does not count).
    #[error("the name `{0}` is taken; choose another")]
    NameTaken(Username),
    /// A row with the same key is there: the same subject of the same provider, or the same identifier.
    #[error("this {0} is there already; read it instead of making it again")]
    AlreadyThere(&'static str),
    /// Another configuration item has a value that no two may have.
    #[error("another configuration item has this value, which must be unique")]
    ValueTaken,
    /// What should be changed is not there, or is deleted.
    #[error("there is no such {0}; list them again")]
    NotFound(&'static str),
    /// Somebody else changed it after it was read.
    #[error("somebody else changed this {0} meanwhile; read it again")]
    Overtaken(&'static str),
    /// A folder with something in it is not deleted.
    #[error("there is something in this folder; delete or move that first")]
    NotEmpty,
    /// A folder is not moved into itself, and nothing below the deepest place.
    #[error("this cannot be moved there: the place is below it, or too deep")]
    Unmovable,
    /// A deleted token never changes again.
    #[error("the token is deleted; make a new one")]
    GrantDeleted,
    /// The password changed, or the user was disabled, between its check and the opening of the session.
    #[error("the password changed meanwhile; sign in again")]
    PasswordChanged,
    /// Changes after this one are no longer in the log: the reader must load everything again.
    #[error("the change log no longer reaches back to change {0}; load the whole store again")]
    LogPruned(Sequence),
    /// A newer version of the program has changed the tables since this one opened them.
    #[error(
        "a newer version of the program has changed the tables: they have schema version {found}, and this program knows \
         versions up to {known}; run the newer program in its place"
    )]
    NewerSchema {
        /// In the database.
        found: i64,
        /// The newest this program can work with.
        known: i64,
    },
    /// Somebody else held the database for longer than the waiting time of ten seconds.
    #[error("the database is busy; try again in a few seconds")]
    Busy,
    /// An earlier step of this change failed, so none of it was written.
    #[error("a step of this change failed, so nothing was written; start the change again")]
    Abandoned,
    /// A row holds what this version cannot read.
    #[error(
        "column `{0}` holds what this version cannot read; was a newer version running on this database?"
    )]
    Unreadable(&'static str),
    /// The database itself failed; the cause is for the log, not for a client.
    #[error("the database failed; see the cause in the log")]
    Database(#[source] Fault),
}

impl StoreError {
    /// Whether the database answers, and minds what it was given: the same with less may pass. When it is away, full or out
    /// of memory, nothing passes.
    #[must_use]
    pub fn minds_what_it_was_given(&self) -> bool {
        match self {
            Self::AlreadyThere(_) | Self::Unreadable(_) => true,
            Self::Database(Fault(FaultKind::Orm(
                DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)),
            ))) => minds(cause),
            Self::Database(Fault(FaultKind::Driver(error))) => minds(error),
            _ => false,
        }
    }
}

/// Why a store cannot be opened. Nothing was changed in any of these cases but [`OpenError::Migration`]'s rollback.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of the program has changed the tables.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}; \
         run the newer program again, or restore a backup from before the upgrade"
    )]
    NewerSchema {
        /// In the database.
        found: i64,
        /// The newest this program can work with.
        known: i64,
    },
    /// The file cannot be made, read or protected.
    #[error("the database file `{path}` cannot be used; check the folder, its owner and the free space")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The URL is not one the driver understands.
    #[error("the database URL cannot be used; it looks like `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")]
    Url(#[source] Fault),
    /// No connection.
    #[error("the database cannot be reached; is it running, and are the user and password right?")]
    Unreachable(#[source] Fault),
    /// A connection does not have a setting on which durability rests.
    #[error(
        "the database does not take the setting `{setting}`: it says `{found}`, and `{wanted}` is needed"
    )]
    Setting {
        /// Which.
        setting: &'static str,
        /// What it must say.
        wanted: &'static str,
        /// What it says.
        found: String,
    },
    /// The tables could not be made or changed; all of it was rolled back.
    #[error("the tables cannot be brought up to date; nothing was changed")]
    Migration(#[source] Fault),
}

/// What the database or its driver says, for the log.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Fault(FaultKind);

#[derive(Debug, thiserror::Error)]
enum FaultKind {
    #[error(transparent)]
    Orm(DbErr),
    #[error(transparent)]
    Driver(sqlx::Error),
    #[error("the database said that change {0} is committed, and does not show it")]
    Lost(Sequence),
}

impl Fault {
    /// A change was committed, and nobody else sees it.
    pub(crate) const fn lost(change: Sequence) -> Self {
        Self(FaultKind::Lost(change))
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self(FaultKind::Orm(error))
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self(FaultKind::Driver(error))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::AlreadyThere("row");
        }
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Busy,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))
                if is_busy(cause) =>
            {
                Self::Busy
            }
            _ => Self::Database(error.into()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_busy(&error) { Self::Busy } else { Self::Database(error.into()) }
    }
}

/// SQLite's primary code 5 is `SQLITE_BUSY`, in the low byte of the extended code; PostgreSQL's 55P03 is
/// `lock_not_available`.
fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code == "55P03" || (code.len() < 5 && code.parse().is_ok_and(|code: u32| code & 0xff == 5))
        }),
        _ => false,
    }
}

/// SQLite's primary codes for a statement or a value that it does not take, and PostgreSQL's classes (appendix A of its
/// manual): data exceptions, violated constraints, limits of the program.
fn minds(error: &sqlx::Error) -> bool {
    const SQLITE: [u32; 5] = [1, 18, 19, 20, 25];
    const POSTGRES: [&str; 3] = ["22", "23", "54"];
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| match code.parse::<u32>() {
            Ok(number) if code.len() < 5 => SQLITE.contains(&(number & 0xff)),
            _ => POSTGRES.iter().any(|class| code.starts_with(class)),
        }),
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}
