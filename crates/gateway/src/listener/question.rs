//! Questions, answered before hyper sees the connection.
//!
//! What a proxy asks has no body, and its answer is there at once. To parse it, to judge it and to write the answer into
//! one buffer costs less than half of what a server does for requests of every kind. So a connection begins here, and the
//! first request that is no question goes to hyper, with all that was read and everything that follows.
//!
//! A head is taken apart by httparse, as hyper does, and only what can be read in one way is answered here: what could
//! have a body, wants the connection otherwise, or cannot be read, is left to hyper whole.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::Status;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::answer::Answerer;
use super::watch::{Order, Watch, Watched};

/// The longest head that is read here, in bytes; hyper reads longer ones.
const ROOM: usize = 8_192;
/// The most headers, as hyper has it.
const MOST_HEADERS: usize = 100;

/// What came, and what is to be sent.
struct Questions<'a> {
    answerer: &'a dyn Answerer,
    peer: SocketAddr,
    came: BytesMut,
    /// How much of it was seen to be a part of a head; 0 when none was looked at.
    part: usize,
    headers: HeaderMap,
    out: Vec<u8>,
}

/// What stands first in what came.
enum First {
    /// A question, which was answered.
    Answered,
    /// Not yet a whole head.
    Part,
    /// Anything else.
    Other,
}

/// What comes next on a connection.
enum Next {
    /// More bytes.
    Bytes,
    /// What hyper knows how to end: the connection is to end after the open requests, and one has begun.
    Hyper,
    /// The end, by either side.
    End,
    /// Nothing: it is cut, or broken.
    Nothing,
}

/// Answers questions until something else comes: then what was read and not answered, from which hyper goes on. `None`
/// when the connection is over.
pub(super) async fn answer<T: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut Watched<T>,
    answerer: &dyn Answerer,
    peer: SocketAddr,
    watch: &Watch,
) -> Option<Bytes> {
    let (came, headers, out) = (BytesMut::new(), HeaderMap::new(), Vec::new());
    let mut questions = Questions { answerer, peer, came, part: 0, headers, out };
    loop {
        let first = questions.first();
        if matches!(first, First::Answered) {
            watch.was_answered();
            // All that was asked together is answered together, up to a bound.
            if questions.out.len() < ROOM {
                continue;
            }
        }
        questions.send(stream, watch).await?;
        if matches!(first, First::Answered) {
            continue;
        }
        if matches!(first, First::Part) && !questions.came.is_empty() {
            // It may have come together with the question before it.
            watch.bytes_came();
        }
        let is_long = questions.came.len() >= ROOM;
        if is_long || matches!(first, First::Other) {
            return Some(questions.came.freeze());
        }
        match questions.read(stream, watch).await {
            Next::Bytes => {}
            Next::Hyper => return Some(questions.came.freeze()),
            Next::End => {
                close(stream, watch).await;
                return None;
            }
            Next::Nothing => return None,
        }
    }
}

/// Ends a connection as hyper does: what is under way is not lost.
async fn close<T: AsyncRead + AsyncWrite + Unpin>(stream: &mut Watched<T>, watch: &Watch) {
    poll_fn(|context| match watch.order(context) {
        Order::Cut => Poll::Ready(()),
        _ => Pin::new(&mut *stream).poll_shutdown(context).map(drop),
    })
    .await;
}

impl Questions<'_> {
    /// Waits for more.
    async fn read<T: AsyncRead + Unpin>(&mut self, stream: &mut Watched<T>, watch: &Watch) -> Next {
        self.came.reserve(ROOM - self.came.len());
        let has_begun = !self.came.is_empty();
        let mut more = pin!(stream.read_buf(&mut self.came));
        poll_fn(|context| match watch.order(context) {
            Order::GoOn => Poll::Ready(match ready!(more.as_mut().poll(context)) {
                Ok(1..) => Next::Bytes,
                Ok(0) => Next::End,
                Err(_) => Next::Nothing,
            }),
            Order::Drain if has_begun => Poll::Ready(Next::Hyper),
            Order::Drain => Poll::Ready(Next::End),
            Order::Cut => Poll::Ready(Next::Nothing),
        })
        .await
    }

    /// Sends what is written, and forgets it; `None` when that cannot be done.
    async fn send<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut Watched<T>,
        watch: &Watch,
    ) -> Option<()> {
        let mut sent = 0;
        poll_fn(|context| {
            while sent < self.out.len() && watch.order(context) != Order::Cut {
                match ready!(Pin::new(&mut *stream).poll_write(context, &self.out[sent..])) {
                    Ok(more @ 1..) => sent += more,
                    Ok(0) | Err(_) => return Poll::Ready(None),
                }
            }
            if watch.order(context) == Order::Cut {
                return Poll::Ready(None);
            }
            Pin::new(&mut *stream).poll_flush(context).map(Result::ok)
        })
        .await?;
        self.out.clear();
        // A long answer is rare, and connections are many.
        self.out.shrink_to(ROOM);
        Some(())
    }

    /// Answers the question that stands first, if one does, and takes it away.
    fn first(&mut self) -> First {
        // No head ends without the end of a line: who sends theirs byte by byte is not read anew with each.
        let is_part = self.part > 0 && !self.came.iter().skip(self.part).any(|byte| *byte == b'\n');
        self.part = self.came.len();
        if is_part {
            return First::Part;
        }
        let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut []);
        let length = match head.parse_with_uninit_headers(&self.came, &mut lines) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return First::Part,
            Err(_) => return First::Other,
        };
        let (Some("GET"), Some(path), Some(1)) = (head.method, head.path, head.version) else {
            return First::Other;
        };
        self.headers.clear();
        let is_question = path.starts_with('/')
            && path.bytes().all(is_of_path)
            && head.headers.iter().all(|line| keep(&mut self.headers, line).is_some())
            && self.answerer.answer_question(path, &self.headers, self.peer, &mut self.out);
        if !is_question {
            return First::Other;
        }
        self.came.advance(length);
        self.part = 0;
        First::Answered
    }
}

/// Whether a path can have this byte (RFC 3986 §3.3). httparse takes others too, of which hyper refuses some: what has one
/// is left to it, and so is what has a query.
fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte)
}

/// Keeps a header; `None` when it says that this is no question, or cannot be one.
fn keep(headers: &mut HeaderMap, line: &httparse::Header<'_>) -> Option<()> {
    let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
    let is_plain = match name {
        CONTENT_LENGTH | TRANSFER_ENCODING | EXPECT | UPGRADE => false,
        CONNECTION => line.value.eq_ignore_ascii_case(b"keep-alive"),
        _ => true,
    };
    let value = HeaderValue::from_bytes(line.value).ok()?;
    headers.append(name, value);
    is_plain.then_some(())
}

#[cfg(test)]
mod tests;
