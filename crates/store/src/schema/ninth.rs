//! Version 9 of the tables: what lists show of a release, and by which words it is found, beside the release itself.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::optional_text;
use crate::tables::Releases;

/// All statements of this version, in order. A release that was written before has nothing there until it is written again.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let column =
        |name| Step::Column(Table::alter().table(Releases::Table).add_column(optional_text(name)).take());
    vec![column(Releases::Summary), column(Releases::Tags)]
}
