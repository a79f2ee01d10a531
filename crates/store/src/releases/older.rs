//! Releases that an older program wrote: what stands beside a release now, theirs lack.

use patgate_core::release::Release;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr};

use super::{IN_MEMORY, beside, tags};
use crate::error::StoreError;
use crate::rows::from_json;
use crate::store::Store;
use crate::tables::Releases;

impl Store {
    /// Writes what is missing beside releases: an older program that goes on while a newer one starts knows nothing of it, and a
    /// search by tags does not look into the release itself. Some releases in each transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete_releases(&self) -> Result<(), StoreError> {
        // Without the lock of all writers, as long as there is nothing to write.
        let mut last = i64::MIN;
        while is_lacking(&self.inner.orm, last).await? {
            let (_turn, transaction) = self.inner.begin_data().await?;
            let completed = complete_some(&transaction, last).await?;
            transaction.commit().await?;
            let Some(further) = completed else { break };
            last = further;
        }
        Ok(())
    }
}

async fn is_lacking(connection: &impl ConnectionTrait, last: i64) -> Result<bool, DbErr> {
    Ok(connection.query_one(&lacking(last).limit(1).take()).await?.is_some())
}

/// The numbers of those that lack something, after this one.
fn lacking(last: i64) -> SelectStatement {
    Query::select()
        .column(Releases::Number)
        .from(Releases::Table)
        .and_where(Expr::col(Releases::Tags).is_null())
        .and_where(Expr::col(Releases::Number).gt(last))
        .order_by(Releases::Number, Order::Asc)
        .take()
}

/// Writes what is missing beside the first releases after this number, and returns the number of the last one of them; `None`:
/// there are none.
pub(crate) async fn complete_some(
    connection: &impl ConnectionTrait,
    last: i64,
) -> Result<Option<i64>, DbErr> {
    let select =
        lacking(last).columns([Releases::Version, Releases::Document]).limit(IN_MEMORY as u64).take();
    let mut completed = None;
    for row in &connection.query_all(&select).await? {
        let number: i64 = row.try_get("", "number")?;
        completed = Some(number);
        let version: i64 = row.try_get("", "version")?;
        let document: String = row.try_get("", "document")?;
        // Who reads one that is unreadable is told so; it keeps no program from starting.
        let Ok(release) = from_json::<Release>(&document, "document") else { continue };
        let Ok(beside) = beside(&release) else { continue };
        let update = Query::update()
            .table(Releases::Table)
            .value(Releases::Summary, beside)
            .value(Releases::Tags, tags(&release))
            .and_where(Expr::col(Releases::Number).eq(number))
            // Whoever wrote it meanwhile has written this as well, or it is found at the next start.
            .and_where(Expr::col(Releases::Version).eq(version))
            .take();
        connection.execute(&update).await?;
    }
    Ok(completed)
}
