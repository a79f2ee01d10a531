//! What became of deliveries, for those who look.

use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Delivery, DeliveryState};
use crate::error::StoreError;
use crate::keyset::{Seek, beyond, in_list_order};
use crate::rows::{column, optional_time, time};
use crate::store::Store;
use crate::tables::{WebhookCounters, WebhookDeliveries};

impl Store {
    /// The deliveries of a request of an endpoint, the first one first.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn deliveries_of(
        &self,
        endpoint: ItemNumber,
        request: RequestId,
    ) -> Result<Vec<Delivery>, StoreError> {
        let select = selection()
            .and_where(Expr::col(WebhookDeliveries::Request).eq(request.as_i64()))
            .and_where(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
            .order_by(WebhookDeliveries::CreatedAt, Order::Asc)
            .order_by(WebhookDeliveries::Id, Order::Asc)
            .take();
        self.inner.orm.query_all(&select).await?.iter().map(delivery).collect()
    }

    /// At most `limit` deliveries of an endpoint in this state, the newest requests first, from the number of a request on:
    /// each has one delivery.
    pub async fn deliveries_in(
        &self,
        endpoint: ItemNumber,
        state: DeliveryState,
        seek: &Seek<i64>,
        limit: u64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
        let beyond =
            seek.cursor().map(|number| beyond([WebhookDeliveries::Number], [(*number).into()], &order));
        let select = selection()
            .and_where(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
            .and_where(Expr::col(WebhookDeliveries::State).eq(state.as_str()))
            .and_where_option(beyond)
            .order_by(WebhookDeliveries::Number, order)
            .limit(limit)
            .take();
        let deliveries = self.inner.orm.query_all(&select).await?;
        let deliveries = deliveries.iter().map(delivery).collect::<Result<_, _>>()?;
        Ok(in_list_order(deliveries, seek.is_backward()))
    }

    /// Whether this delivery of an endpoint waits.
    pub async fn delivery_waits(&self, endpoint: ItemNumber, id: DeliveryId) -> Result<bool, StoreError> {
        let select = selection()
            .and_where(Expr::col(WebhookDeliveries::Id).eq(id.as_i64()))
            .and_where(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
            .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Waiting.as_str()))
            .take();
        Ok(self.inner.orm.query_one(&select).await?.is_some())
    }

    /// How many deliveries of an endpoint wait.
    pub async fn deliveries_waiting(&self, endpoint: ItemNumber) -> Result<u64, StoreError> {
        let select = Query::select()
            .column(WebhookCounters::Waiting)
            .from(WebhookCounters::Table)
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map_or(Ok(0), |row| column::<i64>(&row, "waiting").map(i64::unsigned_abs))
    }
}

pub(crate) fn selection() -> SelectStatement {
    Query::select()
        .columns([
            WebhookDeliveries::Id,
            WebhookDeliveries::Endpoint,
            WebhookDeliveries::Request,
            WebhookDeliveries::Number,
            WebhookDeliveries::MessageId,
            WebhookDeliveries::State,
            WebhookDeliveries::Attempts,
            WebhookDeliveries::DueAt,
            WebhookDeliveries::PausedAt,
            WebhookDeliveries::Answer,
            WebhookDeliveries::CreatedAt,
            WebhookDeliveries::DoneAt,
        ])
        .from(WebhookDeliveries::Table)
        .take()
}

pub(crate) fn delivery(row: &QueryResult) -> Result<Delivery, StoreError> {
    let attempts: i64 = column(row, "attempts")?;
    let state: String = column(row, "state")?;
    Ok(Delivery {
        id: DeliveryId::from_i64(column(row, "id")?),
        endpoint: ItemNumber::from_i64(column(row, "endpoint")?),
        request: RequestId::from_i64(column(row, "request")?),
        number: column(row, "number")?,
        message_id: column(row, "message_id")?,
        state: DeliveryState::from_word(&state).ok_or(StoreError::Unreadable("state"))?,
        attempts: u32::try_from(attempts).unwrap_or_default(),
        due_at: optional_time(row, "due_at")?,
        paused_at: optional_time(row, "paused_at")?,
        answer: column(row, "answer")?,
        created_at: time(row, "created_at")?,
        done_at: optional_time(row, "done_at")?,
    })
}
