//! Changes around webhook endpoints: what an administrator does by hand, and what goes with an endpoint.

use patgate_core::identifier::{DeliveryId, ItemNumber};
use patgate_core::item::{
    GET_WEBHOOK_ENDPOINT, MASK, POST_WEBHOOK_ENDPOINT, USUAL_RETENTION_SIZE, Value, webhook_property,
};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::error::StoreError;
use crate::items::Item;
use crate::rows::column;
use crate::tables::{WebhookCounters, WebhookDeliveries, WebhookRequests};
use crate::webhooks::{DeliveryState, forget, kept};

/// What errors call it.
const DELIVERY: &str = "delivery that is done";

impl Change {
    /// Lets a delivery of an endpoint that is done begin again, now: one that was given up, and one that the receiver
    /// took, for as long as its request is in the log. Secret parameters are kept no longer than until the receiver took
    /// them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such delivery, when it waits anyway, or its body or its parameters are
    /// there no longer.
    pub async fn redeliver(&mut self, endpoint: ItemNumber, id: DeliveryId) -> Result<(), StoreError> {
        let item = self.item_by_number(endpoint).await?.ok_or(StoreError::NotFound("webhook endpoint"))?;
        let logged = |column: WebhookRequests| {
            let select = Query::select()
                .column(column)
                .from(WebhookRequests::Table)
                .and_where(
                    Expr::col((WebhookRequests::Table, WebhookRequests::Id))
                        .equals((WebhookDeliveries::Table, WebhookDeliveries::Request)),
                )
                .take();
            Expr::SubQuery(None, Box::new(select.into()))
        };
        let body = Expr::col(WebhookDeliveries::Body).if_null(logged(WebhookRequests::Body));
        let is_done = || {
            Expr::col(WebhookDeliveries::Id)
                .eq(id.as_i64())
                .and(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
                .and(Expr::col(WebhookDeliveries::State).ne(DeliveryState::Waiting.as_str()))
        };
        let look = Query::select()
            .expr_as(body, "whole")
            .expr_as(logged(WebhookRequests::Parameters), "shown")
            .columns([WebhookDeliveries::MessageId, WebhookDeliveries::Parameters, WebhookDeliveries::State])
            .from(WebhookDeliveries::Table)
            .and_where(is_done())
            .take();
        let row = self.transaction.query_one(&look).await?.ok_or(StoreError::NotFound(DELIVERY))?;
        let whole: Option<String> = column(&row, "whole")?;
        let whole = whole.ok_or(StoreError::NotFound(DELIVERY))?;
        let message: String = column(&row, "message_id")?;
        let parameters = match column::<String>(&row, "state")? == DeliveryState::Delivered.as_str() {
            false => column(&row, "parameters")?,
            true if item.type_name != GET_WEBHOOK_ENDPOINT.name => "[]".to_owned(),
            true => {
                let shown: Option<String> = column(&row, "shown")?;
                shown.filter(|shown| !shown.contains(MASK)).ok_or(StoreError::NotFound(DELIVERY))?
            }
        };
        let update = Query::update()
            .table(WebhookDeliveries::Table)
            .value(WebhookDeliveries::Body, whole)
            .value(WebhookDeliveries::Parameters, parameters)
            .value(WebhookDeliveries::State, DeliveryState::Waiting.as_str())
            .value(WebhookDeliveries::Attempts, 0_i64)
            .value(WebhookDeliveries::DueAt, self.now.as_millisecond())
            .value(WebhookDeliveries::DoneAt, None::<i64>)
            .and_where(is_done())
            .take();
        self.execute(&update).await?;
        let more = Query::update()
            .table(WebhookCounters::Table)
            .value(WebhookCounters::Waiting, Expr::col(WebhookCounters::Waiting).add(1))
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
            .take();
        self.execute(&more).await?;
        self.inner.spaces.forget(endpoint);
        let detail = json!({ "delivery": id, "message": message });
        self.note_item(&item, "webhook.redeliver", detail);
        Ok(())
    }

    /// Notes that somebody sends an endpoint a test request.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such endpoint.
    pub async fn note_webhook_test(&mut self, endpoint: ItemNumber) -> Result<(), StoreError> {
        let item = self.item_by_number(endpoint).await?.ok_or(StoreError::NotFound("webhook endpoint"))?;
        self.note_item(&item, "webhook.test", json!({}));
        Ok(())
    }

    /// Forgets what is not among the newest of an endpoint any more, when it keeps fewer than before, or fewer bytes.
    pub(super) async fn trim_webhooks_of(&mut self, item: &Item) -> Result<(), StoreError> {
        let keep = item.properties.get(webhook_property::REQUEST_RETENTION).and_then(Value::as_integer);
        let is_endpoint =
            [POST_WEBHOOK_ENDPOINT.name, GET_WEBHOOK_ENDPOINT.name].contains(&item.type_name.as_str());
        let Some(keep) = keep.filter(|_| is_endpoint) else { return Ok(()) };
        let last = Query::select()
            .column(WebhookCounters::LastRequest)
            .from(WebhookCounters::Table)
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(item.number.as_i64()))
            .take();
        let Some(row) = self.transaction.query_one(&last).await? else { return Ok(()) };
        let last: i64 = column(&row, "last_request")?;
        let delete = Query::delete()
            .from_table(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(item.number.as_i64()))
            .and_where(Expr::col(WebhookRequests::Number).lte(last - keep))
            .take();
        self.execute(&delete).await?;
        let mebibytes = item.properties.get(webhook_property::RETENTION_SIZE).and_then(Value::as_integer);
        // Where nothing is entered, the usual size counts.
        let mebibytes = mebibytes.map_or(u64::from(USUAL_RETENTION_SIZE), i64::unsigned_abs);
        kept::cut(&self.transaction, item.number, mebibytes << 20).await?;
        Ok(())
    }

    /// Forgets all that came in at an endpoint which is deleted.
    pub(super) async fn forget_webhooks_of(&mut self, endpoint: ItemNumber) -> Result<(), StoreError> {
        for (table, column) in forget::tables() {
            let delete =
                Query::delete().from_table(table).and_where(Expr::col(column).eq(endpoint.as_i64())).take();
            self.execute(&delete).await?;
        }
        Ok(())
    }
}
