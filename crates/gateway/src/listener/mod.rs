//! The sockets: bound all or none, served over HTTP/1.1 (HTTP/2 too where TLS has agreed on it), and drained at the end.
//!
//! What a proxy asks is answered before hyper sees it ([`question`]), from one buffer into another. Of everything else, an
//! [`Answerer`] makes an answer from a request and the address of its peer. Where that is there at once, nothing is boxed,
//! locked or timed for a single request: the patience with slow and idle clients is kept in whole seconds by one task for
//! all connections ([`watch`]).

mod answer;
mod connection;
mod descriptors;
mod question;
mod socket;
#[cfg(test)]
mod tests;
mod watch;

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use answer::{Answer, Answerer, Body, BodyError};
use connection::Connector;
use watch::Connections;

/// How many connections may wait in the kernel.
const BACKLOG: u32 = 1_024;
/// How long a listener rests when there is no place, or the system has no more file descriptors.
const REST: Duration = Duration::from_millis(100);

/// What the listeners put up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at a time. For one more, the connection that has been without a request for longest is closed;
    /// when all have one, it waits.
    pub connections: u32,
    /// How long a TLS handshake, or the head of a request from its first byte on, may take: whole seconds.
    pub head_seconds: u32,
    /// How long a connection may do nothing between two requests: whole seconds. More than the 60 of nginx's
    /// `keepalive_timeout` towards us, so that the proxy is the one who closes.
    pub idle_seconds: u32,
    /// How long the answer to a request may take, the arrival of its body included: whole seconds.
    pub request_seconds: u32,
    /// The longest head of a request, in bytes; a longer one is answered with 431.
    pub head_bytes: usize,
    /// How long open requests may take after the stop.
    pub drain: Duration,
}

impl Limits {
    /// As many connections as the file descriptors of this process allow, at most the default. Raises the soft limit of
    /// them to the hard one.
    #[must_use]
    pub fn of_process() -> Self {
        let usual = Self::default();
        Self { connections: usual.connections.min(descriptors::for_connections()), ..usual }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_seconds: 15,
            idle_seconds: 75,
            request_seconds: 120,
            head_bytes: 32 * 1_024,
            drain: Duration::from_secs(10),
        }
    }
}

/// Bound sockets. Clients that connect wait until [`Listeners::serve`].
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

/// The addresses that could not be bound, each with its reason. None was bound.
#[derive(Debug)]
pub struct BindFault(Vec<(SocketAddr, io::Error)>);

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every open request got its answer.
    Finished,
    /// So many connections were cut at the deadline.
    Cut(usize),
}

impl Listeners {
    /// Binds every address, or none. Must be called inside the runtime.
    ///
    /// # Errors
    /// [`BindFault`] naming every address that failed.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Self, BindFault> {
        let (mut bound, mut faults) = (Vec::new(), Vec::new());
        for address in addresses {
            match bind(*address) {
                Ok(listener) => bound.push(listener),
                Err(error) => faults.push((*address, error)),
            }
        }
        if faults.is_empty() { Ok(Self(bound)) } else { Err(BindFault(faults)) }
    }

    /// The addresses, in the order they were asked for, with the ports they really have.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.0.iter().map(TcpListener::local_addr).collect()
    }

    /// Answers requests until `stop` is ready; then accepts no more, lets open requests end within
    /// [`Limits::drain`], and cuts the rest.
    pub async fn serve(
        self,
        answerer: Arc<dyn Answerer>,
        tls: Option<Arc<ServerConfig>>,
        limits: Limits,
        stop: impl Future<Output = ()>,
    ) -> Drained {
        let places = Arc::new(Semaphore::new(limits.connections as usize));
        let connections = Arc::new(Connections::new(limits));
        let connector = Connector { answerer, tls: tls.map(TlsAcceptor::from), limits };
        let mut tasks = JoinSet::new();
        for listener in self.0 {
            tasks.spawn(accept(listener, connector.clone(), Arc::clone(&connections), Arc::clone(&places)));
        }
        let sweeper = tokio::spawn(Arc::clone(&connections).sweep());
        stop.await;
        tasks.shutdown().await;
        connections.drain();
        // Each connection holds one place until it is closed.
        let all_closed = places.acquire_many(limits.connections);
        let outcome = match tokio::time::timeout(limits.drain, all_closed).await {
            Ok(_) => Drained::Finished,
            Err(_) => Drained::Cut(connections.cut()),
        };
        sweeper.abort();
        outcome
    }
}

impl fmt::Display for BindFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (address, error)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(formatter, "{separator}cannot listen on `{address}`: {}", reason(error))?;
        }
        formatter.write_str("\nhint: choose other addresses with `--listen` or the setting `listen`")
    }
}

impl Error for BindFault {}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not use that port".to_owned(),
        _ => error.to_string(),
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart need not wait for connections of the last run that are still in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(
    listener: TcpListener,
    connector: Connector,
    connections: Arc<Connections>,
    places: Arc<Semaphore>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(place) = place(&places, &connections).await else { return };
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                let work = connector.clone().serve(stream, peer, connections.open());
                tokio::spawn(async move {
                    work.await;
                    drop(place);
                });
            }
            // The client went away before it was accepted; the next one waits.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                connections.make_room();
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// A place for one more connection. While all are taken, the idlest connections make room, one after the other: silence
/// shuts nobody out.
async fn place(places: &Arc<Semaphore>, connections: &Connections) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    loop {
        connections.make_room();
        // Those that have a request now may be idle then.
        if let Ok(place) = tokio::time::timeout(REST, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}
