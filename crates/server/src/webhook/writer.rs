//! One task writes what all endpoints accept: whatever waits shares one transaction and one wait for the disk.

use patgate_store::{NewRefusal, NewWebhookRequest, Received, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::room::Place;
use crate::problem::with_causes;
use crate::state::AppState;

/// The most requests in one transaction.
const BATCH: usize = 256;
/// The most bytes of bodies in one transaction, but for the last.
const BATCH_BYTES: usize = 16 * 1_024 * 1_024;

/// A request that is to be written, and who waits for it.
pub(super) struct Job {
    pub(super) request: NewWebhookRequest,
    pub(super) reply: oneshot::Sender<Result<Received, NotWritten>>,
    /// Its place in memory.
    pub(super) place: Place,
}

/// The database does not answer; its log says why.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotWritten;

/// Where everything that is to be written arrives.
pub(super) struct Arriving {
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) refused: mpsc::Receiver<NewRefusal>,
}

/// Writes until it is told to stop, and what waits then.
pub(super) async fn run(state: &AppState, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(job) => Some(job),
            None => tokio::select! {
                biased;
                job = jobs.recv() => job,
                () = stop.cancelled() => {
                    // Nobody can add to it any more; what is there is finished.
                    jobs.close();
                    jobs.recv().await
                }
            },
        };
        let Some(first) = first else { return };
        let mut bytes = first.request.body.len();
        let mut batch = vec![first];
        while batch.len() < BATCH && next.is_none() {
            let Ok(job) = jobs.try_recv() else { break };
            bytes += job.request.body.len();
            if bytes > BATCH_BYTES {
                next = Some(job);
            } else {
                batch.push(job);
            }
        }
        write(state, batch).await;
    }
}

async fn write(state: &AppState, batch: Vec<Job>) {
    let (requests, waiting): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|job| (job.request, (job.reply, job.place))).unzip();
    let outcomes = outcomes(&state.store, &requests).await;
    let goes_on = |(request, outcome): (&NewWebhookRequest, &Result<Received, NotWritten>)| {
        request.delivery.is_some() && matches!(outcome, Ok(Received::Accepted))
    };
    if requests.iter().zip(&outcomes).any(goes_on) {
        state.webhooks.is_due.notify_one();
    }
    for ((reply, _place), outcome) in waiting.into_iter().zip(outcomes) {
        // Who went away reads the log.
        let _ = reply.send(outcome);
    }
}

/// Writes a batch. Twice at most, unless the database minds one of the requests: then each has a transaction of its own.
async fn outcomes(store: &Store, requests: &[NewWebhookRequest]) -> Vec<Result<Received, NotWritten>> {
    let first = match store.receive_webhooks(requests).await {
        Ok(received) => return received.into_iter().map(Ok).collect(),
        Err(error) => error,
    };
    // A connection may have broken between the commit and its answer.
    let is_lost = matches!(first, StoreError::Database(_)) && !first.minds_what_it_was_given();
    let error = match is_lost {
        true => match store.receive_webhooks_again(requests).await {
            Ok(received) => return received.into_iter().map(Ok).collect(),
            Err(error) => error,
        },
        false => first,
    };
    if error.minds_what_it_was_given() && requests.len() > 1 {
        // Perhaps one of them: that must not be the others' loss.
        return one_by_one(store, requests).await;
    }
    if !matches!(error, StoreError::Busy) {
        let many = requests.len();
        tracing::error!(error = with_causes(&error), many, "webhook requests were not written");
    }
    vec![Err(NotWritten); requests.len()]
}

async fn one_by_one(store: &Store, requests: &[NewWebhookRequest]) -> Vec<Result<Received, NotWritten>> {
    let mut outcomes = Vec::with_capacity(requests.len());
    for request in requests {
        let written = store.receive_webhooks_again(std::slice::from_ref(request)).await;
        let is_over = written.as_ref().is_err_and(|error| !error.minds_what_it_was_given());
        outcomes.push(match written {
            Ok(received) => received.first().copied().ok_or(NotWritten),
            Err(error) => {
                tracing::error!(error = with_causes(&error), "a webhook request was not written");
                Err(NotWritten)
            }
        });
        if is_over {
            break;
        }
    }
    // When the database goes away, the rest is not tried.
    outcomes.resize(requests.len(), Err(NotWritten));
    outcomes
}
