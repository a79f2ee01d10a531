//! Version 12 of the tables: how often something of a webhook endpoint was redelivered.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::number;
use crate::tables::WebhookCounters;

/// All statements of this version, in order. Nodes count from here on: what was redelivered before is in what they add up first.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let mut redelivered = number(WebhookCounters::Redelivered).default(0).take();
    vec![Step::Column(Table::alter().table(WebhookCounters::Table).add_column(&mut redelivered).take())]
}
