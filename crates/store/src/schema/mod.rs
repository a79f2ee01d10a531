//! The tables, and how they come to be: forward only, in one transaction, at every start.
//!
//! `schema_version` holds one number: how many of [`MIGRATIONS`] have run. A migration that was released is never
//! edited; the next one follows it.

mod eighth;
mod eleventh;
mod fifteenth;
mod fifth;
mod first;
mod fourteenth;
mod fourth;
mod ninth;
mod second;
mod seventh;
mod sixth;
mod tenth;
mod third;
mod thirteenth;
mod twelfth;

use sea_orm::sea_query::{
    Expr, ExprTrait, IndexCreateStatement, IndexDropStatement, InsertStatement, Query, SelectStatement,
    Table, TableAlterStatement, TableCreateStatement, UpdateStatement,
};
use sea_orm::{
    ColumnType, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::error::{OpenError, StoreError};
use crate::rows::column;
use crate::store::Store;
use crate::tables::SchemaVersion;

/// One statement of a migration.
pub(crate) enum Step {
    Table(TableCreateStatement),
    Column(TableAlterStatement),
    Index(IndexCreateStatement),
    NoIndex(IndexDropStatement),
    Row(InsertStatement),
    Rows(UpdateStatement),
}

/// All migrations, oldest first. The version of a schema is how many of them have run.
const MIGRATIONS: [fn(DbBackend) -> Vec<Step>; 15] = [
    first::steps,
    second::steps,
    third::steps,
    fourth::steps,
    fifth::steps,
    sixth::steps,
    seventh::steps,
    eighth::steps,
    ninth::steps,
    tenth::steps,
    eleventh::steps,
    twelfth::steps,
    thirteenth::steps,
    fourteenth::steps,
    fifteenth::steps,
];

/// The newest version this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Any number will do; it keeps two programs that start at once from migrating together.
const ADVISORY_LOCK: i64 = 0x0070_6174_6761_7465;

impl Store {
    /// Looks whether the tables are still such as this program knows.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer program has changed them: this one must stop. [`StoreError`] when the database
    /// fails.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        check(&self.inner.orm).await
    }
}

/// Whether this program knows the tables as they are, for the statement by which each writer begins.
pub(crate) fn is_known() -> Expr {
    Expr::SubQuery(None, Box::new(stored_version().into())).lte(KNOWN)
}

/// As [`Store::check_schema`].
pub(crate) async fn check(connection: &impl ConnectionTrait) -> Result<(), StoreError> {
    let row = connection.query_one(&stored_version()).await?;
    let found: i64 = column(&row.ok_or(StoreError::Unreadable("schema_version"))?, "version")?;
    if found > KNOWN { Err(StoreError::NewerSchema { found, known: KNOWN }) } else { Ok(()) }
}

fn stored_version() -> SelectStatement {
    Query::select().column(SchemaVersion::Version).from(SchemaVersion::Table).take()
}

/// Brings the tables up to date, or refuses those of a newer program.
pub(crate) async fn migrate(connection: &DatabaseConnection) -> Result<(), OpenError> {
    migrate_to(connection, KNOWN).await
}

/// Brings the tables to a version: to an older one, as the program of that time did.
pub(crate) async fn migrate_to(connection: &DatabaseConnection, target: i64) -> Result<(), OpenError> {
    let fault = |error: DbErr| OpenError::Migration(error.into());
    let backend = connection.get_database_backend();
    let immediate = TransactionOptions {
        sqlite_transaction_mode: (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = connection.begin_with_options(immediate).await.map_err(fault)?;
    if backend == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction.execute_unprepared(&lock).await.map_err(fault)?;
    }
    let found = version(&transaction).await.map_err(fault)?;
    if found > target {
        transaction.rollback().await.map_err(fault)?;
        return Err(OpenError::NewerSchema { found, known: target });
    }
    if found == target {
        return transaction.rollback().await.map_err(fault);
    }
    if found > 0 {
        keep_writers_out(&transaction).await.map_err(fault)?;
    }
    let versions = usize::try_from(target).unwrap_or(0);
    for migration in MIGRATIONS.iter().take(versions).skip(usize::try_from(found).unwrap_or(0)) {
        for step in migration(backend) {
            run(&transaction, &step).await.map_err(fault)?;
        }
    }
    if target >= ninth::VERSION {
        ninth::fill(&transaction).await.map_err(fault)?;
    }
    if found < fourteenth::VERSION && target >= fourteenth::VERSION {
        crate::roles::fill(&transaction).await.map_err(fault)?;
    }
    let update =
        Query::update().table(SchemaVersion::Table).value(SchemaVersion::Version, Expr::val(target)).take();
    transaction.execute(&update).await.map_err(fault)?;
    transaction.commit().await.map_err(fault)?;
    tracing::info!(from = found, to = target, "the tables are up to date");
    Ok(())
}

/// Waits until nobody is in the midst of a change, and lets none begin before this transaction ends: whoever writes takes the row
/// of this table first, so none can deadlock with this one. With SQLite there is one writer in any case.
///
/// The table is locked and not its row: who waits for a row has looked at the version of the tables already, and would write
/// when this is over; who waits for the table looks at it then.
pub(crate) async fn keep_writers_out(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE change_sequence IN EXCLUSIVE MODE").await?;
    }
    Ok(())
}

/// The column type of a text that is compared or sorted by its bytes, which is what SQLite always does.
pub(crate) fn key_text(backend: DbBackend) -> ColumnType {
    match backend {
        DbBackend::Postgres => ColumnType::custom("text COLLATE \"C\""),
        _ => ColumnType::Text,
    }
}

async fn run(transaction: &DatabaseTransaction, step: &Step) -> Result<(), DbErr> {
    match step {
        Step::Table(table) => transaction.execute(table).await?,
        Step::Column(table) => transaction.execute(table).await?,
        Step::Index(index) => transaction.execute(index).await?,
        Step::NoIndex(index) => transaction.execute(index).await?,
        Step::Row(row) => transaction.execute(row).await?,
        Step::Rows(rows) => transaction.execute(rows).await?,
    };
    Ok(())
}

/// The version of the tables; 0 in an empty database, where the version table is made now.
async fn version(transaction: &DatabaseTransaction) -> Result<i64, DbErr> {
    let table = Table::create()
        .table(SchemaVersion::Table)
        .if_not_exists()
        .col(sea_orm::sea_query::ColumnDef::new(SchemaVersion::Version).big_integer().not_null())
        .take();
    transaction.execute(&table).await?;
    if let Some(row) = transaction.query_one(&stored_version()).await? {
        return row.try_get("", "version");
    }
    let insert = Query::insert()
        .into_table(SchemaVersion::Table)
        .columns([SchemaVersion::Version])
        .values_panic([0_i64.into()])
        .take();
    transaction.execute(&insert).await?;
    Ok(0)
}
