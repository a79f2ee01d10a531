//! What tasks said: some lines of each run.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{MOST_LINES, ReleaseStatus, TaskId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::keyset::{NotACursor, beyond};
use crate::rows::{AT_ONCE, column, time};
use crate::store::Store;
use crate::tables::{ReleaseLogs, Releases};
use crate::transaction::WriteTransaction;

/// One line of a task's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it stands.
    pub place: LogPlace,
    /// When it was said.
    pub at: Timestamp,
    /// What was said, without secrets.
    pub said: String,
}

/// The place of a line among those of its task. Its text is for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// In which run of the task, from 1.
    pub run: u32,
    /// Which line of the run, from 1.
    pub line: u32,
}

impl Store {
    /// At most `limit` lines of a task's log, the first one first, from a place on.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn release_log(
        &self,
        release: ReleaseNumber,
        task: &TaskId,
        after: Option<LogPlace>,
        limit: u64,
    ) -> Result<Vec<LogLine>, StoreError> {
        let beyond = after.map(|place| {
            let values = [i64::from(place.run).into(), i64::from(place.line).into()];
            beyond([ReleaseLogs::Run, ReleaseLogs::Line], values, &Order::Asc)
        });
        let select = Query::select()
            .columns([ReleaseLogs::Run, ReleaseLogs::Line, ReleaseLogs::At, ReleaseLogs::Said])
            .from(ReleaseLogs::Table)
            .and_where(Expr::col(ReleaseLogs::Release).eq(release.as_i64()))
            .and_where(Expr::col(ReleaseLogs::Task).eq(task.as_str()))
            .and_where_option(beyond)
            .order_by(ReleaseLogs::Run, Order::Asc)
            .order_by(ReleaseLogs::Line, Order::Asc)
            .limit(limit)
            .take();
        self.inner.orm.query_all(&select).await?.iter().map(line).collect()
    }

    /// Keeps lines that a task says while it runs.
    pub async fn append_release_log(
        &self,
        release: ReleaseNumber,
        task: &TaskId,
        lines: &[LogLine],
    ) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        append(&transaction, release, task, lines).await?;
        transaction.commit().await
    }

    /// Keeps what a task said last before somebody aborted its release, which has this version since then. Of a release of
    /// another version, or that was not aborted, nothing: somebody else has written it, and the task is not the caller's any more.
    pub async fn end_release_log(
        &self,
        release: ReleaseNumber,
        version: i64,
        task: &TaskId,
        lines: &[LogLine],
    ) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let aborted = Query::select()
            .column(Releases::Number)
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Number).eq(release.as_i64()))
            .and_where(Expr::col(Releases::Version).eq(version))
            .and_where(Expr::col(Releases::Status).eq(ReleaseStatus::Aborted.as_str()))
            .take();
        if transaction.query_one(&aborted).await?.is_some() {
            append(&transaction, release, task, lines).await?;
        }
        transaction.commit().await
    }
}

/// Inserts lines. Of each run there are [`MOST_LINES`], and one more that may say that what follows is not kept.
pub(super) async fn append(
    transaction: &WriteTransaction,
    release: ReleaseNumber,
    task: &TaskId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    let kept: Vec<_> = lines.iter().filter(|line| line.place.line <= MOST_LINES + 1).collect();
    for chunk in kept.chunks(AT_ONCE) {
        let mut insert = Query::insert();
        insert.into_table(ReleaseLogs::Table).columns([
            ReleaseLogs::Release,
            ReleaseLogs::Task,
            ReleaseLogs::Run,
            ReleaseLogs::Line,
            ReleaseLogs::At,
            ReleaseLogs::Said,
        ]);
        for line in chunk {
            insert.values_panic([
                release.as_i64().into(),
                task.as_str().into(),
                i64::from(line.place.run).into(),
                i64::from(line.place.line).into(),
                line.at.as_millisecond().into(),
                line.said.as_str().into(),
            ]);
        }
        // Who was stopped in the middle of it does not know whether they are there already.
        let place = [ReleaseLogs::Release, ReleaseLogs::Task, ReleaseLogs::Run, ReleaseLogs::Line];
        insert.on_conflict(OnConflict::columns(place).do_nothing().to_owned());
        transaction.execute(&insert).await?;
    }
    Ok(())
}

fn line(row: &QueryResult) -> Result<LogLine, StoreError> {
    let number = |name| column::<i64>(row, name).map(|number| u32::try_from(number).unwrap_or_default());
    Ok(LogLine {
        place: LogPlace { run: number("run")?, line: number("line")? },
        at: time(row, "at")?,
        said: column(row, "said")?,
    })
}

impl fmt::Display for LogPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.run, self.line)
    }
}

impl FromStr for LogPlace {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (run, line) = text.split_once('.').ok_or(NotACursor)?;
        let number = |text: &str| text.parse().map_err(|_| NotACursor);
        Ok(Self { run: number(run)?, line: number(line)? })
    }
}
