//! How much room deliveries take: bounded for each endpoint, so that a receiver that is down cannot fill the disk.
//!
//! No column says it. A node adds up what waits at an endpoint when it first writes there, afterwards only what came since
//! (the index of an endpoint has the numbers of its requests), and takes off what it delivers itself, of what it has added up.
//! What other nodes delivered it does not see: so it adds up anew before it refuses anything, but not with every refusal. What
//! waits again because somebody redelivered it has an old number: the row of the endpoint says how often that happened, by
//! whichever node, and a node that finds another number there than it knows adds up anew.
//!
//! What it knows changes when a transaction is durable, and while that still has its turn: no batch that is written at the
//! same time overwrites it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::ItemNumber;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};

use super::counters::Counter;
use super::{ClaimedDelivery, DeliveryState, NewWebhookRequest};
use crate::error::StoreError;
use crate::rows::column;
use crate::tables::WebhookDeliveries;
use crate::transaction::WriteTransaction;

/// Between two times that everything of an endpoint which is full is added up.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// Dead deliveries are looked through when so many parts of their bound died since the last time.
const PARTS: u64 = 16;

/// How much may be there of one endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of what waits.
    pub(crate) waiting: u64,
    /// Bytes of what was given up.
    pub(crate) dead: u64,
    /// Deliveries that were given up.
    pub(crate) dead_rows: u64,
}

impl Bounds {
    /// A receiver that is down for a night, at a hundred bodies of 1 kB in a second, makes somewhat more than 1 GiB wait:
    /// the 100,000 deliveries that may wait are the bound then, and the bytes are one for large bodies. What is dead is for
    /// people to look at, who look at no more than that.
    const USUAL: Self = Self { waiting: 1 << 30, dead: 1 << 28, dead_rows: 10_000 };
}

/// What this node knows of the room that deliveries take.
#[derive(Debug)]
pub(crate) struct Spaces(Mutex<Known>);

#[derive(Debug)]
struct Known {
    bounds: Bounds,
    waiting: HashMap<ItemNumber, Waiting>,
    /// Bytes and rows that died since the dead were looked through.
    died: HashMap<ItemNumber, (u64, u64)>,
}

/// What waits at an endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    bytes: u64,
    /// The number of the last request that is in it.
    counted_to: i64,
    /// How often something was redelivered until then.
    redelivered: i64,
    /// When everything was added up.
    counted_at: Timestamp,
}

/// The room that a delivery leaves which waits no longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    endpoint: ItemNumber,
    /// The number of its request.
    number: i64,
    bytes: u64,
}

/// What waits at the endpoints of a batch, for as long as its transaction lasts.
pub(super) struct Room {
    most: u64,
    of: BTreeMap<ItemNumber, Waiting>,
}

impl Default for Spaces {
    fn default() -> Self {
        Self(Mutex::new(Known { bounds: Bounds::USUAL, waiting: HashMap::new(), died: HashMap::new() }))
    }
}

impl Spaces {
    /// The room at the endpoints of these requests, whose rows say this.
    pub(super) async fn room(
        &self,
        transaction: &WriteTransaction,
        requests: &[NewWebhookRequest],
        counters: &HashMap<ItemNumber, Counter>,
    ) -> Result<Room, StoreError> {
        let mut needed: BTreeMap<ItemNumber, (u64, Timestamp)> = BTreeMap::new();
        for request in requests.iter().filter(|request| request.delivery.is_some()) {
            let needs = needed.entry(request.endpoint).or_insert((0, request.at));
            needs.0 += size(request);
            needs.1 = needs.1.max(request.at);
        }
        let (most, known): (u64, HashMap<_, _>) = {
            let known = self.known();
            let of = |endpoint: &ItemNumber| Some((*endpoint, *known.waiting.get(endpoint)?));
            (known.bounds.waiting, needed.keys().filter_map(of).collect())
        };
        let mut room = Room { most, of: BTreeMap::new() };
        for (endpoint, (needs, at)) in needed {
            let Counter { last_request: last, redelivered, .. } =
                counters.get(&endpoint).copied().unwrap_or_default();
            let mut waiting = match known.get(&endpoint) {
                // Fewer than were counted: the endpoint was deleted, and is a new one.
                Some(known) if known.counted_to <= last && known.redelivered == redelivered => *known,
                _ => Waiting { bytes: 0, counted_to: 0, redelivered, counted_at: at },
            };
            if waiting.counted_to < last {
                waiting.bytes += add_up(transaction, endpoint, waiting.counted_to).await?;
                waiting.counted_to = last;
            }
            let is_old = at.duration_since(waiting.counted_at) >= PAUSE;
            if is_old && waiting.bytes + needs > most {
                let bytes = add_up(transaction, endpoint, 0).await?;
                waiting = Waiting { bytes, counted_to: last, redelivered, counted_at: at };
            }
            room.of.insert(endpoint, waiting);
        }
        Ok(room)
    }

    /// Remembers what a transaction that is durable has put there.
    pub(super) fn keep(&self, room: Room, last_request: impl Fn(ItemNumber) -> i64) {
        let mut known = self.known();
        for (endpoint, mut waiting) in room.of {
            waiting.counted_to = last_request(endpoint);
            known.waiting.insert(endpoint, waiting);
        }
    }

    /// A delivery waits no longer. One that another node took since this one added up is in no sum here.
    pub(crate) fn leave(&self, left: &Left) {
        if let Some(waiting) = self.known().waiting.get_mut(&left.endpoint)
            && left.number <= waiting.counted_to
        {
            waiting.bytes = waiting.bytes.saturating_sub(left.bytes);
        }
    }

    /// Adds up anew when something comes next: much waits no longer.
    pub(crate) fn forget(&self, endpoint: ItemNumber) {
        self.known().waiting.remove(&endpoint);
    }

    /// Trims the dead deliveries of an endpoint, of which so many bytes and rows died just now: the newest stay. Returns what
    /// has died since they were looked through.
    pub(super) async fn bury(
        &self,
        transaction: &WriteTransaction,
        endpoint: ItemNumber,
        (bytes, rows): (u64, u64),
    ) -> Result<(u64, u64), StoreError> {
        let (bounds, before) = {
            let known = self.known();
            (known.bounds, known.died.get(&endpoint).copied())
        };
        // Nobody knows what died before this server started.
        let died = before.map_or((bounds.dead, rows), |(all, many)| (all + bytes, many + rows));
        if died.0 < bounds.dead / PARTS && died.1 < bounds.dead_rows / PARTS {
            return Ok(died);
        }
        trim_dead(transaction, endpoint, bounds).await?;
        Ok((0, 0))
    }

    /// Remembers what has died, when the transaction that says so is durable.
    pub(super) fn keep_dead(&self, died: Vec<(ItemNumber, (u64, u64))>) {
        self.known().died.extend(died);
    }

    /// Trims the dead deliveries of an endpoint, of which many died just now.
    pub(super) async fn bury_all(
        &self,
        transaction: &WriteTransaction,
        endpoint: ItemNumber,
    ) -> Result<(), StoreError> {
        let bounds = self.known().bounds;
        trim_dead(transaction, endpoint, bounds).await
    }

    #[cfg(test)]
    pub(crate) fn bound(&self, bounds: Bounds) {
        self.known().bounds = bounds;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&ClaimedDelivery> for Left {
    fn from(delivery: &ClaimedDelivery) -> Self {
        Self { endpoint: delivery.endpoint, number: delivery.number, bytes: delivery.bytes }
    }
}

impl Room {
    /// Takes the room of a request; whether there was any.
    pub(super) fn take(&mut self, request: &NewWebhookRequest) -> bool {
        let Some(waiting) = self.of.get_mut(&request.endpoint) else { return true };
        let bytes = waiting.bytes + size(request);
        if bytes > self.most {
            return false;
        }
        waiting.bytes = bytes;
        true
    }
}

/// The bytes that the delivery of a request will take, nearly as the database counts them.
fn size(request: &NewWebhookRequest) -> u64 {
    let of = |pair: &(String, String)| pair.0.len() + pair.1.len() + r#"["",""],"#.len();
    let parameters = request.delivery.as_ref().map_or(0, |new| new.parameters.iter().map(of).sum());
    (request.body.len() + parameters) as u64
}

/// The bytes of a delivery's row that have no bound of their own.
fn bytes() -> Expr {
    let length = |column| Expr::from(Func::cust("octet_length").arg(Expr::col(column)));
    length(WebhookDeliveries::Body).if_null(0).add(length(WebhookDeliveries::Parameters))
}

/// The bytes that wait at an endpoint, of requests after a number. (The length of a long text is known without reading it.)
async fn add_up(transaction: &WriteTransaction, endpoint: ItemNumber, after: i64) -> Result<u64, StoreError> {
    let select = Query::select()
        .expr_as(bytes().sum().if_null(0), "bytes")
        .from(WebhookDeliveries::Table)
        .and_where(Expr::col(WebhookDeliveries::Endpoint).eq(endpoint.as_i64()))
        .and_where(Expr::col(WebhookDeliveries::Number).gt(after))
        .and_where(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Waiting.as_str()))
        .take();
    let row = transaction.query_one(&select).await?;
    row.map_or(Ok(0), |row| column::<i64>(&row, "bytes").map(i64::unsigned_abs))
}

async fn trim_dead(
    transaction: &WriteTransaction,
    endpoint: ItemNumber,
    bounds: Bounds,
) -> Result<(), StoreError> {
    let is_dead = || {
        Expr::col(WebhookDeliveries::Endpoint)
            .eq(endpoint.as_i64())
            .and(Expr::col(WebhookDeliveries::State).eq(DeliveryState::Dead.as_str()))
    };
    let newest = Query::select()
        .column(WebhookDeliveries::Number)
        .expr_as(bytes().cast_as("bigint"), "bytes")
        .from(WebhookDeliveries::Table)
        .and_where(is_dead())
        .order_by(WebhookDeliveries::Number, Order::Desc)
        .limit(bounds.dead_rows + 1)
        .take();
    let (mut rows, mut all) = (0, 0);
    for row in transaction.query_all(&newest).await? {
        rows += 1;
        all += column::<i64>(&row, "bytes")?.unsigned_abs();
        if rows > bounds.dead_rows || all > bounds.dead {
            let delete = Query::delete()
                .from_table(WebhookDeliveries::Table)
                .and_where(is_dead())
                .and_where(Expr::col(WebhookDeliveries::Number).lte(column::<i64>(&row, "number")?))
                .take();
            transaction.execute(&delete).await?;
            break;
        }
    }
    Ok(())
}
