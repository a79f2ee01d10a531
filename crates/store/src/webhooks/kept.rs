//! How much room the log of an endpoint takes: bounded in bytes beside the number of its requests.
//!
//! No column says it. A node adds up what an endpoint keeps when it first writes there, and afterwards only what came since,
//! by whichever node. It does not see what is forgotten, so it never knows less than there is: when that is too much, it
//! adds up anew. A log that is nearly full then loses its oldest requests until an eighth is free, so that this is rare.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use patgate_core::identifier::ItemNumber;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};

use crate::error::StoreError;
use crate::rows::column;
use crate::tables::WebhookRequests;

/// Rows that are looked through at once for what to forget.
const ROWS: u64 = 1_000;

/// What this node knows of the logs.
#[derive(Debug, Default)]
pub(crate) struct Logs(Mutex<HashMap<ItemNumber, Log>>);

/// What the log of an endpoint takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Log {
    /// No fewer than there are.
    bytes: u64,
    /// The number of the last request that is in it.
    counted_to: i64,
}

/// What a batch wrote to the log of an endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// The number of the last request before it.
    pub(super) before: i64,
    /// The number of its own last one.
    pub(super) last: i64,
    /// The bytes of those that stay.
    pub(super) bytes: u64,
    /// The most that the endpoint keeps.
    pub(super) most: u64,
}

impl Logs {
    /// Forgets what is more than the endpoint keeps. Returns what the log takes then.
    pub(super) async fn trim(
        &self,
        transaction: &impl ConnectionTrait,
        endpoint: ItemNumber,
        written: Written,
    ) -> Result<Log, StoreError> {
        let known = self.known().get(&endpoint).copied();
        // Fewer than were counted: the endpoint was deleted, and is a new one.
        let mut log = known.filter(|known| known.counted_to <= written.before).unwrap_or_default();
        if log.counted_to < written.before {
            log.bytes += add_up(transaction, endpoint, log.counted_to, written.before).await?;
        }
        log.bytes += written.bytes;
        log.counted_to = written.last;
        if log.bytes > written.most {
            log.bytes = cut(transaction, endpoint, written.most).await?;
        }
        Ok(log)
    }

    /// Remembers what a transaction that is durable has left there.
    pub(super) fn keep(&self, logs: Vec<(ItemNumber, Log)>) {
        self.known().extend(logs);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ItemNumber, Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the oldest requests of an endpoint when its log is nearly full, so that an eighth is free. The newest one alone
/// may fill it. Returns how many bytes there are then.
pub(crate) async fn cut(
    transaction: &impl ConnectionTrait,
    endpoint: ItemNumber,
    most: u64,
) -> Result<u64, StoreError> {
    let mut left = add_up(transaction, endpoint, i64::MIN, i64::MAX).await?;
    if left <= most - most / 16 {
        return Ok(left);
    }
    let (wanted, mut forgotten) = (most - most / 8, i64::MIN);
    'log: loop {
        let oldest = Query::select()
            .column(WebhookRequests::Number)
            .expr_as(bytes(), "bytes")
            .from(WebhookRequests::Table)
            .and_where(of(endpoint, forgotten, i64::MAX))
            .order_by(WebhookRequests::Number, Order::Asc)
            .limit(ROWS)
            .take();
        let oldest = transaction.query_all(&oldest).await?;
        if oldest.is_empty() {
            break;
        }
        for row in oldest {
            let bytes = column::<i64>(&row, "bytes")?.unsigned_abs();
            let is_the_newest = bytes >= left;
            if left <= wanted || (is_the_newest && left <= most) {
                break 'log;
            }
            left = left.saturating_sub(bytes);
            forgotten = column(&row, "number")?;
        }
    }
    let delete = Query::delete()
        .from_table(WebhookRequests::Table)
        .and_where(of(endpoint, i64::MIN, forgotten))
        .take();
    transaction.execute(&delete).await?;
    Ok(left)
}

/// The bytes that the log of an endpoint takes, of requests after a number and up to another.
async fn add_up(
    transaction: &impl ConnectionTrait,
    endpoint: ItemNumber,
    after: i64,
    last: i64,
) -> Result<u64, StoreError> {
    let select = Query::select()
        .expr_as(bytes().sum().if_null(0).cast_as("bigint"), "bytes")
        .from(WebhookRequests::Table)
        .and_where(of(endpoint, after, last))
        .take();
    let row = transaction.query_one(&select).await?;
    row.map_or(Ok(0), |row| column::<i64>(&row, "bytes").map(i64::unsigned_abs))
}

/// The requests of an endpoint after a number and up to another.
fn of(endpoint: ItemNumber, after: i64, last: i64) -> Expr {
    let number = || Expr::col(WebhookRequests::Number);
    Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64()).and(number().gt(after)).and(number().lte(last))
}

/// The bytes of a row: of its body, its headers and its parameters. (The length of a long text is known without reading it.)
fn bytes() -> Expr {
    let length = |column| Expr::from(Func::cust("octet_length").arg(Expr::col(column)));
    Expr::col(WebhookRequests::Size)
        .add(length(WebhookRequests::Headers))
        .add(length(WebhookRequests::Parameters))
}
