//! Webhook endpoints: what outside systems send to `/webhooks/{path}` is judged, kept, and passed on.
//!
//! ```text
//! dispatch ─▶ intake::take ─▶ endpoints (in memory) ─▶ judge ─▶ writer (one transaction for many) ─▶ 202
//!                                     │ refused ─▶ refusals (dropped when full)
//!                       jobs::webhooks ◀─ claimed deliveries ─▶ forward::deliver ─▶ receiver
//!                                                                 └ start::deliver ─▶ a release of a template
//! ```
//!
//! An endpoint is read from memory, never from the database, and its secrets are opened once.

mod answer;
mod body;
mod bucket;
mod compile;
mod endpoint;
mod endpoints;
pub mod forward;
mod intake;
mod refusals;
mod room;
mod shown;
mod start;
mod watchers;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

pub use self::answer::{TakenBody, method_of};
pub use self::endpoint::{Endpoint, Kind};
pub use self::endpoints::WebhookEndpoints;
use self::forward::ForwardRules;
pub use self::intake::{send_test, take};
use self::refusals::Refusals;
use self::room::Rooms;
pub(crate) use self::start::blank_values;
pub use self::watchers::{Watchers, WatchersPlace};
use self::writer::Job;
use crate::sealing::Sealer;
use crate::state::AppState;

/// Requests that wait to be written.
const WAITING: usize = 4_096;

/// What webhook endpoints work with.
pub struct Webhooks {
    /// All endpoints of this node.
    pub endpoints: Arc<WebhookEndpoints>,
    /// Where requests are forwarded to, and where not.
    pub rules: ForwardRules,
    /// Wakes who forwards: something may be due.
    pub is_due: Notify,
    /// Places for those who watch requests arrive.
    pub watchers: Watchers,
    /// The turn of who searches: long bodies cost much, and one after the other leaves connections to others.
    pub searches: Semaphore,
    rooms: Rooms,
    writer: mpsc::Sender<Job>,
    refusals: Refusals,
    /// Taken by [`run`].
    arriving: Mutex<Option<writer::Arriving>>,
}

impl Webhooks {
    /// Nothing is taken before [`run`] runs.
    #[must_use]
    pub fn new(sealer: Sealer, rules: ForwardRules) -> Self {
        let (writer, jobs) = mpsc::channel(WAITING);
        let (refusals, refused) = Refusals::new();
        Self {
            endpoints: Arc::new(WebhookEndpoints::new(sealer)),
            rules,
            is_due: Notify::new(),
            watchers: Watchers::default(),
            searches: Semaphore::new(1),
            rooms: Rooms::default(),
            writer,
            refusals,
            arriving: Mutex::new(Some(writer::Arriving { jobs, refused })),
        }
    }
}

/// Writes what is accepted and what is refused, until it is told to stop; what waits then is written first.
pub async fn run(state: AppState, stop: CancellationToken) {
    let arriving = state.webhooks.arriving.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(writer::Arriving { jobs, refused }) = arriving else { return };
    tokio::join!(writer::run(&state, jobs, stop.clone()), refusals::run(&state, refused, stop));
}
