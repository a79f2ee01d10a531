//! What a listener serves requests with.
//!
//! These are plain types and no parameters, so that what runs for every request (hyper and the connections) is compiled
//! here, where the compiler is told to make it fast, and not where the answerer is made, where it is told to make it
//! small.

use std::fmt;
use std::future::ready;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
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

/// Answers a request that came from a direct peer: an IPv4 address is never written as an IPv6 one.
pub type Answerer = Arc<dyn Fn(Request<Incoming>, SocketAddr) -> Answer + Send + Sync>;
