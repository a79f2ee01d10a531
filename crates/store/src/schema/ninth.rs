//! Version 9 of the tables: what lists show of a release, and by which words it is found, beside the release itself.

use sea_orm::sea_query::Table;
use sea_orm::{DatabaseTransaction, DbBackend, DbErr};

use super::Step;
use super::first::optional_text;
use crate::releases::complete_some;
use crate::tables::Releases;

/// The number of this version.
pub(super) const VERSION: i64 = 9;

/// All statements of this version, in order. A release that was written before has nothing there; [`fill`] writes it.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let column =
        |name| Step::Column(Table::alter().table(Releases::Table).add_column(optional_text(name)).take());
    vec![column(Releases::Summary), column(Releases::Tags)]
}

/// Writes what is missing beside each release.
pub(super) async fn fill(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let mut last = i64::MIN;
    while let Some(further) = complete_some(transaction, last).await? {
        last = further;
    }
    Ok(())
}
