//! The row of an endpoint: the number of its last request, how many of its deliveries wait, and what it keeps.

use std::collections::{BTreeMap, HashMap};

use patgate_core::identifier::ItemNumber;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::NewWebhookRequest;
use super::kept::Written;
use crate::error::StoreError;
use crate::rows::column;
use crate::tables::WebhookCounters;
use crate::transaction::WriteTransaction;

/// What the row of an endpoint says, and will say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counter {
    /// The number of its last request.
    pub(super) last_request: i64,
    /// How many of its deliveries wait.
    pub(super) waiting: i64,
    /// How often something was redelivered.
    pub(super) redelivered: i64,
    in_force: InForce,
    /// How many requests stay.
    pub(super) keep: i64,
    /// What the batch writes to its log.
    pub(super) written: Written,
}

/// What an endpoint keeps since it was last changed; `None`: it was not, and what a request says counts.
#[derive(Clone, Copy, Debug, Default)]
struct InForce {
    keep: Option<i64>,
    bytes: Option<u64>,
}

impl Counter {
    /// Takes the number of one request more, and what the endpoint keeps then.
    pub(super) fn take(&mut self, request: &NewWebhookRequest) {
        self.last_request += 1;
        self.waiting += i64::from(request.delivery.is_some());
        // A request can wait for its turn while the endpoint is changed.
        self.keep = self.in_force.keep.unwrap_or(i64::from(request.keep));
        self.written.most = self.in_force.bytes.unwrap_or(request.keep_bytes);
    }
}

/// What the rows of the endpoints of these requests say.
pub(super) async fn counters(
    transaction: &WriteTransaction,
    requests: &[NewWebhookRequest],
) -> Result<HashMap<ItemNumber, Counter>, StoreError> {
    let mut endpoints: Vec<_> = requests.iter().map(|request| request.endpoint.as_i64()).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    let select = Query::select()
        .columns([
            WebhookCounters::Endpoint,
            WebhookCounters::LastRequest,
            WebhookCounters::Waiting,
            WebhookCounters::Redelivered,
            WebhookCounters::RequestRetention,
            WebhookCounters::RetentionSize,
        ])
        .from(WebhookCounters::Table)
        .and_where(Expr::col(WebhookCounters::Endpoint).is_in(endpoints))
        .take();
    let mut counters = HashMap::new();
    for row in transaction.query_all(&select).await? {
        let last_request = column(&row, "last_request")?;
        let mebibytes: Option<i64> = column(&row, "retention_size")?;
        let in_force = InForce {
            keep: column(&row, "request_retention")?,
            bytes: mebibytes.map(|mebibytes| mebibytes.unsigned_abs() << 20),
        };
        let counter = Counter {
            last_request,
            waiting: column(&row, "waiting")?,
            redelivered: column(&row, "redelivered")?,
            in_force,
            keep: 0,
            written: Written { before: last_request, ..Written::default() },
        };
        counters.insert(ItemNumber::from_i64(column(&row, "endpoint")?), counter);
    }
    Ok(counters)
}

/// Writes numbers and counts. What an endpoint keeps is written with its item.
pub(super) async fn write_counters(
    transaction: &WriteTransaction,
    counters: &BTreeMap<ItemNumber, Counter>,
) -> Result<(), StoreError> {
    let mut insert = Query::insert()
        .into_table(WebhookCounters::Table)
        .columns([WebhookCounters::Endpoint, WebhookCounters::LastRequest, WebhookCounters::Waiting])
        .on_conflict(
            OnConflict::column(WebhookCounters::Endpoint)
                .update_columns([WebhookCounters::LastRequest, WebhookCounters::Waiting])
                .to_owned(),
        )
        .take();
    for (endpoint, counter) in counters {
        insert.values_panic([endpoint.as_i64().into(), counter.last_request.into(), counter.waiting.into()]);
    }
    transaction.execute(&insert).await?;
    Ok(())
}
