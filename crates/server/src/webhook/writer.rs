//! One task writes what all endpoints accept: whatever waits shares one transaction and one wait for the disk.

use patgate_store::{NewRefusal, NewWebhookRequest, Received, StoreError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

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
    pub(super) room: Option<OwnedSemaphorePermit>,
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
        batch.into_iter().map(|job| (job.request, (job.reply, job.room))).unzip();
    let outcomes = match state.store.receive_webhooks(&requests).await {
        Ok(received) => received.into_iter().map(Ok).collect(),
        Err(StoreError::Busy) => vec![Err(NotWritten); requests.len()],
        // Perhaps the database minds one of them: that must not be the others' loss.
        Err(_) if requests.len() > 1 => one_by_one(state, &requests).await,
        Err(error) => {
            tracing::error!(error = with_causes(&error), "a webhook request was not written");
            vec![Err(NotWritten); requests.len()]
        }
    };
    let goes_on = |(request, outcome): (&NewWebhookRequest, &Result<Received, NotWritten>)| {
        request.delivery.is_some() && matches!(outcome, Ok(Received::Accepted))
    };
    if requests.iter().zip(&outcomes).any(goes_on) {
        state.webhooks.is_due.notify_one();
    }
    for ((reply, _room), outcome) in waiting.into_iter().zip(outcomes) {
        // Who went away reads the log.
        let _ = reply.send(outcome);
    }
}

async fn one_by_one(state: &AppState, requests: &[NewWebhookRequest]) -> Vec<Result<Received, NotWritten>> {
    let mut outcomes = Vec::with_capacity(requests.len());
    for request in requests {
        let written = state.store.receive_webhooks(std::slice::from_ref(request)).await;
        outcomes.push(match written {
            Ok(received) => received.first().copied().ok_or(NotWritten),
            Err(error) => {
                tracing::error!(error = with_causes(&error), "a webhook request was not written");
                Err(NotWritten)
            }
        });
    }
    outcomes
}
