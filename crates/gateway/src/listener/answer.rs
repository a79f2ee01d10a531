//! What a listener serves requests with.
//!
//! These are plain types and no parameters, so that what runs for every request (hyper and the connections) is compiled
//! here, where the compiler is told to make it fast, and not where the answerer is made, where it is told to make it
//! small.

use std::fmt;
use std::future::ready;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Full};
use hyper::body::Incoming;

/// Any error of a body.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body: there at once, or made while it is sent.
pub type Body = Either<Full<Bytes>, UnsyncBoxBody<Bytes, BodyError>>;

/// An answer: there at once, or under way.
pub enum Answer {
    /// It is there, and nothing was allocated for waiting.
    Ready(Response<Bytes>),
    /// It comes.
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Answer {
    /// An answer that comes.
    pub fn later(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }

    /// The answer, when it is there.
    pub fn response(self) -> impl Future<Output = Response<Body>> + Send {
        match self {
            Self::Ready(response) => ready(response.map(Full::new).map(Either::Left)).left_future(),
            Self::Later(answer) => answer.right_future(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(response) => formatter.debug_tuple("Ready").field(response).finish(),
            Self::Later(_) => formatter.write_str("Later"),
        }
    }
}

/// What answers the requests of listeners. The address is that of the direct peer: an IPv4 one is never written as an
/// IPv6 one.
pub trait Answerer: Send + Sync + 'static {
    /// Answers a request.
    fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer;

    /// Answers a question: a GET without a body and without a query, whose answer is there at once. Writes all of it
    /// behind what is in `out` (RFC 9112 §4), and says whether it did. If not, nothing was written, and the request goes
    /// to [`Answerer::answer`].
    fn answer_question(&self, path: &str, headers: &HeaderMap, peer: SocketAddr, out: &mut Vec<u8>) -> bool {
        let _ = (path, headers, peer, out);
        false
    }
}

impl<F: Fn(Request<Incoming>, SocketAddr) -> Answer + Send + Sync + 'static> Answerer for F {
    fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        self(request, peer)
    }
}
