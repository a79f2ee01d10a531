//! What comes in at webhook endpoints, and its way on: data that is written in batches, without audit events.
//!
//! Every write takes its turn among all writers, as a change does. So the numbers of an endpoint's requests have neither
//! gaps nor an order of their own, and *the newest N* are exactly N, whichever nodes took them.

mod claim;
mod counters;
mod deliveries;
pub(crate) mod forget;
pub(crate) mod kept;
mod known;
mod log;
pub(crate) mod marks;
pub(crate) mod pause;
mod receive;
mod refuse;
pub(crate) mod space;

use jiff::Timestamp;
use patgate_core::identifier::{DeliveryId, ItemNumber, RequestId};

pub(crate) use self::claim::mark;
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

/// What becomes of an accepted request: it is forwarded, or starts a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Names it.
    pub id: DeliveryId,
    /// Of which endpoint.
    pub endpoint: ItemNumber,
    /// Which request, which may be in the log no longer.
    pub request: RequestId,
    /// The id that the receiver or the release is given, the same with every attempt.
    pub message_id: String,
    /// The place of that request among those of the endpoint.
    pub number: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, or given up when it is paused; `None` when it is done.
    pub due_at: Option<Timestamp>,
    /// Since when it waits for its endpoint to be enabled; `None`: it does not.
    pub paused_at: Option<Timestamp>,
    /// What came of the last attempt: what the receiver said, which release was started, or what went wrong.
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
    /// The receiver took it, or its release was started.
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
