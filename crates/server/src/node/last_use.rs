//! Last use: noted in the index by one atomic store, written to the database in batches, off the verification path.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use patgate_core::grant::LastUse;
use patgate_core::identifier::GrantId;
use patgate_core::index::Index;
use patgate_gateway::forward::UseSample;
use patgate_store::Store;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use crate::edge::{Clock, Stopwatch};
use crate::problem::with_causes;

/// Samples that may wait, each in about 80 bytes and its user agent; more are dropped.
pub const SAMPLES: usize = 10_000;
/// How often samples are written.
const DRAIN: Duration = Duration::from_secs(1);
/// Samples that are written at a time. At the beginning of each minute every token that is in use brings one: the queue
/// spreads them over the next seconds instead of writing all of them beside the requests.
const SAMPLES_AT_ONCE: usize = 1_000;
/// How often the whole index is swept.
const SWEEP: SignedDuration = SignedDuration::from_secs(60);
/// Rows in one transaction, so that a sweep never holds up a change for long.
const BATCH: usize = 250;
/// How long a sweep rests after a batch, in the time that the batch took: requests have at least three quarters of a
/// core that they share with it.
const REST: u32 = 3;

/// Writes last uses until told to stop, and once more then.
pub async fn run(
    index: Arc<Index>,
    store: Store,
    mut samples: Receiver<UseSample>,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut swept = clock.now();
    loop {
        let stopping = tokio::time::timeout(DRAIN, stop.cancelled()).await.is_ok();
        let at_once = if stopping { SAMPLES } else { SAMPLES_AT_ONCE };
        let waiting = std::iter::from_fn(|| samples.try_recv().ok()).take(at_once);
        let mut uses: HashMap<GrantId, LastUse> = waiting.map(of_sample).collect();
        let now = clock.now();
        if stopping || now.duration_since(swept) >= SWEEP {
            index.used_since(swept, |id, at| {
                let last_use = uses.entry(id).or_insert(LastUse { at, address: None, user_agent: None });
                last_use.at = last_use.at.max(at);
            });
            swept = now;
        }
        let uses: Vec<_> = uses.into_iter().collect();
        for batch in uses.chunks(BATCH) {
            let stopwatch = Stopwatch::start();
            if let Err(error) = store.record_last_uses(batch).await {
                tracing::warn!(error = with_causes(&error), "last uses were not written; newer ones will be");
            }
            // A database that kept the batch waiting says nothing about what the batch cost.
            let rest = (stopwatch.elapsed() * REST).min(DRAIN);
            let _ = tokio::time::timeout(rest, stop.cancelled()).await;
        }
        if stopping {
            return;
        }
    }
}

fn of_sample(sample: UseSample) -> (GrantId, LastUse) {
    let at = Timestamp::from_second(sample.at.as_second()).unwrap_or(sample.at);
    let user_agent = (!sample.user_agent.is_empty()).then(|| sample.user_agent.into_string());
    (sample.grant, LastUse { at, address: Some(sample.address.to_string()), user_agent })
}
