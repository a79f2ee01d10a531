//! Deliveries that are due: claimed before they are tried, marked with what became of them.

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{DeliveryState, Pairs};
use crate::error::StoreError;
use crate::rows::{column, json, optional_time, time};
use crate::store::Store;
use crate::tables::{WebhookCounters, WebhookDeliveries};
use crate::transaction::WriteTransaction;

/// A delivery to try now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Names it.
    pub id: DeliveryId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Which request.
    pub request: RequestId,
    /// The id the receiver is given.
    pub message_id: String,
    /// The query parameters of the request.
    pub parameters: Pairs,
    /// What its body is.
    pub content_type: String,
    /// Its body.
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When the request came.
    pub created_at: Timestamp,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver took it, and said this.
    Delivered {
        /// The receiver's words.
        answer: String,
    },
    /// It is tried again.
    Later {
        /// When.
        due_at: Timestamp,
        /// What the receiver said, or what went wrong.
        answer: String,
    },
    /// It is given up.
    Dead {
        /// What the receiver said last, or what went wrong.
        answer: String,
    },
}

impl Store {
    /// When the next delivery is due, as far as it is not one of these endpoints: a look without a lock.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn next_delivery_at(&self, except: &[ItemNumber]) -> Result<Option<Timestamp>, StoreError> {
        let select = Query::select()
            .column(WebhookDeliveries::DueAt)
            .from(WebhookDeliveries::Table)
            .and_where(Expr::col(WebhookDeliveries::DueAt).is_not_null())
            .and_where_option(not_of(except))
            .order_by(WebhookDeliveries::DueAt, Order::Asc)
            .limit(1)
            .take();
        let row = self.inner.orm.query_one(&select).await?;
        row.map_or(Ok(None), |row| optional_time(&row, "due_at"))
    }

    /// Claims at most `limit` deliveries that are due, the longest waiting first, except those of some endpoints. Whoever
    /// does not mark them before `until` leaves them to others.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        except: &[ItemNumber],
        limit: u64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let due = Query::select()
            .column(WebhookDeliveries::Id)
            .from(WebhookDeliveries::Table)
            .and_where(Expr::col(WebhookDeliveries::DueAt).lte(now.as_millisecond()))
            .and_where_option(not_of(except))
            .order_by(WebhookDeliveries::DueAt, Order::Asc)
            .order_by(WebhookDeliveries::Id, Order::Asc)
            .limit(limit)
            .take();
        let (_turn, transaction) = self.inner.begin_data().await?;
        let claim = Query::update()
            .table(WebhookDeliveries::Table)
            .value(WebhookDeliveries::Attempts, Expr::col(WebhookDeliveries::Attempts).add(1))
            .value(WebhookDeliveries::DueAt, until.as_millisecond())
            .and_where(Expr::col(WebhookDeliveries::Id).in_subquery(due))
            .returning(Query::returning().columns([
                WebhookDeliveries::Id,
                WebhookDeliveries::Endpoint,
                WebhookDeliveries::Request,
                WebhookDeliveries::MessageId,
                WebhookDeliveries::Parameters,
                WebhookDeliveries::ContentType,
                WebhookDeliveries::Body,
                WebhookDeliveries::Attempts,
                WebhookDeliveries::CreatedAt,
            ]))
            .take();
        let rows = transaction.query_all(&claim).await?;
        let mut claimed: Vec<_> = rows.iter().map(delivery).collect::<Result<_, _>>()?;
        transaction.commit().await?;
        // `RETURNING` has no order of its own.
        claimed.sort_unstable_by_key(|delivery| (delivery.created_at, delivery.id));
        Ok(claimed)
    }

    /// Marks claimed deliveries with what became of them, all or none. One that was claimed again meanwhile belongs to
    /// whoever did so.
    pub async fn mark_deliveries(
        &self,
        outcomes: &[(&ClaimedDelivery, DeliveryOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for (delivery, outcome) in outcomes {
            mark(&transaction, delivery, outcome, now).await?;
        }
        transaction.commit().await
    }
}

async fn mark(
    transaction: &WriteTransaction,
    delivery: &ClaimedDelivery,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut update = Query::update();
    update
        .table(WebhookDeliveries::Table)
        .and_where(Expr::col(WebhookDeliveries::Id).eq(delivery.id.as_i64()))
        .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Waiting.as_str()))
        .and_where(Expr::col(WebhookDeliveries::Attempts).eq(delivery.attempts));
    let (state, answer, due_at) = match outcome {
        DeliveryOutcome::Delivered { answer } => (DeliveryState::Delivered, answer, None),
        DeliveryOutcome::Later { due_at, answer } => (DeliveryState::Waiting, answer, Some(due_at)),
        DeliveryOutcome::Dead { answer } => (DeliveryState::Dead, answer, None),
    };
    let is_done = state != DeliveryState::Waiting;
    update
        .value(WebhookDeliveries::State, state.as_str())
        .value(WebhookDeliveries::Answer, answer.as_str())
        .value(WebhookDeliveries::DueAt, due_at.map(|at| at.as_millisecond()))
        .value(WebhookDeliveries::DoneAt, is_done.then_some(now.as_millisecond()));
    if state == DeliveryState::Delivered {
        // It is in the log for as long as that keeps it.
        update.value(WebhookDeliveries::Body, None::<String>);
    }
    let marked = transaction.execute(&update).await?.rows_affected();
    if is_done && marked > 0 {
        let fewer = Query::update()
            .table(WebhookCounters::Table)
            .value(WebhookCounters::Waiting, Expr::col(WebhookCounters::Waiting).sub(1))
            .and_where(Expr::col(WebhookCounters::Endpoint).eq(delivery.endpoint.as_i64()))
            .and_where(Expr::col(WebhookCounters::Waiting).gt(0))
            .take();
        transaction.execute(&fewer).await?;
    }
    Ok(())
}

fn not_of(endpoints: &[ItemNumber]) -> Option<Expr> {
    let numbers = endpoints.iter().map(|endpoint| endpoint.as_i64());
    (!endpoints.is_empty()).then(|| Expr::col(WebhookDeliveries::Endpoint).is_not_in(numbers))
}

fn delivery(row: &QueryResult) -> Result<ClaimedDelivery, StoreError> {
    let attempts: i64 = column(row, "attempts")?;
    Ok(ClaimedDelivery {
        id: DeliveryId::from_i64(column(row, "id")?),
        endpoint: ItemNumber::from_i64(column(row, "endpoint")?),
        request: RequestId::from_i64(column(row, "request")?),
        message_id: column(row, "message_id")?,
        parameters: json(row, "parameters")?,
        content_type: column(row, "content_type")?,
        body: column::<Option<String>>(row, "body")?.unwrap_or_default(),
        attempts: u32::try_from(attempts).unwrap_or_default(),
        created_at: time(row, "created_at")?,
    })
}
