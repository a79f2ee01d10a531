//! Patience with clients, counted in whole seconds by one task for all connections.
//!
//! A timer for each request would cost more than the verdict. Instead a connection notes in an atomic until when it may
//! stay as it is, and once a second one task looks at all of them.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Limits;

/// How much is taken from a client that goes on sending after our last byte, in bytes.
const LINGER_BYTES: usize = 1_024 * 1_024;
/// How long it may go on.
const LINGER_SECONDS: u32 = 2;

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    /// Seconds since the start.
    clock: AtomicU32,
    is_draining: AtomicBool,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    watches: HashMap<u64, Arc<Watch>>,
}

/// What a connection is doing, and until when it may.
#[derive(Debug)]
pub(super) struct Watch {
    number: u64,
    connections: Arc<Connections>,
    deadline: AtomicU32,
    phase: AtomicU8,
    being_answered: AtomicU32,
    order: AtomicU8,
    /// Of the connection's task, which has one for its whole life.
    waker: OnceLock<Waker>,
}

/// What a connection is doing.
mod phase {
    /// Nothing yet: no byte of a request has come, and the TLS handshake may not have ended.
    pub(super) const SILENT: u8 = 0;
    /// Between two requests, or writing an answer.
    pub(super) const IDLE: u8 = 1;
    /// The first byte of a request has come.
    pub(super) const HEAD: u8 = 2;
    /// HTTP/2: bytes come between requests too, so they begin nothing.
    pub(super) const MULTIPLEXED: u8 = 3;
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Order {
    /// Nothing.
    GoOn,
    /// End after the open requests.
    Drain,
    /// End now.
    Cut,
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            clock: AtomicU32::new(0),
            is_draining: AtomicBool::new(false),
            open: Mutex::new(Open::default()),
        }
    }

    /// Notes a new connection. It is forgotten when the guard is dropped.
    pub(super) fn open(self: &Arc<Self>) -> Guard {
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        let watch = Arc::new(Watch {
            number,
            connections: Arc::clone(self),
            deadline: AtomicU32::new(self.after(self.limits.head_seconds)),
            phase: AtomicU8::new(phase::SILENT),
            being_answered: AtomicU32::new(0),
            order: AtomicU8::new(Order::GoOn as u8),
            waker: OnceLock::new(),
        });
        open.watches.insert(number, Arc::clone(&watch));
        Guard(watch)
    }

    /// Cuts every second what has stayed too long. Never ends.
    pub(super) async fn sweep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.clock.fetch_add(1, Ordering::Relaxed) + 1;
            let is_draining = self.is_draining.load(Ordering::Relaxed);
            for watch in self.lock().watches.values() {
                if watch.deadline.load(Ordering::Relaxed) <= now {
                    watch.tell(Order::Cut);
                } else if is_draining {
                    watch.tell(Order::Drain);
                }
            }
        }
    }

    /// Ends the connection that has been without a request for longest, if there is one.
    ///
    /// At the same second, those that have never asked anything go first, and older connections before newer ones: who
    /// opens many ends his own.
    pub(super) fn make_room(&self) {
        let open = self.lock();
        let idlest =
            open.watches.values().filter_map(|watch| Some((watch.idleness()?, watch))).min_by_key(|at| at.0);
        if let Some((_, watch)) = idlest {
            watch.tell(Order::Cut);
        }
    }

    /// Tells all to end after their open requests.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
        self.lock().watches.values().for_each(|watch| watch.tell(Order::Drain));
    }

    /// Tells all to end now; how many there were.
    pub(super) fn cut(&self) -> usize {
        let open = self.lock();
        open.watches.values().for_each(|watch| watch.tell(Order::Cut));
        open.watches.len()
    }

    /// The first second of the clock at which `seconds` have surely passed.
    fn after(&self, seconds: u32) -> u32 {
        self.clock.load(Ordering::Relaxed).saturating_add(seconds).saturating_add(1)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// What the connection is told. Keeps the waker of the task at the first call.
    pub(super) fn order(&self, context: &Context<'_>) -> Order {
        self.waker.get_or_init(|| context.waker().clone());
        match self.order.load(Ordering::SeqCst) {
            0 => Order::GoOn,
            1 => Order::Drain,
            _ => Order::Cut,
        }
    }

    /// The connection speaks HTTP/2.
    pub(super) fn is_multiplexed(&self) {
        self.phase.store(phase::MULTIPLEXED, Ordering::Relaxed);
        self.rest();
    }

    /// A request is being answered until the guard is dropped. Bytes of its body win it no time: a body that trickles
    /// would never end.
    pub(super) fn begin_answering(self: &Arc<Self>) -> BeingAnswered {
        self.being_answered.fetch_add(1, Ordering::Relaxed);
        let limit = self.connections.limits.request_seconds;
        self.deadline.store(self.connections.after(limit), Ordering::Relaxed);
        BeingAnswered(Arc::clone(self))
    }

    /// A request was answered before anybody could look.
    pub(super) fn was_answered(&self) {
        if self.being_answered.load(Ordering::Relaxed) == 0 {
            self.request_ended();
        }
    }

    fn request_ended(&self) {
        if self.phase.load(Ordering::Relaxed) == phase::HEAD {
            self.phase.store(phase::IDLE, Ordering::Relaxed);
        }
        self.rest();
    }

    /// What orders connections without a request, the idlest first; `None` for all others, and for one that is to end
    /// anyway.
    fn idleness(&self) -> Option<(u32, bool, u64)> {
        let is_cut = self.order.load(Ordering::SeqCst) == Order::Cut as u8;
        if is_cut || self.being_answered.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let phase = self.phase.load(Ordering::Relaxed);
        let limits = &self.connections.limits;
        let limit = if matches!(phase, phase::SILENT | phase::HEAD) {
            limits.head_seconds
        } else {
            limits.idle_seconds
        };
        let since = self.deadline.load(Ordering::Relaxed).saturating_sub(limit);
        Some((since, phase == phase::IDLE, self.number))
    }

    fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::SeqCst);
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// A part of a head is there.
    pub(super) fn bytes_came(&self) {
        let is_first = self.phase.load(Ordering::Relaxed) <= phase::IDLE;
        if is_first && self.being_answered.load(Ordering::Relaxed) == 0 {
            self.phase.store(phase::HEAD, Ordering::Relaxed);
            let limit = self.connections.limits.head_seconds;
            self.deadline.store(self.connections.after(limit), Ordering::Relaxed);
        }
    }

    fn bytes_went(&self) {
        if self.being_answered.load(Ordering::Relaxed) == 0
            && self.phase.load(Ordering::Relaxed) != phase::HEAD
        {
            self.rest();
        }
    }

    fn linger(&self) {
        self.deadline.store(self.connections.after(LINGER_SECONDS), Ordering::Relaxed);
    }

    fn rest(&self) {
        let limit = self.connections.limits.idle_seconds;
        self.deadline.store(self.connections.after(limit), Ordering::Relaxed);
    }
}

/// An open connection; dropped, it is forgotten.
#[derive(Debug)]
pub(super) struct Guard(pub(super) Arc<Watch>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.connections.lock().watches.remove(&self.0.number);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct BeingAnswered(Arc<Watch>);

impl Drop for BeingAnswered {
    fn drop(&mut self) {
        if self.0.being_answered.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.request_ended();
        }
    }
}

/// A stream whose bytes are signs of life.
#[derive(Debug)]
pub(super) struct Watched<T> {
    stream: T,
    watch: Arc<Watch>,
    /// What was read of it and is read again first.
    came: Bytes,
    /// Bytes that are still taken and forgotten after our last one; `None` before that.
    may_linger: Option<usize>,
}

impl<T> Watched<T> {
    pub(super) fn new(stream: T, watch: Arc<Watch>) -> Self {
        Self { stream, watch, came: Bytes::new(), may_linger: None }
    }

    /// The same, from which these bytes are read first: they came already.
    pub(super) fn after(self, came: Bytes) -> Self {
        Self { came, ..self }
    }

    fn sent(&self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(outcome, Poll::Ready(Ok(1..))) {
            self.watch.bytes_went();
        }
        outcome
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.came.is_empty() {
            let length = self.came.len().min(buffer.remaining());
            buffer.put_slice(&self.came.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.bytes_came();
        }
        outcome
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.sent(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Says that nothing more will come, then takes what is still under way: a socket that is closed with unread bytes
    /// is reset, and the client loses the answer that told it why (RFC 9112 §9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.may_linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.watch.linger();
            self.may_linger = Some(LINGER_BYTES);
        }
        let mut bytes = [0; 4_096];
        while let Some(rest @ 1..) = self.may_linger {
            let mut buffer = ReadBuf::new(&mut bytes);
            let outcome = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let taken = if outcome.is_ok() { buffer.filled().len() } else { 0 };
            self.may_linger = Some(if taken == 0 { 0 } else { rest.saturating_sub(taken) });
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cut(guard: &Guard) -> bool {
        guard.0.order.load(Ordering::SeqCst) == Order::Cut as u8
    }

    #[test]
    fn the_idlest_connection_makes_room() {
        let connections = Arc::new(Connections::new(Limits::default()));
        let [busy, kept, silent, half] = [(); 4].map(|()| connections.open());
        let _being_answered = busy.0.begin_answering();
        kept.0.bytes_came();
        drop(kept.0.begin_answering());
        half.0.bytes_came();
        connections.clock.store(5, Ordering::Relaxed);
        let late = connections.open();
        let mut order = Vec::new();
        for _ in 0..5 {
            connections.make_room();
            order.push([&busy, &kept, &silent, &half, &late].map(is_cut).map(u8::from));
        }
        assert_eq!(
            order,
            [[0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1]],
            "who never asked first, who came late last, who is served not at all"
        );
    }
}
