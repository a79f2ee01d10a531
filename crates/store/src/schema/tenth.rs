//! Version 10 of the tables: since when a webhook endpoint starts releases as it does.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::number;
use crate::tables::WebhookCounters;

/// All statements of this version, in order. An endpoint that was not changed since has 0 there: all its versions count.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let mut since = number(WebhookCounters::StartsSince).default(0).take();
    vec![Step::Column(Table::alter().table(WebhookCounters::Table).add_column(&mut since).take())]
}
