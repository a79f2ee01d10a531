//! Deliveries of an endpoint that is switched off: they wait until it is enabled, and nobody claims them meanwhile.

use jiff::Timestamp;
use patgate_core::identifier::ItemNumber;
use patgate_core::webhook::is_enabled;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::DeliveryState;
use crate::error::StoreError;
use crate::items;
use crate::store::Store;
use crate::tables::{WebhookCounters, WebhookDeliveries};
use crate::transaction::WriteTransaction;

/// What is said of what was given up meanwhile.
const GIVEN_UP: &str =
    "given up: the endpoint was not enabled for three days; enable it, and use *Redeliver*";

impl Store {
    /// Lets what is due of an endpoint that is not enabled wait until `until`, or until a change enables it; what waited so
    /// long already is given up. Nothing happens when the endpoint is enabled by now, or is there no longer. Returns whether
    /// it is off.
    ///
    /// # Errors
    /// When the database fails; nothing was changed then.
    pub async fn pause_deliveries(
        &self,
        endpoint: ItemNumber,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        // As it is now: the node that asks may be behind.
        let item = items::by_number(&transaction, endpoint).await?;
        if item.is_none_or(|item| is_enabled(&item.properties)) {
            transaction.rollback().await?;
            return Ok(false);
        }
        let given_up = give_up(&transaction, endpoint, now).await?;
        let pause = Query::update()
            .table(WebhookDeliveries::Table)
            .value(WebhookDeliveries::PausedAt, now.as_millisecond())
            .value(WebhookDeliveries::DueAt, until.as_millisecond())
            .and_where(waits(endpoint))
            .and_where(Expr::col(WebhookDeliveries::PausedAt).is_null())
            .and_where(Expr::col(WebhookDeliveries::DueAt).lte(now.as_millisecond()))
            .take();
        transaction.execute(&pause).await?;
        if given_up > 0 {
            self.inner.spaces.bury_all(&transaction, endpoint).await?;
        }
        transaction.commit().await?;
        if given_up > 0 {
            self.inner.spaces.forget(endpoint);
        }
        Ok(true)
    }
}

/// Lets all that waited for an endpoint to be enabled go on now.
pub(crate) async fn resume(
    transaction: &WriteTransaction,
    endpoint: ItemNumber,
    now: Timestamp,
) -> Result<(), StoreError> {
    let resume = Query::update()
        .table(WebhookDeliveries::Table)
        .value(WebhookDeliveries::PausedAt, None::<i64>)
        .value(WebhookDeliveries::DueAt, now.as_millisecond())
        .and_where(waits(endpoint))
        .and_where(Expr::col(WebhookDeliveries::PausedAt).is_not_null())
        .take();
    transaction.execute(&resume).await?;
    Ok(())
}

/// Gives up what waited for long enough. Returns how many those are.
async fn give_up(
    transaction: &WriteTransaction,
    endpoint: ItemNumber,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let give_up = Query::update()
        .table(WebhookDeliveries::Table)
        .value(WebhookDeliveries::State, DeliveryState::Dead.as_str())
        .value(WebhookDeliveries::Answer, GIVEN_UP)
        .value(WebhookDeliveries::PausedAt, None::<i64>)
        .value(WebhookDeliveries::DueAt, None::<i64>)
        .value(WebhookDeliveries::DoneAt, now.as_millisecond())
        .and_where(waits(endpoint))
        .and_where(Expr::col(WebhookDeliveries::PausedAt).is_not_null())
        .and_where(Expr::col(WebhookDeliveries::DueAt).lte(now.as_millisecond()))
        .take();
    let many = transaction.execute(&give_up).await?.rows_affected();
    if many == 0 {
        return Ok(0);
    }
    let fewer = Query::update()
        .table(WebhookCounters::Table)
        .value(WebhookCounters::Waiting, Expr::col(WebhookCounters::Waiting).sub(many.cast_signed()))
        .and_where(Expr::col(WebhookCounters::Endpoint).eq(endpoint.as_i64()))
        .and_where(Expr::col(WebhookCounters::Waiting).gte(many.cast_signed()))
        .take();
    transaction.execute(&fewer).await?;
    Ok(many)
}

/// What waits of an endpoint.
fn waits(endpoint: ItemNumber) -> Expr {
    Expr::col(WebhookDeliveries::Endpoint)
        .eq(endpoint.as_i64())
        .and(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Waiting.as_str()))
}
