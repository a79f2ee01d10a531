//! The small log of refused requests, apart from the accepted ones, so that strangers push none of those out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use patgate_core::identifier::{ItemNumber, RequestId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::Pairs;
use crate::error::StoreError;
use crate::rows::{column, to_json};
use crate::store::Store;
use crate::tables::{WebhookCounters, WebhookRefusals};

/// How many refused requests of an endpoint are kept, the newest.
pub const REFUSALS_KEPT: i64 = 50;

/// A request that an endpoint refuses. Its body and its parameters are not kept.
#[derive(Clone, Debug)]
pub struct NewRefusal {
    /// A fresh one.
    pub id: RequestId,
    /// Which endpoint.
    pub endpoint: ItemNumber,
    /// When it came.
    pub at: Timestamp,
    /// The address it came from.
    pub sender: String,
    /// Its headers, without secrets.
    pub headers: Pairs,
    /// Why, in words.
    pub cause: String,
}

impl Store {
    /// Notes refused requests, all or none. Of each endpoint, [`REFUSALS_KEPT`] stay.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and [`StoreError::Database`]; nothing was noted then.
    pub async fn refuse_webhooks(&self, refusals: &[NewRefusal]) -> Result<(), StoreError> {
        let mut of_endpoints: BTreeMap<ItemNumber, Vec<&NewRefusal>> = BTreeMap::new();
        refusals.iter().for_each(|refusal| of_endpoints.entry(refusal.endpoint).or_default().push(refusal));
        if of_endpoints.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for (endpoint, refusals) in of_endpoints {
            let count = refusals.len() as i64;
            let advance = Query::insert()
                .into_table(WebhookCounters::Table)
                .columns([WebhookCounters::Endpoint, WebhookCounters::LastRefusal])
                .values_panic([endpoint.as_i64().into(), count.into()])
                .on_conflict(
                    OnConflict::column(WebhookCounters::Endpoint)
                        .value(
                            WebhookCounters::LastRefusal,
                            Expr::col((WebhookCounters::Table, WebhookCounters::LastRefusal)).add(count),
                        )
                        .to_owned(),
                )
                .returning_col(WebhookCounters::LastRefusal)
                .take();
            let row = transaction.query_one(&advance).await?;
            let row = row.ok_or(StoreError::Unreadable("webhook_counters"))?;
            let last: i64 = column(&row, "last_refusal")?;
            let mut insert = Query::insert()
                .into_table(WebhookRefusals::Table)
                .columns([
                    WebhookRefusals::Id,
                    WebhookRefusals::Endpoint,
                    WebhookRefusals::Number,
                    WebhookRefusals::At,
                    WebhookRefusals::Sender,
                    WebhookRefusals::Headers,
                    WebhookRefusals::Cause,
                ])
                .take();
            // The newest of them: more would be forgotten at once.
            for (number, refusal) in (1..=last).rev().zip(refusals.iter().rev()).take(REFUSALS_KEPT as usize)
            {
                insert.values_panic([
                    refusal.id.as_i64().into(),
                    endpoint.as_i64().into(),
                    number.into(),
                    refusal.at.as_millisecond().into(),
                    refusal.sender.as_str().into(),
                    to_json(&refusal.headers, "headers")?.into(),
                    refusal.cause.as_str().into(),
                ]);
            }
            transaction.execute(&insert).await?;
            let trim = Query::delete()
                .from_table(WebhookRefusals::Table)
                .and_where(Expr::col(WebhookRefusals::Endpoint).eq(endpoint.as_i64()))
                .and_where(Expr::col(WebhookRefusals::Number).lte(last - REFUSALS_KEPT))
                .take();
            transaction.execute(&trim).await?;
        }
        transaction.commit().await
    }
}
