//! What is forgotten with time. (What retention by number forgets goes with each request.)
//!
//! Each transaction forgets a few hundred rows, so that nobody waits long behind it, and an index finds them.

use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use sea_orm::sea_query::{DynIden, Expr, ExprTrait, IntoIden, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, StatementBuilder};

use super::DeliveryState;
use crate::error::StoreError;
use crate::rows::column;
use crate::store::Store;
use crate::tables::{
    ConfigurationItems, WebhookCounters, WebhookDeliveries, WebhookMessages, WebhookRefusals, WebhookRequests,
};

/// Rows of one transaction.
const ROWS: u64 = 500;

impl Store {
    /// Forgets the requests of an endpoint that came before a time, accepted and refused ones. Returns how many those were.
    ///
    /// # Errors
    /// When the database fails; what was forgotten until then is. So with all below.
    pub async fn forget_webhook_requests(
        &self,
        endpoint: ItemNumber,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let before = before.as_millisecond();
        let of_endpoint = || Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64());
        let mut forgotten = self.forget_refusals(endpoint, before).await?;
        loop {
            let oldest = Query::select()
                .columns([WebhookRequests::Number, WebhookRequests::At])
                .from(WebhookRequests::Table)
                .and_where(of_endpoint())
                .order_by(WebhookRequests::Number, Order::Asc)
                .limit(ROWS)
                .take();
            let oldest = self.inner.orm.query_all(&oldest).await?;
            let Some(last) = oldest.last() else { return Ok(forgotten) };
            let delete = Query::delete()
                .from_table(WebhookRequests::Table)
                .and_where(of_endpoint())
                .and_where(Expr::col(WebhookRequests::Number).lte(column::<i64>(last, "number")?))
                .and_where(Expr::col(WebhookRequests::At).lt(before))
                .take();
            forgotten += self.delete(&delete).await?;
            // Numbers are nearly in the order of time.
            if (oldest.len() as u64) < ROWS || column::<i64>(last, "at")? >= before {
                return Ok(forgotten);
            }
        }
    }

    /// Forgets the requests that an endpoint refused before a time: a few rows, which are looked at without a lock, because
    /// mostly there are none. Returns how many those were.
    async fn forget_refusals(&self, endpoint: ItemNumber, before: i64) -> Result<u64, StoreError> {
        let old = || was_refused_before(endpoint, before);
        let select = Query::select()
            .column(WebhookRefusals::Id)
            .from(WebhookRefusals::Table)
            .and_where(old())
            .limit(1)
            .take();
        if self.inner.orm.query_one(&select).await?.is_none() {
            return Ok(0);
        }
        self.delete(&Query::delete().from_table(WebhookRefusals::Table).and_where(old()).take()).await
    }

    /// Forgets ids of requests that came before `ids`, deliveries that were done before `deliveries`, those that were
    /// taken and whose requests are in the log no longer, and all of endpoints that are there no longer.
    pub async fn forget_webhooks(&self, ids: Timestamp, deliveries: Timestamp) -> Result<(), StoreError> {
        self.forget_until(
            (WebhookMessages::Table.into_iden(), WebhookMessages::At.into_iden()),
            ids.as_millisecond(),
        )
        .await?;
        self.forget_until(
            (WebhookDeliveries::Table.into_iden(), WebhookDeliveries::DoneAt.into_iden()),
            deliveries.as_millisecond(),
        )
        .await?;
        let mut after = i64::MIN;
        loop {
            let select = Query::select()
                .columns([WebhookCounters::Endpoint, WebhookCounters::LastRequest])
                .from(WebhookCounters::Table)
                .and_where(Expr::col(WebhookCounters::Endpoint).gt(after))
                .order_by(WebhookCounters::Endpoint, Order::Asc)
                .limit(ROWS)
                .take();
            let mut endpoints = Vec::new();
            for row in self.inner.orm.query_all(&select).await? {
                endpoints.push((column::<i64>(&row, "endpoint")?, column::<i64>(&row, "last_request")?));
            }
            let Some((last, _)) = endpoints.last() else { return Ok(()) };
            after = *last;
            let there = self.items_there(&endpoints).await?;
            for (endpoint, last_request) in endpoints {
                if there.contains(&endpoint) {
                    self.forget_taken(endpoint, last_request).await?;
                } else {
                    self.forget_endpoint(endpoint).await?;
                }
            }
        }
    }

    /// Forgets the rows of a table that came before a time, as a column with an index says.
    async fn forget_until(&self, (table, at): (DynIden, DynIden), before: i64) -> Result<(), StoreError> {
        loop {
            let next = Query::select()
                .expr_as(Expr::col(at.clone()), "at")
                .from(table.clone())
                .and_where(Expr::col(at.clone()).lt(before))
                .order_by(at.clone(), Order::Asc)
                .limit(1)
                .offset(ROWS)
                .take();
            let next = self.inner.orm.query_one(&next).await?;
            let next: Option<i64> = next.map(|row| column(&row, "at")).transpose()?;
            let old = match next {
                Some(next) => Expr::col(at.clone()).lte(next),
                None => Expr::col(at.clone()).lt(before),
            };
            self.delete(&Query::delete().from_table(table.clone()).and_where(old).take()).await?;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    /// Which of these endpoints are configuration items still.
    async fn items_there(&self, endpoints: &[(i64, i64)]) -> Result<Vec<i64>, StoreError> {
        let numbers = endpoints.iter().map(|(endpoint, _)| *endpoint);
        let select = Query::select()
            .column(ConfigurationItems::Number)
            .from(ConfigurationItems::Table)
            .and_where(Expr::col(ConfigurationItems::Number).is_in(numbers))
            .take();
        self.inner.orm.query_all(&select).await?.iter().map(|row| column(row, "number")).collect()
    }

    /// Forgets the deliveries of an endpoint that were taken, and are older than all that is in its log.
    async fn forget_taken(&self, endpoint: i64, last_request: i64) -> Result<(), StoreError> {
        let oldest = Query::select()
            .column(WebhookRequests::Number)
            .from(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(endpoint))
            .order_by(WebhookRequests::Number, Order::Asc)
            .limit(1)
            .take();
        let oldest = self.inner.orm.query_one(&oldest).await?;
        let oldest: Option<i64> = oldest.map(|row| column(&row, "number")).transpose()?;
        let oldest = oldest.unwrap_or(last_request.saturating_add(1));
        let mut after = i64::MIN;
        loop {
            let within = |from: i64| {
                let number = || Expr::col(WebhookDeliveries::Number);
                let of_endpoint = Expr::col(WebhookDeliveries::Endpoint).eq(endpoint);
                of_endpoint.and(number().gt(from)).and(number().lt(oldest))
            };
            let numbers = Query::select()
                .column(WebhookDeliveries::Number)
                .from(WebhookDeliveries::Table)
                .and_where(within(after))
                .order_by(WebhookDeliveries::Number, Order::Asc)
                .limit(ROWS)
                .take();
            let numbers = self.inner.orm.query_all(&numbers).await?;
            let Some(last) = numbers.last() else { return Ok(()) };
            let last: i64 = column(last, "number")?;
            let delete = Query::delete()
                .from_table(WebhookDeliveries::Table)
                .and_where(within(after))
                .and_where(Expr::col(WebhookDeliveries::Number).lte(last))
                .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Delivered.as_str()))
                .take();
            self.delete(&delete).await?;
            after = last;
        }
    }

    /// Forgets all that came in at an endpoint that is there no longer; its counters last, by which it is found.
    async fn forget_endpoint(&self, endpoint: i64) -> Result<(), StoreError> {
        for (table, of_endpoint, within) in chunked() {
            loop {
                let nth: SelectStatement = Query::select()
                    .expr_as(Expr::col(within.clone()), "within")
                    .from(table.clone())
                    .and_where(Expr::col(of_endpoint.clone()).eq(endpoint))
                    .order_by(within.clone(), Order::Asc)
                    .limit(1)
                    .offset(ROWS)
                    .take();
                if self.inner.orm.query_one(&nth).await?.is_none() {
                    break;
                }
                let nth = Expr::SubQuery(None, Box::new(nth.into()));
                let delete = Query::delete()
                    .from_table(table.clone())
                    .and_where(Expr::col(of_endpoint.clone()).eq(endpoint))
                    .and_where(Expr::col(within.clone()).lte(nth))
                    .take();
                self.delete(&delete).await?;
            }
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for (table, of_endpoint) in tables() {
            let rest =
                Query::delete().from_table(table).and_where(Expr::col(of_endpoint).eq(endpoint)).take();
            transaction.execute(&rest).await?;
        }
        transaction.commit().await
    }

    /// Deletes in a transaction of its own. Returns how many rows those were.
    async fn delete(&self, delete: &impl StatementBuilder) -> Result<u64, StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let deleted = transaction.execute(delete).await?.rows_affected();
        transaction.commit().await?;
        Ok(deleted)
    }
}

/// Whether an endpoint refused a request before a time, in milliseconds of UTC since 1970.
pub(crate) fn was_refused_before(endpoint: ItemNumber, before: i64) -> Expr {
    let of_endpoint = Expr::col(WebhookRefusals::Endpoint).eq(endpoint.as_i64());
    of_endpoint.and(Expr::col(WebhookRefusals::At).lt(before))
}

/// Every table of what came in, and its column that names the endpoint.
pub(crate) fn tables() -> [(DynIden, DynIden); 5] {
    [
        (WebhookRequests::Table.into_iden(), WebhookRequests::Endpoint.into_iden()),
        (WebhookRefusals::Table.into_iden(), WebhookRefusals::Endpoint.into_iden()),
        (WebhookMessages::Table.into_iden(), WebhookMessages::Endpoint.into_iden()),
        (WebhookDeliveries::Table.into_iden(), WebhookDeliveries::Endpoint.into_iden()),
        (WebhookCounters::Table.into_iden(), WebhookCounters::Endpoint.into_iden()),
    ]
}

/// The tables with many rows of an endpoint, the column that names it, and the next one of the index.
fn chunked() -> [(DynIden, DynIden, DynIden); 3] {
    [
        (
            WebhookRequests::Table.into_iden(),
            WebhookRequests::Endpoint.into_iden(),
            WebhookRequests::Number.into_iden(),
        ),
        (
            WebhookDeliveries::Table.into_iden(),
            WebhookDeliveries::Endpoint.into_iden(),
            WebhookDeliveries::Number.into_iden(),
        ),
        (
            WebhookMessages::Table.into_iden(),
            WebhookMessages::Endpoint.into_iden(),
            WebhookMessages::MessageId.into_iden(),
        ),
    ]
}
