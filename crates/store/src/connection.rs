//! Connections: how each database is opened, and the settings without which it is not.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};

use crate::database::{Database, DatabaseUrl};
use crate::error::OpenError;

/// How long one waits for a lock or a connection before the answer is "busy".
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How many connections read and write at once. SQLite has one writer anyway, and each connection is a thread.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 10;

/// An open database.
pub(crate) struct Opened {
    /// For everything but the listener.
    pub(crate) orm: DatabaseConnection,
    /// The same connections, to close them.
    pub(crate) pool: Pool,
}

/// The pool below the ORM.
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// Waits for what is under way and closes.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Connects, and checks the settings on which durability rests.
pub(crate) async fn open(database: &Database) -> Result<Opened, OpenError> {
    match database {
        Database::Sqlite(path) => {
            let pool = sqlite(path).await?;
            Ok(Opened {
                orm: SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone()),
                pool: Pool::Sqlite(pool),
            })
        }
        Database::Postgres(url) => {
            let pool = postgres(url).await?;
            let orm = SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone());
            Ok(Opened { orm, pool: Pool::Postgres(pool) })
        }
    }
}

async fn sqlite(path: &Path) -> Result<SqlitePool, OpenError> {
    protect(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .row_buffer_size(512)
        .disable_statement_logging();
    // One connection by hand first: a pool would repeat a refusal until it times out, and lose its reason.
    let mut probe = connect_sqlite(&options).await?;
    if let Some((setting, wanted, found)) = first_wrong_setting(&mut probe).await.map_err(unreachable)? {
        return Err(OpenError::Setting { setting, wanted, found });
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        .after_release(|connection, _| Box::pin(sqlite_is_idle(connection)))
        .after_connect(|connection, _| {
            Box::pin(async move {
                match first_wrong_setting(connection).await? {
                    None => Ok(()),
                    Some((setting, wanted, found)) => Err(sqlx::Error::Configuration(
                        format!("`{setting}` is `{found}`, and `{wanted}` is needed").into(),
                    )),
                }
            })
        })
        .connect_with(options)
        .await
        .map_err(unreachable)?;
    // Kept open until now, so that the file does not leave and enter WAL mode in between.
    probe.close().await.map_err(unreachable)?;
    Ok(pool)
}

/// The first connection to a new file turns it to WAL, and then SQLite does not wait for another that does the same.
async fn connect_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let mut attempts = 100;
    loop {
        match options.connect().await {
            Err(sqlx::Error::Database(error)) if attempts > 0 && error.message().contains("locked") => {
                attempts -= 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other.map_err(unreachable),
        }
    }
}

/// The settings of a SQLite connection on which durability and integrity rest, with what they must say.
const SQLITE_SETTINGS: [(&str, &str, &str); 4] = [
    ("journal_mode", "PRAGMA journal_mode", "wal"),
    ("synchronous", "PRAGMA synchronous", "2"),
    ("foreign_keys", "PRAGMA foreign_keys", "1"),
    ("busy_timeout", "PRAGMA busy_timeout", "10000"),
];

type WrongSetting = (&'static str, &'static str, String);

async fn first_wrong_setting(connection: &mut SqliteConnection) -> Result<Option<WrongSetting>, sqlx::Error> {
    for (setting, question, wanted) in SQLITE_SETTINGS {
        let row = sqlx::query(question).fetch_one(&mut *connection).await?;
        let found = match row.try_get::<String, _>(0) {
            Ok(text) => text,
            Err(_) => row.try_get::<i64, _>(0)?.to_string(),
        };
        if found != wanted {
            return Ok(Some((setting, wanted, found)));
        }
    }
    Ok(None)
}

/// Whether no transaction is open on a connection that comes back to the pool; if not, the pool closes it, which
/// takes the transaction back. What is queued, such as the rollback of a dropped transaction, is done first.
///
/// When SQLite itself ended a transaction (its disk was full), that rollback fails, and the driver counts one
/// transaction too many from then on: the next one would be an inner one, and the one after it would be lost. SQLite
/// begins a transaction only when none is open, and neither that nor its end touches the file.
async fn sqlite_is_idle(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    connection.ping().await?;
    if connection.is_in_transaction() {
        tracing::warn!("the database ended a transaction by itself; its connection is closed");
        return Ok(false);
    }
    connection.begin().await?.rollback().await?;
    Ok(true)
}

/// The same for PostgreSQL, where the driver does not count a transaction whose beginning nobody waited for. The
/// time of the transaction is that of the statement only when the statement is a transaction of its own, and in one
/// that failed the question is refused.
async fn postgres_is_idle(connection: &mut sqlx::PgConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        return Ok(false);
    }
    let question = sqlx::raw_sql("SELECT now() = statement_timestamp()");
    let idle: bool = question.fetch_one(connection).await?.try_get(0)?;
    if !idle {
        tracing::warn!("a transaction was left open; its connection is closed");
    }
    Ok(idle)
}

/// Makes the file when it is missing, and takes it from everybody but its owner. SQLite gives its side files the
/// same mode.
fn protect(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    let mut permissions = file.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}

async fn postgres(url: &DatabaseUrl) -> Result<PgPool, OpenError> {
    let options = postgres_options(url)?;
    let mut probe = options.connect().await.map_err(unreachable)?;
    prepare_postgres(&mut probe).await.map_err(unreachable)?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut probe).await.map_err(unreachable)?;
    if fsync != "on" {
        tracing::warn!(
            "the PostgreSQL server runs with `fsync = off`: a power cut may lose or revive tokens"
        );
    }
    probe.close().await.map_err(unreachable)?;
    PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        .after_release(|connection, _| Box::pin(postgres_is_idle(connection)))
        .after_connect(|connection, _| Box::pin(prepare_postgres(connection)))
        .connect_with(options)
        .await
        .map_err(unreachable)
}

/// How to connect to the server, for the pool and for the listener.
pub(crate) fn postgres_options(url: &DatabaseUrl) -> Result<PgConnectOptions, OpenError> {
    Ok(PgConnectOptions::from_str(url.reveal())
        .map_err(|error| OpenError::Url(error.into()))?
        .application_name("patgate")
        .disable_statement_logging())
}

/// Durable commits whatever the server's default; read committed, so that a change that waited for another sees it;
/// and an end to waiting, for us and for those who wait for us.
async fn prepare_postgres(connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; \
         SET default_transaction_isolation = 'read committed'; \
         SET lock_timeout = '10s'; \
         SET idle_in_transaction_session_timeout = '60s'",
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn unreachable(error: sqlx::Error) -> OpenError {
    OpenError::Unreachable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection on which one thing is set otherwise.
    async fn told(spoil: impl FnOnce(SqliteConnectOptions) -> SqliteConnectOptions) -> Option<WrongSetting> {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("patgate.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let mut connection = spoil(options).connect().await.unwrap();
        first_wrong_setting(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn each_setting_that_is_not_as_it_must_be_is_named() {
        assert_eq!(told(|options| options).await, None);
        let journal = told(|options| options.journal_mode(SqliteJournalMode::Delete)).await;
        assert_eq!(journal, Some(("journal_mode", "wal", "delete".to_owned())));
        for (level, found) in [(SqliteSynchronous::Normal, "1"), (SqliteSynchronous::Off, "0")] {
            let synchronous = told(|options| options.synchronous(level)).await;
            assert_eq!(synchronous, Some(("synchronous", "2", found.to_owned())));
        }
        let keys = told(|options| options.foreign_keys(false)).await;
        assert_eq!(keys, Some(("foreign_keys", "1", "0".to_owned())));
        let patience = told(|options| options.busy_timeout(Duration::from_secs(1))).await;
        assert_eq!(patience, Some(("busy_timeout", "10000", "1000".to_owned())));
    }
}
