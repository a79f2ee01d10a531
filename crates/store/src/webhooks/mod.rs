//! What comes in at webhook endpoints, and its way on: data that is written in batches, without audit events.
//!
//! Every write takes its turn among all writers, as a change does. So the numbers of an endpoint's requests have neither
//! gaps nor an order of their own, and *the newest N* are exactly N, whichever nodes took them.

mod claim;
mod deliveries;
pub(crate) mod forget;
pub(crate) mod kept;
mod known;
mod log;
mod receive;
mod refuse;
pub(crate) mod space;

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};

pub use self::claim::{ClaimedDelivery, DeliveryOutcome, DueDelivery};
pub use self::log::FoundRequests;
pub use self::receive::{MOST_WAITING, NewDelivery, NewWebhookRequest, Received};
pub use self::refuse::{NewRefusal, REFUSALS_KEPT};

/// Names with their values, in the order in which they came.
pub type Pairs = Vec<(String, String)>;

/// An accepted request, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRequest {
    /// Names it.
    pub id: RequestId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Its place among those of the endpoint, from 1 on.
    pub number: i64,
    /// When it came.
    pub at: Timestamp,
    /// The address it came from, as far as trusted proxies tell it.
    pub sender: String,
    /// Its headers, without secrets.
    pub headers: Pairs,
    /// Its query parameters, without secrets.
    pub parameters: Pairs,
    /// How many bytes its body has.
    pub size: u64,
    /// The id its sender gave it.
    pub message_id: Option<String>,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRefusal {
    /// Names it.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// The address it came from.
    pub sender: String,
    /// Its headers, without secrets.
    pub headers: Pairs,
    /// Why it was refused, in words.
    pub cause: String,
}

/// An accepted request on its way to where it is forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Names it.
    pub id: DeliveryId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Which request, which may be in the log no longer.
    pub request: RequestId,
    /// The id the receiver is given, the same with every attempt.
    pub message_id: String,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; `None` when it is done.
    pub due_at: Option<Timestamp>,
    /// What the receiver said last, or what went wrong.
    pub answer: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first attempt, or the next.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The word in the database, in the API and in the addresses of pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The one of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Under which name the number of hops stands among the parameters of a delivery. No parameter has a NUL character in it.
const HOPS: &str = "\0hops";

/// The parameters of a delivery as they are stored.
fn with_hops(parameters: &Pairs, hops: u32) -> Pairs {
    let hops = (hops > 0).then(|| (HOPS.to_owned(), hops.to_string()));
    hops.into_iter().chain(parameters.iter().cloned()).collect()
}

/// The parameters of a delivery, and its number of hops, from what is stored.
fn without_hops(mut stored: Pairs) -> (Pairs, u32) {
    let hops = stored.first().filter(|(name, _)| name == HOPS).and_then(|(_, hops)| hops.parse().ok());
    stored.retain(|(name, _)| name != HOPS);
    (stored, hops.unwrap_or_default())
}
