//! Who sends: one node at a time.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::OwnedMutexGuard;

use crate::connection::Pool;
use crate::error::StoreError;
use crate::rows::column;
use crate::store::Store;
use crate::transaction::WriteTransaction;

/// Any number will do; it keeps two nodes from sending at once.
const ADVISORY_LOCK: i64 = 0x0070_6174_6d61_696c;

/// The right to send mails. On PostgreSQL it is a lock of a connection, which ends with the node; a SQLite database has
/// one server, so there it is a lock of the process.
#[must_use = "who drops it lets others send"]
pub struct Sender {
    _process: OwnedMutexGuard<()>,
    lock: Option<WriteTransaction>,
}

impl Store {
    /// The right to send; `None` while another has it. What one before left half way waits again: it may have been
    /// taken by the mail server already, and is repeated under the same `Message-ID`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sender(&self) -> Result<Option<Sender>, StoreError> {
        let Ok(process) = self.inner.sending.clone().try_lock_owned() else { return Ok(None) };
        let lock = match &self.inner.pool {
            Pool::Sqlite(_) => None,
            Pool::Postgres(_) => {
                let transaction = WriteTransaction::begin(&self.inner.pool).await?;
                let sql = format!("SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK}) AS taken");
                let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
                let row = row.ok_or(StoreError::Unreadable("taken"))?;
                if !column::<bool>(&row, "taken")? {
                    transaction.rollback().await?;
                    return Ok(None);
                }
                Some(transaction)
            }
        };
        self.put_half_sent_back().await?;
        Ok(Some(Sender { _process: process, lock }))
    }
}

impl Sender {
    /// Whether nobody else can have begun to send meanwhile.
    pub async fn is_held(&self) -> bool {
        let Some(transaction) = &self.lock else { return true };
        let ask = Statement::from_string(DbBackend::Postgres, "SELECT 1");
        transaction.query_one_raw(ask).await.is_ok()
    }
}
