//! What is forgotten with time. (What retention by number forgets goes with each request.)

use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query, SelectStatement};

use super::DeliveryState;
use crate::error::StoreError;
use crate::store::Store;
use crate::tables::{
    ConfigurationItems, WebhookCounters, WebhookDeliveries, WebhookMessages, WebhookRefusals, WebhookRequests,
};

impl Store {
    /// Forgets the requests of an endpoint that came before a time. Returns how many those were.
    ///
    /// # Errors
    /// When the database fails; nothing was forgotten then. So with all below.
    pub async fn forget_webhook_requests(
        &self,
        endpoint: ItemNumber,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let delete = Query::delete()
            .from_table(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64()))
            .and_where(Expr::col(WebhookRequests::At).lt(before.as_millisecond()))
            .take();
        let forgotten = transaction.execute(&delete).await?.rows_affected();
        transaction.commit().await?;
        Ok(forgotten)
    }

    /// Forgets ids of requests that came before `ids`, deliveries that were done before `deliveries`, those that were
    /// taken and whose requests are in the log no longer, and all of endpoints that are there no longer.
    pub async fn forget_webhooks(&self, ids: Timestamp, deliveries: Timestamp) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let messages = Query::delete()
            .from_table(WebhookMessages::Table)
            .and_where(Expr::col(WebhookMessages::At).lt(ids.as_millisecond()))
            .take();
        let done = Query::delete()
            .from_table(WebhookDeliveries::Table)
            .and_where(Expr::col(WebhookDeliveries::DoneAt).lt(deliveries.as_millisecond()))
            .take();
        let logged: SelectStatement =
            Query::select().column(WebhookRequests::Id).from(WebhookRequests::Table).take();
        let taken = Query::delete()
            .from_table(WebhookDeliveries::Table)
            .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Delivered.as_str()))
            .and_where(Expr::col(WebhookDeliveries::Request).not_in_subquery(logged))
            .take();
        for delete in [messages, done, taken] {
            transaction.execute(&delete).await?;
        }
        let there: SelectStatement =
            Query::select().column(ConfigurationItems::Number).from(ConfigurationItems::Table).take();
        for (table, endpoint) in tables() {
            let delete = Query::delete()
                .from_table(table)
                .and_where(Expr::col(endpoint).not_in_subquery(there.clone()))
                .take();
            transaction.execute(&delete).await?;
        }
        transaction.commit().await
    }
}

/// Every table of what came in, and its column that names the endpoint.
pub(crate) fn tables() -> [(sea_orm::sea_query::DynIden, sea_orm::sea_query::DynIden); 5] {
    [
        (WebhookCounters::Table.into_iden(), WebhookCounters::Endpoint.into_iden()),
        (WebhookRequests::Table.into_iden(), WebhookRequests::Endpoint.into_iden()),
        (WebhookRefusals::Table.into_iden(), WebhookRefusals::Endpoint.into_iden()),
        (WebhookMessages::Table.into_iden(), WebhookMessages::Endpoint.into_iden()),
        (WebhookDeliveries::Table.into_iden(), WebhookDeliveries::Endpoint.into_iden()),
    ]
}
