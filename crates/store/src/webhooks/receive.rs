//! Taking requests: many at once, so that they share one wait for the disk.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::counters::{Counter, counters, write_counters};
use super::kept::Written;
use super::known::{messages, there};
use super::marks::{Marks, with_marks};
use super::{DeliveryState, Pairs};
use crate::error::StoreError;
use crate::rows::to_json;
use crate::store::Store;
use crate::tables::{WebhookDeliveries, WebhookMessages, WebhookRequests};
use crate::transaction::WriteTransaction;

/// The most deliveries of an endpoint that wait at a time. What comes then is not taken.
pub const MOST_WAITING: u64 = 100_000;

/// Rows in one statement: SQLite looks each of their parameters up by name among all of the statement.
const ROWS: usize = 25;

/// A request that an endpoint accepts.
#[derive(Clone, Debug)]
pub struct NewWebhookRequest {
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
    /// Its query parameters, without secrets.
    pub parameters: Pairs,
    /// Its body; empty when it has none.
    pub body: String,
    /// The id its sender gave it.
    pub message_id: Option<String>,
    /// How many requests of the endpoint stay, this one included: as its version said by which it was accepted. Where the
    /// endpoint was changed since, what it says now counts. So with `keep_bytes`.
    pub keep: u32,
    /// How many bytes those have at most, their headers and parameters included.
    pub keep_bytes: u64,
    /// Since when a request with the same id is the same; `None`: none is.
    pub same_since: Option<Timestamp>,
    /// Its way on.
    pub delivery: Option<NewDelivery>,
}

/// The way on of a request.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// A fresh one.
    pub id: DeliveryId,
    /// Its query parameters, all of them, where they are sent on.
    pub parameters: Pairs,
    /// What its body is.
    pub content_type: String,
    /// How often it was forwarded before it came here.
    pub hops: u32,
    /// The version of the endpoint by which it is accepted to start a release; `None`: it is to be forwarded.
    pub starts_by: Option<i64>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is durable.
    Accepted,
    /// It is the same as this one, and nothing was done.
    Same(RequestId),
    /// So many wait to be passed on that it was not taken.
    Full,
}

/// A request of the batch that is taken, with its number.
type Taken<'r> = (i64, &'r NewWebhookRequest);

impl Store {
    /// Takes requests, all of them in one transaction: what is answered with [`Received::Accepted`] is durable. What is
    /// not among the newest of its endpoint is forgotten in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and [`StoreError::Database`]; nothing was taken then.
    pub async fn receive_webhooks(
        &self,
        requests: &[NewWebhookRequest],
    ) -> Result<Vec<Received>, StoreError> {
        self.receive(requests, false).await
    }

    /// As [`Store::receive_webhooks`], for requests with which that failed, when nobody knows whether it had taken them: a
    /// connection can break between the commit and its answer. What is there already is [`Received::Accepted`], and is
    /// there once.
    ///
    /// # Errors
    /// As [`Store::receive_webhooks`].
    pub async fn receive_webhooks_again(
        &self,
        requests: &[NewWebhookRequest],
    ) -> Result<Vec<Received>, StoreError> {
        self.receive(requests, true).await
    }

    async fn receive(
        &self,
        requests: &[NewWebhookRequest],
        is_again: bool,
    ) -> Result<Vec<Received>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let there = if is_again { there(&transaction, requests).await? } else { HashSet::new() };
        let mut counters = counters(&transaction, requests).await?;
        let last = |counters: &HashMap<ItemNumber, Counter>, endpoint| {
            counters.get(&endpoint).map_or(0, |counter: &Counter| counter.last_request)
        };
        let mut room = self.inner.spaces.room(&transaction, requests, &counters).await?;
        let mut messages = messages(&transaction, requests).await?;
        let (mut taken, mut received) = (Vec::new(), Vec::with_capacity(requests.len()));
        for request in requests {
            if there.contains(&request.id) {
                received.push(Received::Accepted);
                continue;
            }
            let same =
                request.message_id.as_deref().zip(request.same_since).and_then(|(id, since)| {
                    messages.get(&(request.endpoint, id)).filter(|(_, at)| *at >= since)
                });
            if let Some((same, _)) = same {
                let is_itself = *same == request.id;
                received.push(if is_itself { Received::Accepted } else { Received::Same(*same) });
                continue;
            }
            let counter = counters.entry(request.endpoint).or_default();
            let is_full = counter.waiting.unsigned_abs() >= MOST_WAITING;
            if request.delivery.is_some() && (is_full || !room.take(request)) {
                received.push(Received::Full);
                continue;
            }
            counter.take(request);
            if let (Some(id), true) = (request.message_id.as_deref(), request.same_since.is_some()) {
                messages.insert((request.endpoint, id), (request.id, request.at));
            }
            taken.push((counter.last_request, request));
            received.push(Received::Accepted);
        }
        if taken.is_empty() {
            transaction.rollback().await?;
            self.inner.spaces.keep(room, |endpoint| last(&counters, endpoint));
            return Ok(received);
        }
        write_requests(&transaction, &taken, &mut counters).await?;
        write_messages(&transaction, &taken).await?;
        write_deliveries(&transaction, &taken).await?;
        let touched: BTreeMap<_, _> = taken
            .iter()
            .filter_map(|(_, request)| Some((request.endpoint, *counters.get(&request.endpoint)?)))
            .collect();
        write_counters(&transaction, &touched).await?;
        trim(&transaction, &touched).await?;
        let mut logs = Vec::with_capacity(touched.len());
        for (endpoint, counter) in &touched {
            let written = Written { last: counter.last_request, ..counter.written };
            logs.push((*endpoint, self.inner.logs.trim(&transaction, *endpoint, written).await?));
        }
        transaction.commit().await?;
        self.inner.logs.keep(logs);
        self.inner.spaces.keep(room, |endpoint| last(&counters, endpoint));
        Ok(received)
    }
}

async fn write_requests(
    transaction: &WriteTransaction,
    taken: &[Taken<'_>],
    counters: &mut HashMap<ItemNumber, Counter>,
) -> Result<(), StoreError> {
    // What would be forgotten at once is not written.
    let stays = |(number, request): &&Taken<'_>| {
        counters.get(&request.endpoint).is_some_and(|counter| *number > counter.last_request - counter.keep)
    };
    let rows: Vec<_> = taken.iter().filter(stays).collect();
    for chunk in rows.chunks(ROWS) {
        let mut insert = Query::insert()
            .into_table(WebhookRequests::Table)
            .columns([
                WebhookRequests::Id,
                WebhookRequests::Endpoint,
                WebhookRequests::Number,
                WebhookRequests::At,
                WebhookRequests::Sender,
                WebhookRequests::Headers,
                WebhookRequests::Parameters,
                WebhookRequests::Body,
                WebhookRequests::Size,
                WebhookRequests::MessageId,
            ])
            .take();
        for (number, request) in chunk {
            let headers = to_json(&request.headers, "headers")?;
            let parameters = to_json(&request.parameters, "parameters")?;
            let bytes = request.body.len() + headers.len() + parameters.len();
            if let Some(counter) = counters.get_mut(&request.endpoint) {
                counter.written.bytes += bytes as u64;
            }
            insert.values_panic([
                request.id.as_i64().into(),
                request.endpoint.as_i64().into(),
                (*number).into(),
                request.at.as_millisecond().into(),
                request.sender.as_str().into(),
                headers.into(),
                parameters.into(),
                request.body.as_str().into(),
                (request.body.len() as i64).into(),
                request.message_id.clone().into(),
            ]);
        }
        transaction.execute(&insert).await?;
    }
    Ok(())
}

async fn write_messages(transaction: &WriteTransaction, taken: &[Taken<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = taken
        .iter()
        .filter(|(_, request)| request.same_since.is_some())
        .filter_map(|(_, request)| Some((request, request.message_id.as_deref()?)))
        .collect();
    for chunk in rows.chunks(ROWS) {
        let mut insert = Query::insert()
            .into_table(WebhookMessages::Table)
            .columns([
                WebhookMessages::Endpoint,
                WebhookMessages::MessageId,
                WebhookMessages::Request,
                WebhookMessages::At,
            ])
            .on_conflict(
                OnConflict::columns([WebhookMessages::Endpoint, WebhookMessages::MessageId])
                    .update_columns([WebhookMessages::Request, WebhookMessages::At])
                    .to_owned(),
            )
            .take();
        for (request, id) in chunk {
            insert.values_panic([
                request.endpoint.as_i64().into(),
                (*id).into(),
                request.id.as_i64().into(),
                request.at.as_millisecond().into(),
            ]);
        }
        transaction.execute(&insert).await?;
    }
    Ok(())
}

async fn write_deliveries(transaction: &WriteTransaction, taken: &[Taken<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = taken
        .iter()
        .filter_map(|(number, request)| Some((number, request, request.delivery.as_ref()?)))
        .collect();
    for chunk in rows.chunks(ROWS) {
        let mut insert = Query::insert()
            .into_table(WebhookDeliveries::Table)
            .columns([
                WebhookDeliveries::Id,
                WebhookDeliveries::Endpoint,
                WebhookDeliveries::Request,
                WebhookDeliveries::Number,
                WebhookDeliveries::MessageId,
                WebhookDeliveries::Parameters,
                WebhookDeliveries::ContentType,
                WebhookDeliveries::Body,
                WebhookDeliveries::State,
                WebhookDeliveries::DueAt,
                WebhookDeliveries::CreatedAt,
            ])
            .take();
        for (number, request, delivery) in chunk {
            let at = request.at.as_millisecond();
            let marks = Marks { hops: delivery.hops, starts_by: delivery.starts_by };
            insert.values_panic([
                delivery.id.as_i64().into(),
                request.endpoint.as_i64().into(),
                request.id.as_i64().into(),
                (**number).into(),
                // The sender's own id tells whoever gets it what is a repetition, whoever repeats it.
                request.message_id.clone().unwrap_or_else(|| request.id.to_string()).into(),
                to_json(&with_marks(&delivery.parameters, marks), "parameters")?.into(),
                delivery.content_type.as_str().into(),
                request.body.as_str().into(),
                DeliveryState::Waiting.as_str().into(),
                at.into(),
                at.into(),
            ]);
        }
        transaction.execute(&insert).await?;
    }
    Ok(())
}

/// Forgets what is not among the newest.
async fn trim(
    transaction: &WriteTransaction,
    counters: &BTreeMap<ItemNumber, Counter>,
) -> Result<(), StoreError> {
    for (endpoint, counter) in counters {
        let last = counter.last_request - counter.keep;
        if last <= 0 {
            continue;
        }
        let requests = Query::delete()
            .from_table(WebhookRequests::Table)
            .and_where(Expr::col(WebhookRequests::Endpoint).eq(endpoint.as_i64()))
            .and_where(Expr::col(WebhookRequests::Number).lte(last))
            .take();
        transaction.execute(&requests).await?;
    }
    Ok(())
}
