//! The transaction of a writer: begun, or refused; committed, or taken back; never half of either.
//!
//! A full disk, a failed read or write of the file, and a lack of memory make SQLite end a transaction by itself,
//! in the middle of a statement. What is written on that connection afterwards would be kept at once, and what was
//! written before is gone. So the first statement that fails, or that nobody waits for, ends the use of the
//! transaction; and a transaction is begun only where none is open, for an inner one would be taken back with the
//! outer one, long after its commit was answered. (<https://www.sqlite.org/lang_transaction.html>, section 2.3.)

#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::database::HasStatementCache;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Postgres, SqlSafeStr, Sqlite};
use tokio::sync::{Mutex, MutexGuard};

use crate::connection::Pool;
use crate::error::StoreError;

/// The most values of a statement that a connection keeps prepared: one of many rows is another for each number of them, would
/// take hundreds of kilobytes, and drive out those that come again. Fifty last uses are the largest of these.
const MOST_VALUES_KEPT: usize = 200;

/// A transaction that may write. Dropping it takes everything back.
#[must_use = "a transaction that is not committed does nothing"]
pub(crate) struct WriteTransaction {
    backend: DbBackend,
    state: Mutex<State>,
    /// How many statements were run in it.
    #[cfg(test)]
    statements: AtomicU64,
}

impl WriteTransaction {
    /// Begins a transaction on a connection that is in none. On SQLite nobody else writes until it ends.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another held the database, or all connections, for longer than the waiting time.
    pub(crate) async fn begin(pool: &Pool) -> Result<Self, StoreError> {
        let (backend, open) = match pool {
            Pool::Sqlite(pool) => (DbBackend::Sqlite, Open::Sqlite(begin(pool, "BEGIN IMMEDIATE").await?)),
            Pool::Postgres(pool) => (DbBackend::Postgres, Open::Postgres(begin(pool, "BEGIN").await?)),
        };
        Ok(Self {
            backend,
            state: Mutex::new(State { open, failed: false }),
            #[cfg(test)]
            statements: AtomicU64::default(),
        })
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`StoreError::Abandoned`] when a statement failed; nothing was written then. [`StoreError`] when the
    /// database fails.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let State { open, failed } = self.state.into_inner();
        if failed {
            return Err(StoreError::Abandoned);
        }
        match open {
            Open::Sqlite(transaction) => transaction.commit().await?,
            Open::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Takes everything back, and waits for it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; nothing was written then either.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self.state.into_inner().open {
            Open::Sqlite(transaction) => transaction.rollback().await?,
            Open::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    /// The transaction, when all statements before succeeded. It counts as failed until [`State::settle`], so that
    /// a statement whose future is dropped half way does too.
    async fn usable(&self) -> Result<MutexGuard<'_, State>, DbErr> {
        let mut state = self.state.lock().await;
        if state.failed {
            return Err(DbErr::Custom("an earlier statement of this transaction failed".into()));
        }
        state.failed = true;
        #[cfg(test)]
        self.statements.fetch_add(1, Ordering::Relaxed);
        Ok(state)
    }

    /// How many statements were run in it so far.
    #[cfg(test)]
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut state = self.usable().await?;
        let done = match &mut state.open {
            Open::Sqlite(open) => prepared::<Sqlite>(statement).execute(&mut **open).await.map(Into::into),
            Open::Postgres(open) => {
                prepared::<Postgres>(statement).execute(&mut **open).await.map(Into::into)
            }
        };
        state.settle(done).map_err(DbErr::Exec)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut state = self.usable().await?;
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match &mut state.open {
            Open::Sqlite(open) => sql.execute(&mut **open).await.map(Into::into),
            Open::Postgres(open) => sql.execute(&mut **open).await.map(Into::into),
        };
        state.settle(done).map_err(DbErr::Exec)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut state = self.usable().await?;
        let row = match &mut state.open {
            Open::Sqlite(open) => {
                prepared::<Sqlite>(statement).fetch_optional(&mut **open).await.map(|row| row.map(Into::into))
            }
            Open::Postgres(open) => prepared::<Postgres>(statement)
                .fetch_optional(&mut **open)
                .await
                .map(|row| row.map(Into::into)),
        };
        state.settle(row).map_err(DbErr::Query)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut state = self.usable().await?;
        let rows = match &mut state.open {
            Open::Sqlite(open) => prepared::<Sqlite>(statement)
                .fetch_all(&mut **open)
                .await
                .map(|rows| rows.into_iter().map(Into::into).collect()),
            Open::Postgres(open) => prepared::<Postgres>(statement)
                .fetch_all(&mut **open)
                .await
                .map(|rows| rows.into_iter().map(Into::into).collect()),
        };
        state.settle(rows).map_err(DbErr::Query)
    }
}

struct State {
    open: Open,
    failed: bool,
}

enum Open {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl State {
    fn settle<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, RuntimeErr> {
        self.failed = outcome.is_err();
        outcome.map_err(|error| RuntimeErr::SqlxError(error.into()))
    }
}

/// Given a statement, the driver begins no inner transaction but refuses, and asks SQLite whether one is open now.
async fn begin<D: sqlx::Database>(
    pool: &sqlx::Pool<D>,
    statement: &'static str,
) -> Result<sqlx::Transaction<'static, D>, sqlx::Error> {
    loop {
        let connection = pool.acquire().await?;
        if !connection.is_in_transaction() {
            return sqlx::Transaction::begin(connection, Some(statement.into_sql_str())).await;
        }
        tracing::warn!("a connection with an open transaction was about to be used; closing it");
        // Closed or broken, it is gone either way, and there is another.
        let _ = connection.close().await;
    }
}

fn prepared<D: sqlx::Database + HasStatementCache>(statement: Statement) -> Query<'static, D, SqlxValues>
where
    SqlxValues: sqlx::IntoArguments<D>,
{
    let values = statement.values.unwrap_or(Values(Vec::new()));
    let is_kept = values.0.len() <= MOST_VALUES_KEPT;
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values)).persistent(is_kept)
}
