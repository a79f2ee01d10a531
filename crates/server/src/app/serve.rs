//! A running server: from the first address bound to the last use written.

use std::fs::File;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use patgate_gateway::listener::{Drained, Limits, Listeners};
use patgate_store::{NodeId, Sequence, StoreError};
use rand_core::Rng;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::build::{self, StartError};
use super::dispatch::Dispatcher;
use super::{lock, memory};
use crate::configuration::Configuration;
use crate::edge::{Clock, Random, Stopwatch};
use crate::jobs;
use crate::node::{follow, last_use};
use crate::problem::with_causes;
use crate::service::{first_start, providers};
use crate::state::AppState;
use crate::tls::Certificates;
use crate::webhook;

/// For how long the sessions and nodes that were last seen then are remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(8 * 24);
/// For how long the change log remembers what changed: a node that followed it last before that loads everything anew. Owners
/// whom their providers confirm come into it every hour.
const LOGGED: SignedDuration = SignedDuration::from_hours(24);
/// How often the old ones are forgotten.
const FORGETTING: Duration = Duration::from_secs(3_600);

/// A server that accepts connections.
pub struct Running {
    /// The addresses it listens on, as they really are: a port 0 was replaced by a free one.
    pub addresses: Vec<SocketAddr>,
    /// Its parts.
    pub state: AppState,
    accepting: CancellationToken,
    listening: JoinHandle<()>,
    background: CancellationToken,
    tasks: JoinSet<()>,
    /// Held until everything else is done.
    _lock: Option<File>,
}

/// Starts a server. When this returns, it accepts connections, and `/readyz` says 503 until the index is loaded.
///
/// # Errors
/// [`StartError`], with everything that was started stopped again.
pub async fn start(configuration: Configuration) -> Result<Running, StartError> {
    let (clock, random) = (Clock::system(), Random::system()?);
    let listeners = Listeners::bind(&configuration.listen).await?;
    let addresses = listeners.addresses().map_err(StartError::Addresses)?;
    let certificates = configuration.tls.clone().map(Certificates::load).transpose()?;
    let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
    let opened = build::open(&configuration, &random).await?;
    let public_url = configuration.public_url_of(addresses[0]);
    let (state, samples) = build::build(&configuration, opened, public_url, clock.clone(), random)?;
    let lock = match &state.server_lock {
        Some(path) => {
            let lock = lock::take(path).await.map_err(StartError::Lock)?;
            Some(lock.ok_or_else(|| StartError::AlreadyServed(path.clone()))?)
        }
        None => None,
    };
    providers::recognise(&state.store, &configuration, clock.now()).await?;
    first_start::forget_when_changed(&state).await?;
    first_start::run(&state, configuration.admin_password.as_ref()).await?;

    let (accepting, background) = (CancellationToken::new(), CancellationToken::new());
    let mut tasks = JoinSet::new();
    tasks.spawn(follow_certificates(certificates, background.clone()));
    tasks.spawn(load_and_follow(state.clone(), background.clone()));
    let uses = last_use::run(
        Arc::clone(&state.index),
        state.store.clone(),
        samples,
        clock.clone(),
        background.clone(),
    );
    tasks.spawn(uses);
    tasks.spawn(forget(state.clone(), background.clone()));
    tasks.spawn(jobs::confirmations::run(state.clone(), background.clone()));
    tasks.spawn(jobs::decisions::run(state.clone(), background.clone()));
    tasks.spawn(jobs::reminders::run(state.clone(), background.clone()));
    state.webhooks.rules.listens_on(&addresses);
    tasks.spawn(webhook::run(state.clone(), background.clone()));
    tasks.spawn(jobs::webhooks::run(state.clone(), background.clone()));
    let dispatcher = Dispatcher::new(state.clone(), configuration.body_limit);
    tokio::spawn(memory::give_back());
    tasks.spawn(jobs::releases::run(state.clone(), dispatcher.clone(), background.clone()));
    let stopped = accepting.clone().cancelled_owned();
    let listening = tokio::spawn(async move {
        if let Drained::Cut(connections) =
            listeners.serve(Arc::new(dispatcher), tls, Limits::of_process(), stopped).await
        {
            tracing::warn!(connections, "connections were cut: their requests did not end in time");
        }
    });
    Ok(Running { addresses, state, accepting, listening, background, tasks, _lock: lock })
}

/// Starts a server and runs it until the process is told to stop (SIGTERM, SIGINT), from the start on: who is told so while it
/// starts gives up starting, and who has just become ready stops in good order.
///
/// # Errors
/// As [`start`]; and [`StoreError::NewerSchema`] when it stopped because a newer program has changed the tables.
pub async fn serve(configuration: Configuration) -> Result<(), StartError> {
    let mut stop = pin!(stop_signal());
    let running = tokio::select! {
        biased;
        () = &mut stop => return Ok(()),
        running = start(configuration) => running?,
    };
    for address in &running.addresses {
        tracing::info!(%address, "listening");
    }
    let ended = tokio::select! {
        () = stop => Ok(()),
        () = running.state.node.wait_until_outdated() => running.state.store.check_schema().await,
    };
    tracing::info!("stopping: what is under way is finished first");
    running.stop().await;
    ended.map_err(StartError::from)
}

impl Running {
    /// Stops accepting, finishes what is under way, writes the last uses and closes the database.
    pub async fn stop(mut self) {
        self.state.node.begin_draining();
        self.accepting.cancel();
        // Its own panic, if any, is in the log; what was used until now is written all the same.
        let _ = self.listening.await;
        self.background.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.state.store.clone().close().await;
    }
}

async fn load_and_follow(state: AppState, stop: CancellationToken) {
    let stopwatch = Stopwatch::start();
    let id = NodeId((state.random.draw().next_u64() >> 1) as i64);
    while let Err(error) = announce_and_load(&state, id).await {
        tracing::error!(error = with_causes(&error), "the index cannot be loaded; trying again");
        if tokio::time::timeout(Duration::from_secs(1), stop.cancelled()).await.is_ok() {
            // What cannot be loaded can hardly be written either; the entry lapses by itself.
            let _ = state.store.withdraw_node(id).await;
            return;
        }
    }
    tracing::info!(tokens = state.index.len(), seconds = stopwatch.elapsed().as_secs_f64(), "ready");
    follow::run(Arc::clone(&state.node), id, state.clock.clone(), stop).await;
}

/// Whoever makes a change that the index will not hold must find this node among those to wait for: it is announced
/// first.
async fn announce_and_load(state: &AppState, id: NodeId) -> Result<(), StoreError> {
    state.store.announce_node(id, Sequence::default(), state.clock.now()).await?;
    state.node.load().await
}

/// Follows the files of the certificate, if there is one. SIGHUP makes it look at once, and ends no server.
async fn follow_certificates(certificates: Option<Arc<Certificates>>, stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
    let look = async {
        while hang_up.recv().await.is_some() {
            certificates.iter().for_each(|certificates| certificates.look_now());
        }
    };
    let follow = async {
        match &certificates {
            Some(certificates) => Arc::clone(certificates).follow().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = follow => {}
        () = look => {}
        () = stop.cancelled() => {}
    }
}

async fn forget(state: AppState, stop: CancellationToken) {
    while tokio::time::timeout(FORGETTING, stop.cancelled()).await.is_err() {
        if let Err(error) = forget_old(&state).await {
            tracing::warn!(
                error = with_causes(&error),
                "old rows were not forgotten; trying again in an hour"
            );
        }
    }
}

async fn forget_old(state: &AppState) -> Result<(), StoreError> {
    let now = state.clock.now();
    if let Ok(before) = now.checked_sub(LOGGED) {
        state.store.prune_changes(before).await?;
    }
    if let Ok(before) = now.checked_sub(REMEMBERED) {
        state.store.prune(before).await?;
    }
    Ok(())
}

/// Waits until the process is told to stop (SIGTERM, SIGINT).
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals cannot be received; stopping");
        }
    }
}
