//! An HTTP client for calls to other servers: one connection each, bounded in time and size, and no redirect is followed.
//!
//! Sign-in asks providers with it, webhook endpoints forward requests with it, and scripts of releases call applications with
//! it. Whether an address may be called is judged by whoever calls. Such calls are few and mostly go somewhere else each time,
//! so that a pool of connections would save little; an own connection needs no more than hyper and rustls, and each of its
//! bounds can be seen here.

mod look_up;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{self, select};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use url::{Host, Url};
use zeroize::Zeroizing;

pub(crate) use self::look_up::{addresses, first, system};
use crate::tls::Authorities;

/// How long one call may take, from the look-up of the name to the last byte of the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content_type: String,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// How much of an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// All of it; one of more bytes is a fault.
    Whole(usize),
    /// So many bytes at most; what comes after them does not matter.
    Beginning(usize),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// It took too long.
    #[error("`{0}` did not answer within 10 s")]
    Slow(String),
    /// There is no connection, or no TLS.
    #[error("`{to}` cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        to: String,
        /// In words.
        reason: String,
    },
    /// What came is not HTTP, or broke off.
    #[error("`{to}` gave no whole answer: {reason}")]
    Broken {
        /// Host and port.
        to: String,
        /// In words.
        reason: String,
    },
    /// The answer is longer than anything a provider has to say.
    #[error("`{0}` answered with more than 1 MiB")]
    Long(String),
    /// An address that may not be called.
    #[error(
        "`{0}` is no https address; http is for this machine alone, or set `allow_clear_text = true` at the provider"
    )]
    ClearText(String),
    /// What the name stands for may not be called.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody vouches for anybody.
    #[error("{0}")]
    NoAuthorities(String),
}

/// Looks up and judges where the URL leads, by `address`, sends the request there, by the authorities of the machine, and
/// reads the beginning of the answer. The name in the URL is not looked up again. All of it takes ten seconds at most.
///
/// # Errors
/// [`CallFault`].
pub(crate) async fn send_to(
    url: &Url,
    address: impl Future<Output = Result<SocketAddr, CallFault>>,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> Result<Reply, CallFault> {
    let place = place(url);
    within(&place, sent(url, &place, address, request, longest)).await
}

/// Ends a call that takes too long.
///
/// # Errors
/// [`CallFault::Slow`], and what the call says.
pub(crate) async fn within<T>(
    place: &str,
    answer: impl Future<Output = Result<T, CallFault>>,
) -> Result<T, CallFault> {
    limited(LIMIT, place, answer).await
}

/// Host and port of an address, for messages.
pub(crate) fn place(url: &Url) -> String {
    match url.port_or_known_default() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}

/// Puts TLS on a connection, when the address asks for it, by these authorities or by those of the machine.
pub(crate) async fn secure(
    url: &Url,
    stream: TcpStream,
    trust: Option<&Path>,
    place: &str,
) -> Result<Either<tokio_rustls::client::TlsStream<TcpStream>, TcpStream>, CallFault> {
    let unreachable = |reason: &dyn fmt::Display| CallFault::Unreachable {
        to: place.to_owned(),
        reason: reason.to_string(),
    };
    let host = url.host().ok_or_else(|| unreachable(&"the address has no host"))?;
    if url.scheme() != "https" {
        return Ok(Either::Right(stream));
    }
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|error| unreachable(&error))?,
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(address)),
    };
    let tls = TlsConnector::from(tls(trust, &unreachable).await?);
    let stream = tls.connect(name, stream).await.map_err(|error| unreachable(&error))?;
    Ok(Either::Left(stream))
}

async fn sent(
    url: &Url,
    place: &str,
    address: impl Future<Output = Result<SocketAddr, CallFault>>,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> Result<Reply, CallFault> {
    let stream = TcpStream::connect(address.await?)
        .await
        .map_err(|error| CallFault::Unreachable { to: place.to_owned(), reason: error.to_string() })?;
    let stream = secure(url, stream, None, place).await?;
    exchange(stream, request, place, Reading::Beginning(longest)).await
}

async fn limited<T>(
    limit: Duration,
    place: &str,
    answer: impl Future<Output = Result<T, CallFault>>,
) -> Result<T, CallFault> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(CallFault::Slow(place.to_owned())),
    }
}

async fn tls(
    trust: Option<&Path>,
    unreachable: &impl Fn(&dyn fmt::Display) -> CallFault,
) -> Result<Arc<ClientConfig>, CallFault> {
    let authorities = Authorities::read(trust).await;
    let authorities = authorities.map_err(|none| CallFault::NoAuthorities(none.to_string()))?;
    authorities.client_config().map_err(|error| unreachable(&error))
}

/// Asks, and reads the answer, over a connection that ends with it.
///
/// # Errors
/// [`CallFault`].
pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    place: &str,
    reading: Reading,
) -> Result<Reply, CallFault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let broken =
        |reason: &dyn fmt::Display| CallFault::Broken { to: place.to_owned(), reason: reason.to_string() };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (parts, mut incoming) = response.into_parts();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            let Some(data) = frame.data_ref() else { continue };
            match reading {
                Reading::Whole(longest) if data.len() > longest - body.len() => {
                    return Err(CallFault::Long(place.to_owned()));
                }
                Reading::Beginning(longest) if data.len() >= longest - body.len() => {
                    let rest = longest - body.len();
                    body.extend_from_slice(&data[..rest]);
                    break;
                }
                Reading::Whole(_) | Reading::Beginning(_) => body.extend_from_slice(data),
            }
        }
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        Ok(Reply { status: parts.status, content_type, headers: parts.headers, body })
    };
    // The connection is driven beside the talk, and ends with it.
    drive(connection, talk).await
}

/// Runs both; the talk answers. What is wrong with the connection, the talk learns as well.
async fn drive<T>(connection: impl Future<Output = hyper::Result<()>>, talk: impl Future<Output = T>) -> T {
    match select(pin!(talk), pin!(connection)).await {
        future::Either::Left((answer, _)) => answer,
        future::Either::Right((_, talk)) => talk.await,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const HALF: Duration = Duration::from_millis(600);

    /// A call of which the look-up takes a while, and the answer as long again; what came of it within this time.
    async fn called_within(limit: Duration) -> Result<StatusCode, CallFault> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let _ = stream.read(&mut [0; 512]).await?;
            tokio::time::sleep(HALF).await;
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            io::Result::Ok(())
        });
        let found = async {
            tokio::time::sleep(HALF).await;
            Ok(address)
        };
        let url: Url = "http://slow.invalid/".parse().unwrap();
        let request =
            Request::post("/").header("host", "slow.invalid").body(Full::new(Bytes::new())).unwrap();
        let reply =
            limited(limit, "slow.invalid:80", sent(&url, "slow.invalid:80", found, request, 100)).await;
        reply.map(|reply| reply.status)
    }

    #[tokio::test]
    async fn the_look_up_and_the_answer_have_one_bound() {
        // Each of both would keep to a second of its own.
        let slow = called_within(Duration::from_secs(1)).await;
        assert_eq!(slow, Err(CallFault::Slow("slow.invalid:80".to_owned())));
        assert_eq!(called_within(LIMIT).await, Ok(StatusCode::NO_CONTENT));
    }
}
