//! Deliveries that are due: claimed before they are tried, marked with what became of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UpdateStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::marks::without_marks;
use super::space::Left;
use super::{DeliveryState, Pairs};
use crate::error::StoreError;
use crate::rows::{column, from_json, time};
use crate::store::Store;
use crate::tables::{WebhookCounters, WebhookDeliveries};
use crate::transaction::WriteTransaction;

/// A delivery to try now.
///
/// What became of it counts as long as nobody claimed it after that. Each claim raises the number of the attempt, which alone
/// could come again: what was not tried after all takes its attempt back, and *redeliver* begins at none. Both move the time
/// from which on the delivery is due, and so does the next claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Names it.
    pub id: DeliveryId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Which request.
    pub request: RequestId,
    /// The place of the request among those of the endpoint, from 1 on.
    pub number: i64,
    /// The id that the receiver or the release is given.
    pub message_id: String,
    /// The query parameters of the request.
    pub parameters: Pairs,
    /// What its body is.
    pub content_type: String,
    /// Its body.
    pub body: String,
    /// How often it was forwarded before it came here.
    pub hops: u32,
    /// The version of the endpoint by which it was accepted, or redelivered, to start a release; `None`: it is to be
    /// forwarded.
    pub starts_by: Option<i64>,
    /// How many bytes it takes where it waits.
    pub bytes: u64,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Until when it is left to whoever claimed it.
    pub claimed_until: Timestamp,
    /// When the request came.
    pub created_at: Timestamp,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver took it, or its release was started.
    Delivered {
        /// The receiver's words, or which release it is.
        answer: String,
    },
    /// It is tried again.
    Later {
        /// When.
        due_at: Timestamp,
        /// What the receiver said, or why no release was started.
        answer: String,
    },
    /// It is given up.
    Dead {
        /// What the receiver said last, or why no release was started.
        answer: String,
    },
}

/// A delivery that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// Names it.
    pub id: DeliveryId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Since when.
    pub due_at: Timestamp,
}

impl Store {
    /// At most `limit` deliveries that are due, the longest waiting first, behind one of them: a look without a lock, which
    /// reads no more rows than it returns, however many wait.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn due_deliveries(
        &self,
        now: Timestamp,
        after: Option<&DueDelivery>,
        limit: u64,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let after = after.map(|last| {
            let at = last.due_at.as_millisecond();
            let is_later = Expr::col(WebhookDeliveries::DueAt).gt(at);
            let is_beside = Expr::col(WebhookDeliveries::Id).gt(last.id.as_i64());
            // The first half is what the index is read by.
            Expr::col(WebhookDeliveries::DueAt).gte(at).and(is_later.or(is_beside))
        });
        let select = due(now, &Order::Asc).and_where_option(after).limit(limit).take();
        self.inner.orm.query_all(&select).await?.iter().map(due_delivery).collect()
    }

    /// At most `limit` deliveries that are due, the shortest waiting first, as [`Store::due_deliveries`].
    pub async fn newest_due_deliveries(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let select = due(now, &Order::Desc).limit(limit).take();
        self.inner.orm.query_all(&select).await?.iter().map(due_delivery).collect()
    }

    /// Claims those of these deliveries that are still due. Whoever does not mark them before `until` leaves them to others.
    pub async fn claim_deliveries(
        &self,
        deliveries: &[DeliveryId],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let claim = Query::update()
            .table(WebhookDeliveries::Table)
            .value(WebhookDeliveries::Attempts, Expr::col(WebhookDeliveries::Attempts).add(1))
            .value(WebhookDeliveries::DueAt, until.as_millisecond())
            .and_where(Expr::col(WebhookDeliveries::Id).is_in(deliveries.iter().map(|id| id.as_i64())))
            .and_where(Expr::col(WebhookDeliveries::DueAt).lte(now.as_millisecond()))
            .returning(Query::returning().columns([
                WebhookDeliveries::Id,
                WebhookDeliveries::Endpoint,
                WebhookDeliveries::Request,
                WebhookDeliveries::Number,
                WebhookDeliveries::MessageId,
                WebhookDeliveries::Parameters,
                WebhookDeliveries::ContentType,
                WebhookDeliveries::Body,
                WebhookDeliveries::Attempts,
                WebhookDeliveries::DueAt,
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

    /// Gives claimed deliveries back that were not tried: they are due at once, and the attempt does not count.
    pub async fn release_deliveries(
        &self,
        deliveries: &[ClaimedDelivery],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for delivery in deliveries {
            let release = ours(delivery)
                .value(WebhookDeliveries::Attempts, delivery.attempts.saturating_sub(1))
                .value(WebhookDeliveries::DueAt, now.as_millisecond())
                .take();
            transaction.execute(&release).await?;
        }
        transaction.commit().await
    }

    /// Marks claimed deliveries with what became of them, all or none. One that was claimed again meanwhile belongs to
    /// whoever did so, also when it was redelivered in between; one that waits for its endpoint to be enabled waits on.
    pub async fn mark_deliveries(
        &self,
        outcomes: &[(&ClaimedDelivery, DeliveryOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let (mut done, mut died) = (Vec::new(), BTreeMap::<_, (u64, u64)>::new());
        for (delivery, outcome) in outcomes {
            if !mark(&transaction, delivery, outcome, now).await? {
                continue;
            }
            done.push(Left::from(*delivery));
            if matches!(outcome, DeliveryOutcome::Dead { .. }) {
                let died = died.entry(delivery.endpoint).or_default();
                *died = (died.0 + delivery.bytes, died.1 + 1);
            }
        }
        let mut buried = Vec::with_capacity(died.len());
        for (endpoint, many) in died {
            buried.push((endpoint, self.inner.spaces.bury(&transaction, endpoint, many).await?));
        }
        transaction.commit().await?;
        self.inner.spaces.keep_dead(buried);
        done.iter().for_each(|left| self.inner.spaces.leave(left));
        Ok(())
    }
}

/// Marks a delivery; whether it waits no longer.
pub(crate) async fn mark(
    transaction: &WriteTransaction,
    delivery: &ClaimedDelivery,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut update = ours(delivery);
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
        .value(WebhookDeliveries::PausedAt, None::<i64>)
        .value(WebhookDeliveries::DoneAt, is_done.then_some(now.as_millisecond()));
    if state == DeliveryState::Delivered {
        // It is in the log for as long as that keeps it; there, parameters are without their secrets.
        update.value(WebhookDeliveries::Body, None::<String>).value(WebhookDeliveries::Parameters, "[]");
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
    Ok(is_done && marked > 0)
}

/// A change of a delivery, for as long as its row is as this claim left it.
fn ours(delivery: &ClaimedDelivery) -> UpdateStatement {
    Query::update()
        .table(WebhookDeliveries::Table)
        .and_where(Expr::col(WebhookDeliveries::Id).eq(delivery.id.as_i64()))
        .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Waiting.as_str()))
        .and_where(Expr::col(WebhookDeliveries::Attempts).eq(i64::from(delivery.attempts)))
        .and_where(Expr::col(WebhookDeliveries::DueAt).eq(delivery.claimed_until.as_millisecond()))
        .take()
}

fn due(now: Timestamp, order: &Order) -> SelectStatement {
    Query::select()
        .columns([WebhookDeliveries::Id, WebhookDeliveries::Endpoint, WebhookDeliveries::DueAt])
        .from(WebhookDeliveries::Table)
        .and_where(Expr::col(WebhookDeliveries::DueAt).lte(now.as_millisecond()))
        .order_by(WebhookDeliveries::DueAt, order.clone())
        .order_by(WebhookDeliveries::Id, order.clone())
        .take()
}

fn due_delivery(row: &QueryResult) -> Result<DueDelivery, StoreError> {
    Ok(DueDelivery {
        id: DeliveryId::from_i64(column(row, "id")?),
        endpoint: ItemNumber::from_i64(column(row, "endpoint")?),
        due_at: time(row, "due_at")?,
    })
}

fn delivery(row: &QueryResult) -> Result<ClaimedDelivery, StoreError> {
    let attempts: i64 = column(row, "attempts")?;
    let stored: String = column(row, "parameters")?;
    let (parameters, marks) = without_marks(from_json(&stored, "parameters")?);
    let body = column::<Option<String>>(row, "body")?.unwrap_or_default();
    Ok(ClaimedDelivery {
        id: DeliveryId::from_i64(column(row, "id")?),
        endpoint: ItemNumber::from_i64(column(row, "endpoint")?),
        request: RequestId::from_i64(column(row, "request")?),
        number: column(row, "number")?,
        message_id: column(row, "message_id")?,
        bytes: (body.len() + stored.len()) as u64,
        parameters,
        hops: marks.hops,
        starts_by: marks.starts_by,
        content_type: column(row, "content_type")?,
        body,
        attempts: u32::try_from(attempts).unwrap_or_default(),
        claimed_until: time(row, "due_at")?,
        created_at: time(row, "created_at")?,
    })
}
