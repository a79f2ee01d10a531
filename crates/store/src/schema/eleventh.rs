//! Version 11 of the tables: how many requests a webhook endpoint keeps, where the next request is written, and deliveries that
//! wait for their endpoint to be enabled.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::{index, optional_number};
use crate::tables::{WebhookCounters, WebhookDeliveries};

/// All statements of this version, in order. An endpoint that was not changed since has nothing there: what its requests say
/// counts.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let counter = |name| {
        Step::Column(Table::alter().table(WebhookCounters::Table).add_column(optional_number(name)).take())
    };
    let mut paused_at = optional_number(WebhookDeliveries::PausedAt);
    vec![
        counter(WebhookCounters::RequestRetention),
        counter(WebhookCounters::RetentionSize),
        Step::Column(Table::alter().table(WebhookDeliveries::Table).add_column(&mut paused_at).take()),
        Step::Index(index(
            "webhook_deliveries_by_state",
            WebhookDeliveries::Table,
            [WebhookDeliveries::Endpoint, WebhookDeliveries::State, WebhookDeliveries::Number],
        )),
    ]
}
