//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Limits;
use super::answer::{Answer, Answerer, Body};
use super::question;
use super::socket::Socket;
use super::watch::{BeingAnswered, Guard, Order, Watch, Watched};

/// Requests of one HTTP/2 connection that are served at a time.
const STREAMS: u32 = 100;

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) answerer: Arc<dyn Answerer>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: Limits,
}

impl Connector {
    /// Serves a stream until either side ends it. What goes wrong on it is the client's matter, and no fault of ours.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr, guard: Guard) {
        let stream = Socket::new(stream);
        let Some(acceptor) = self.tls.clone() else {
            return self.http1(stream, peer, &guard.0).await;
        };
        let Some(Ok(stream)) = until_told(pin!(acceptor.accept(stream)), &guard.0).await else {
            return tracing::debug!(%peer, "the TLS handshake failed");
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, &guard.0).await;
        } else {
            self.http1(stream, peer, &guard.0).await;
        }
    }

    async fn http1<T: AsyncRead + AsyncWrite + Unpin>(self, stream: T, peer: SocketAddr, watch: &Arc<Watch>) {
        let mut stream = Watched::new(stream, Arc::clone(watch));
        let Some(came) = question::answer(&mut stream, &*self.answerer, peer, watch).await else { return };
        let stream = TokioIo::new(stream.after(came));
        let connection = http1::Builder::new()
            // The watch does it for all connections at once.
            .header_read_timeout(None)
            // `pipeline_flush` stays off: it holds answers back while the next request is incomplete, and never sends a
            // refusal of a head that is too long.
            // Answers are small: to copy one together costs less than to describe its parts to the kernel.
            .writev(false)
            .max_header_size(self.limits.head_bytes)
            .serve_connection(stream, self.service(peer, watch));
        drive(pin!(connection), http1::Connection::graceful_shutdown, watch, peer).await;
    }

    async fn http2<T>(self, stream: T, peer: SocketAddr, watch: &Arc<Watch>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        watch.is_multiplexed();
        let stream = TokioIo::new(Watched::new(stream, Arc::clone(watch)));
        let connection = http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(self.limits.head_bytes).unwrap_or(u32::MAX))
            .serve_connection(stream, self.service(peer, watch));
        drive(pin!(connection), http2::Connection::graceful_shutdown, watch, peer).await;
    }

    fn service(
        &self,
        peer: SocketAddr,
        watch: &Arc<Watch>,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = Response<Body>,
        Error = Infallible,
        Future: Send,
    > + use<> {
        let (answerer, watch) = (Arc::clone(&self.answerer), Arc::clone(watch));
        service_fn(move |request| match answerer.answer(request, peer) {
            Answer::Ready(response) => {
                watch.was_answered();
                Answering::Ready(Some(response.map(|bytes| Either::Left(Full::new(bytes)))))
            }
            Answer::Later(answer) => Answering::Later(answer, Some(watch.begin_answering())),
        })
    }
}

/// An answer as hyper waits for it. It is moved with what it holds: one that is there goes through as few hands as can be.
enum Answering {
    Ready(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>, Option<BeingAnswered>),
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Self::Later(answer, being_answered) => {
                let response = ready!(answer.as_mut().poll(context));
                *being_answered = None;
                Poll::Ready(Ok(response))
            }
        }
    }
}

/// Waits until the watch orders anything: before the first request, nothing is lost with the connection.
async fn until_told<F: Future>(mut future: Pin<&mut F>, watch: &Watch) -> Option<F::Output> {
    poll_fn(|context| match watch.order(context) {
        Order::GoOn => future.as_mut().poll(context).map(Some),
        Order::Drain | Order::Cut => Poll::Ready(None),
    })
    .await
}

/// Runs a connection to its end, as the watch orders.
async fn drive<C>(mut connection: Pin<&mut C>, drain: fn(Pin<&mut C>), watch: &Watch, peer: SocketAddr)
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    let (mut is_draining, mut has_begun) = (false, false);
    let outcome = poll_fn(|context| {
        match watch.order(context) {
            Order::Cut => return Poll::Ready(Ok(())),
            Order::Drain if !is_draining => {
                // A connection on which hyper has read nothing counts as idle: what was read before it would be lost.
                if !has_begun && let Poll::Ready(outcome) = connection.as_mut().poll(context) {
                    return Poll::Ready(outcome);
                }
                is_draining = true;
                drain(connection.as_mut());
            }
            _ => {}
        }
        has_begun = true;
        connection.as_mut().poll(context)
    })
    .await;
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "a connection ended with an error");
    }
}
