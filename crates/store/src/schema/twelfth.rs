//! Version 12 of the tables: how often something of a webhook endpoint was redelivered, and configuration items found by the
//! time of their last change.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::{index, number};
use crate::tables::{ConfigurationItems, WebhookCounters};

/// All statements of this version, in order. Nodes count from here on: what was redelivered before is in what they add up first.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let mut redelivered = number(WebhookCounters::Redelivered).default(0).take();
    // Items are listed by their places: the times beside these are read in that order, without the items that are not meant.
    let by_change = [ConfigurationItems::IdKey, ConfigurationItems::ChangedAt];
    vec![
        Step::Column(Table::alter().table(WebhookCounters::Table).add_column(&mut redelivered).take()),
        Step::Index(index("configuration_items_by_change", ConfigurationItems::Table, by_change)),
    ]
}
