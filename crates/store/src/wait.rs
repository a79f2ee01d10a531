//! Waiting for the next change: told by this process, by PostgreSQL's NOTIFY, or found by asking.
//!
//! Asking is the truth; the other two only make it sooner.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;

use crate::change_log::{self, Sequence};
use crate::error::StoreError;
use crate::store::Store;

/// The channel of NOTIFY; its payload is the sequence.
const CHANNEL: &str = "patgate_change";

impl Store {
    /// Waits until a change after `after` is visible, or for `at_most`. Returns the number of the last visible
    /// change: `after` itself when there was none.
    ///
    /// A change of this process, and on PostgreSQL of any, wakes at once; on SQLite a change of another process is
    /// seen within about 50 ms.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read; the caller may call again.
    pub async fn wait_for_change(&self, after: Sequence, at_most: Duration) -> Result<Sequence, StoreError> {
        let mut visible = self.inner.visible.subscribe();
        let pause = match self.inner.orm.get_database_backend() {
            DbBackend::Postgres => Duration::from_secs(1),
            _ => Duration::from_millis(50),
        };
        let wait = async {
            loop {
                visible.borrow_and_update();
                let last = change_log::last(&self.inner.orm).await?;
                if last > after {
                    return Ok(last);
                }
                tokio::select! {
                    _ = visible.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        };
        tokio::time::timeout(at_most, wait).await.unwrap_or(Ok(after))
    }
}

/// Tells the other nodes, once this transaction is committed. SQLite has no such thing.
pub(crate) async fn notify(connection: &impl ConnectionTrait, sequence: Sequence) -> Result<(), StoreError> {
    let backend = connection.get_database_backend();
    if backend == DbBackend::Postgres {
        let values = [CHANNEL.into(), sequence.to_string().into()];
        let notify = Statement::from_sql_and_values(backend, "SELECT pg_notify($1, $2)", values);
        connection.execute_raw(notify).await?;
    }
    Ok(())
}

/// Listens on a connection of its own, and makes a new one when it breaks. Runs until it is aborted.
pub(crate) async fn listen(options: PgConnectOptions, visible: watch::Sender<Sequence>) {
    loop {
        if let Err(error) = listen_once(&options, &visible).await {
            tracing::warn!(%error, "cannot listen for changes of other nodes; asking every second meanwhile");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen_once(
    options: &PgConnectOptions,
    visible: &watch::Sender<Sequence>,
) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // What was notified while nobody listened is lost, so whoever waits must look.
        visible.send_modify(|_| ());
        while let Some(notification) = listener.try_recv().await? {
            if let Ok(sequence) = notification.payload().parse() {
                announce(visible, Sequence::from_i64(sequence));
            }
        }
    }
}

/// Wakes those who wait in this process.
pub(crate) fn announce(visible: &watch::Sender<Sequence>, sequence: Sequence) {
    visible.send_if_modified(|last| {
        let newer = sequence > *last;
        if newer {
            *last = sequence;
        }
        newer
    });
}
