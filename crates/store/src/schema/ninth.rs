//! Version 9 of the tables: what lists show of a release, and by which words it is found, beside the release itself.

use patgate_core::release::Release;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, Table};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};

use super::Step;
use super::first::optional_text;
use crate::releases::tags;
use crate::rows::from_json;
use crate::tables::Releases;

/// The number of this version.
pub(super) const VERSION: i64 = 9;
/// Releases that are in memory at a time: each may be half a megabyte.
const AT_ONCE: u64 = 100;

/// All statements of this version, in order. A release that was written before has nothing there; [`fill`] writes its tags.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let column =
        |name| Step::Column(Table::alter().table(Releases::Table).add_column(optional_text(name)).take());
    vec![column(Releases::Summary), column(Releases::Tags)]
}

/// Writes the tags beside each release that has none there: a search by tags does not look into the release itself.
pub(super) async fn fill(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let mut last = i64::MIN;
    loop {
        let select = Query::select()
            .columns([Releases::Number, Releases::Document])
            .from(Releases::Table)
            .and_where(Expr::col(Releases::Tags).is_null())
            .and_where(Expr::col(Releases::Number).gt(last))
            .order_by(Releases::Number, Order::Asc)
            .limit(AT_ONCE)
            .take();
        let rows = transaction.query_all(&select).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            last = row.try_get("", "number")?;
            let document: String = row.try_get("", "document")?;
            // Who reads one that is unreadable is told so; it keeps no program from starting.
            let Ok(release) = from_json::<Release>(&document, "document") else { continue };
            let update = Query::update()
                .table(Releases::Table)
                .value(Releases::Tags, tags(&release))
                .and_where(Expr::col(Releases::Number).eq(last))
                .take();
            transaction.execute(&update).await?;
        }
    }
}
