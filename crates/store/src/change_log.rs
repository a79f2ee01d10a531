//! The change log: which subjects each change touched, in the order in which changes became visible.
//!
//! Each committed change has one number, without gaps, because the number comes from one locked row that is rolled
//! back with the change. So a reader that asks for what follows the last number it saw can miss nothing, and can
//! tell from a gap that rows were pruned.

use std::fmt;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::column;
use crate::schema;
use crate::store::Store;
use crate::tables::{ChangeLog, ChangeSequence};

/// The number of a change; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(i64);

impl Sequence {
    /// Before the first change.
    pub const START: Self = Self(0);

    /// From its column.
    #[must_use]
    pub const fn from_i64(value: i64) -> Self {
        Self(value)
    }

    /// For its column, and for metrics.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What kind of thing a change touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedKind {
    /// A user; the subject is a `UserId`.
    User,
    /// A group that a provider keeps here; the subject is a `GroupId`.
    Group,
    /// A role; the subject is a `RoleId`.
    Role,
    /// A grant or its secrets; the subject is a `GrantId`.
    Grant,
    /// The settings, or what a provider is, which stands among them and in no node's memory; the subject is 0.
    Settings,
    /// The sessions of a user; the subject is a `UserId`.
    Session,
    /// A decision; the subject is a `DecisionId`.
    Decision,
    /// An exemption; the subject is an `ExemptionId`.
    Exemption,
    /// A configuration item; the subject is an `ItemNumber`.
    Item,
    /// A mail that waits again; the subject is a `MailId`.
    Mail,
    /// A run of reminders whose failed mails wait again; the subject is a `RunId`.
    ReminderRun,
    /// A release or a template; the subject is a `ReleaseNumber`.
    Release,
}

impl ChangedKind {
    const ALL: [Self; 12] = [
        Self::User,
        Self::Group,
        Self::Role,
        Self::Grant,
        Self::Settings,
        Self::Session,
        Self::Item,
        Self::Mail,
        Self::ReminderRun,
        Self::Decision,
        Self::Exemption,
        Self::Release,
    ];

    /// The word in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Grant => "grant",
            Self::Settings => "settings",
            Self::Session => "session",
            Self::Decision => "decision",
            Self::Exemption => "exemption",
            Self::Item => "item",
            Self::Mail => "mail",
            Self::ReminderRun => "reminder_run",
            Self::Release => "release",
        }
    }
}

/// One touched subject of one change. The reader reads the subject's rows; the log does not repeat them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// The change.
    pub sequence: Sequence,
    /// What kind of subject.
    pub kind: ChangedKind,
    /// The subject's identifier; see [`ChangedKind`].
    pub subject: i64,
}

impl Store {
    /// Forgets the changes that were made before this, but for the last of all, so that a reader far behind finds a gap and
    /// not an empty log.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was forgotten then.
    pub async fn prune_changes(&self, before: Timestamp) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let last = Query::select().column(ChangeSequence::Value).from(ChangeSequence::Table).take();
        let delete = Query::delete()
            .from_table(ChangeLog::Table)
            .and_where(Expr::col(ChangeLog::At).lt(before.as_millisecond()))
            .and_where(Expr::col(ChangeLog::Sequence).lt(Expr::SubQuery(None, Box::new(last.into()))))
            .take();
        transaction.execute(&delete).await?;
        transaction.commit().await
    }
}

/// The number of the last visible change.
pub(crate) async fn last(connection: &impl ConnectionTrait) -> Result<Sequence, StoreError> {
    let select = Query::select().column(ChangeSequence::Value).from(ChangeSequence::Table).take();
    let row = connection.query_one(&select).await?.ok_or(StoreError::Unreadable("change_sequence"))?;
    Ok(Sequence(column(&row, "value")?))
}

/// Takes the lock that all writers take first, and advances the number of the last change. A program under which a newer one
/// has changed the tables does not get it.
pub(crate) async fn advance(connection: &impl ConnectionTrait, step: i64) -> Result<Sequence, StoreError> {
    let advance = Query::update()
        .table(ChangeSequence::Table)
        .value(ChangeSequence::Value, Expr::col(ChangeSequence::Value).add(step))
        .and_where(schema::is_known())
        .returning_col(ChangeSequence::Value)
        .take();
    let Some(row) = connection.query_one(&advance).await? else {
        schema::check(connection).await?;
        return Err(StoreError::Unreadable("change_sequence"));
    };
    Ok(Sequence(column(&row, "value")?))
}

/// The number of the oldest change that is still in the log.
pub(crate) async fn oldest(connection: &impl ConnectionTrait) -> Result<Option<Sequence>, StoreError> {
    let select = selection().limit(1).take();
    Ok(connection.query_one(&select).await?.map(|row| read(&row)).transpose()?.map(|row| row.sequence))
}

/// Whole changes after `after`, oldest first: about `limit` rows, more when one change alone has more.
pub(crate) async fn after(
    connection: &impl ConnectionTrait,
    after: Sequence,
    limit: u64,
) -> Result<Vec<ChangeRow>, StoreError> {
    let limit = limit.clamp(1, 100_000);
    let select = selection().and_where(Expr::col(ChangeLog::Sequence).gt(after.0)).limit(limit + 1).take();
    let mut rows = read_all(connection, &select).await?;
    let Some(first) = rows.first().map(|row| row.sequence) else { return Ok(rows) };
    if first.0 != after.0 + 1 {
        return Err(StoreError::LogPruned(after));
    }
    if rows.len() as u64 > limit {
        // The last change may be cut: leave it for the next call, or read it whole when it is the only one.
        let cut = rows[rows.len() - 1].sequence;
        if cut == first {
            let select = selection().and_where(Expr::col(ChangeLog::Sequence).eq(first.0)).take();
            rows = read_all(connection, &select).await?;
        } else {
            rows.retain(|row| row.sequence != cut);
        }
    }
    Ok(rows)
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([ChangeLog::Sequence, ChangeLog::Kind, ChangeLog::Subject])
        .from(ChangeLog::Table)
        .order_by(ChangeLog::Sequence, Order::Asc)
        .order_by(ChangeLog::Position, Order::Asc)
        .take()
}

async fn read_all(
    connection: &impl ConnectionTrait,
    select: &SelectStatement,
) -> Result<Vec<ChangeRow>, StoreError> {
    connection.query_all(select).await?.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<ChangeRow, StoreError> {
    let word: String = column(row, "kind")?;
    let kind = ChangedKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    Ok(ChangeRow {
        sequence: Sequence(column(row, "sequence")?),
        kind: kind.ok_or(StoreError::Unreadable("kind"))?,
        subject: column(row, "subject")?,
    })
}
