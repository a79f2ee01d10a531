//! What merely happened: last uses and sessions seen again. Written in batches, without audit events.

use jiff::Timestamp;
use patgate_core::grant::LastUse;
use patgate_core::identifier::GrantId;
use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, Statement};

use crate::error::StoreError;
use crate::store::Store;
use crate::transaction::WriteTransaction;

/// Rows in one statement. SQLite looks each of their parameters up by name among all of the statement: with ten times
/// as many rows, that look-up took longer than the writing.
const ROWS: usize = 50;

impl Store {
    /// Records last uses, all or none of them. An older use never replaces a newer one, whichever node brings it; a
    /// use without address or user agent keeps the ones before it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and [`StoreError::Database`]; nothing was written then, and the batch can come again.
    pub async fn record_last_uses(&self, uses: &[(GrantId, LastUse)]) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for chunk in uses.chunks(ROWS) {
            write_uses(&transaction, chunk).await?;
        }
        transaction.commit().await
    }

    /// Records when sessions were last seen, all or none of them. Unknown digests are passed over.
    ///
    /// # Errors
    /// As [`Store::record_last_uses`].
    pub async fn touch_sessions(&self, seen: &[([u8; 32], Timestamp)]) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for (digest, at) in seen {
            let sql = "UPDATE sessions SET seen_at = $1 WHERE digest = $2 AND seen_at < $1";
            let values: [Value; 2] = [at.as_millisecond().into(), digest.to_vec().into()];
            let backend = transaction.get_database_backend();
            transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        }
        transaction.commit().await
    }
}

/// One statement for many rows. Both databases take this form; the casts tell PostgreSQL the parameters' types.
async fn write_uses(transaction: &WriteTransaction, uses: &[(GrantId, LastUse)]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(uses.len());
    let mut values: Vec<Value> = Vec::with_capacity(uses.len() * 4);
    for (grant, last_use) in newest_of_each(uses) {
        let first = values.len();
        rows.push(format!(
            "(CAST(${} AS bigint), CAST(${} AS bigint), CAST(${} AS text), CAST(${} AS text))",
            first + 1,
            first + 2,
            first + 3,
            first + 4
        ));
        values.extend([
            grant.as_i64().into(),
            last_use.at.as_millisecond().into(),
            last_use.address.clone().into(),
            last_use.user_agent.clone().into(),
        ]);
    }
    let sql = format!(
        "WITH uses (id, used_at, address, user_agent) AS (VALUES {}) \
         UPDATE grants SET last_used_at = uses.used_at, \
         last_used_address = COALESCE(uses.address, last_used_address), \
         last_used_user_agent = COALESCE(uses.user_agent, last_used_user_agent) \
         FROM uses WHERE grants.id = uses.id AND (last_used_at IS NULL OR last_used_at < uses.used_at)",
        rows.join(", ")
    );
    let backend = transaction.get_database_backend();
    transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

/// A grant that stands twice in one statement would be written by either row.
fn newest_of_each(uses: &[(GrantId, LastUse)]) -> Vec<&(GrantId, LastUse)> {
    let mut uses: Vec<_> = uses.iter().collect();
    uses.sort_by_key(|(grant, last_use)| (*grant, std::cmp::Reverse(last_use.at)));
    uses.dedup_by_key(|(grant, _)| *grant);
    uses
}
