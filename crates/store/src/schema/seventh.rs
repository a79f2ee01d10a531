//! Version 7 of the tables: what comes in at webhook endpoints, and goes on from there.

use sea_orm::DbBackend;
use sea_orm::sea_query::Table;

use super::Step;
use super::first::{index, key, number, optional_number, optional_text, table, text};
use crate::tables::{
    ConfigurationItems, WebhookCounters, WebhookDeliveries, WebhookMessages, WebhookRefusals, WebhookRequests,
};

/// All statements of this version, in order. No row refers to the item of its endpoint, which may be deleted while
/// requests come in: what is left over then is forgotten like what is old.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    let mut unique_key = optional_text(ConfigurationItems::UniqueKey);
    let steps = vec![
        Step::Column(Table::alter().table(ConfigurationItems::Table).add_column(&mut unique_key).take()),
        Step::Index(
            index(
                "configuration_items_by_unique_key",
                ConfigurationItems::Table,
                [ConfigurationItems::UniqueKey],
            )
            .unique()
            .take(),
        ),
        table(
            WebhookCounters::Table,
            [
                number(WebhookCounters::Endpoint).primary_key(),
                &mut number(WebhookCounters::LastRequest).default(0),
                &mut number(WebhookCounters::LastRefusal).default(0),
                &mut number(WebhookCounters::Waiting).default(0),
            ],
            [],
        ),
    ];
    steps.into_iter().chain(log_steps()).chain(delivery_steps(backend)).collect()
}

fn log_steps() -> Vec<Step> {
    vec![
        table(
            WebhookRequests::Table,
            [
                number(WebhookRequests::Id).primary_key(),
                &mut number(WebhookRequests::Endpoint),
                &mut number(WebhookRequests::Number),
                &mut number(WebhookRequests::At),
                &mut text(WebhookRequests::Sender),
                &mut text(WebhookRequests::Headers),
                &mut text(WebhookRequests::Parameters),
                &mut text(WebhookRequests::Body),
                &mut number(WebhookRequests::Size),
                &mut optional_text(WebhookRequests::MessageId),
            ],
            [],
        ),
        Step::Index(
            index(
                "webhook_requests_of_endpoint",
                WebhookRequests::Table,
                [WebhookRequests::Endpoint, WebhookRequests::Number],
            )
            .unique()
            .take(),
        ),
        table(
            WebhookRefusals::Table,
            [
                number(WebhookRefusals::Id).primary_key(),
                &mut number(WebhookRefusals::Endpoint),
                &mut number(WebhookRefusals::Number),
                &mut number(WebhookRefusals::At),
                &mut text(WebhookRefusals::Sender),
                &mut text(WebhookRefusals::Headers),
                &mut text(WebhookRefusals::Cause),
            ],
            [],
        ),
        Step::Index(
            index(
                "webhook_refusals_of_endpoint",
                WebhookRefusals::Table,
                [WebhookRefusals::Endpoint, WebhookRefusals::Number],
            )
            .unique()
            .take(),
        ),
    ]
}

fn delivery_steps(backend: DbBackend) -> Vec<Step> {
    vec![
        table(
            WebhookMessages::Table,
            [
                &mut number(WebhookMessages::Endpoint),
                &mut key(WebhookMessages::MessageId, backend),
                &mut number(WebhookMessages::Request),
                &mut number(WebhookMessages::At),
            ],
            [],
        ),
        Step::Index(
            index(
                "webhook_messages_of_endpoint",
                WebhookMessages::Table,
                [WebhookMessages::Endpoint, WebhookMessages::MessageId],
            )
            .unique()
            .take(),
        ),
        Step::Index(index("webhook_messages_by_time", WebhookMessages::Table, [WebhookMessages::At])),
        table(
            WebhookDeliveries::Table,
            [
                number(WebhookDeliveries::Id).primary_key(),
                &mut number(WebhookDeliveries::Endpoint),
                &mut number(WebhookDeliveries::Request),
                &mut number(WebhookDeliveries::Number),
                &mut text(WebhookDeliveries::MessageId),
                &mut text(WebhookDeliveries::Parameters),
                &mut text(WebhookDeliveries::ContentType),
                &mut optional_text(WebhookDeliveries::Body),
                &mut text(WebhookDeliveries::State),
                &mut number(WebhookDeliveries::Attempts).default(0),
                &mut optional_number(WebhookDeliveries::DueAt),
                &mut optional_text(WebhookDeliveries::Answer),
                &mut number(WebhookDeliveries::CreatedAt),
                &mut optional_number(WebhookDeliveries::DoneAt),
            ],
            [],
        ),
        Step::Index(index(
            "webhook_deliveries_of_endpoint",
            WebhookDeliveries::Table,
            [WebhookDeliveries::Endpoint, WebhookDeliveries::Number],
        )),
        Step::Index(index(
            "webhook_deliveries_of_request",
            WebhookDeliveries::Table,
            [WebhookDeliveries::Request],
        )),
        Step::Index(index(
            "webhook_deliveries_by_time",
            WebhookDeliveries::Table,
            [WebhookDeliveries::DueAt],
        )),
        Step::Index(index("webhook_deliveries_done", WebhookDeliveries::Table, [WebhookDeliveries::DoneAt])),
    ]
}
