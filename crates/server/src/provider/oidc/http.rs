//! Calls to a provider: one connection each, bounded in time and size, and no redirect is followed.
//!
//! A provider is asked a few times for each sign-in and is mostly somewhere else, so that a pool of connections would
//! save little; an own connection needs no more than hyper and rustls, and each of its bounds can be seen here.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{self, select};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::proxy::{HttpProxy, dial};
use crate::tls::Authorities;

/// How long one call may take, from the look-up of the name to the last byte of the answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Calls one provider.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// The authorities that vouch for it; the machine's when there is none.
    trust: Option<PathBuf>,
    /// Whether it may be called without TLS wherever it is.
    allows_clear_text: bool,
    /// Through which the way leads.
    proxy: Option<HttpProxy>,
}

/// What is sent with a call.
pub(super) enum Credentials<'c> {
    None,
    Basic { pair: &'c str },
    Bearer { token: &'c str },
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(super) content_type: String,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// How much of an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// All of it; a longer one than [`LONGEST`] is a fault.
    Whole,
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
    /// Nobody vouches for anybody.
    #[error("{0}")]
    NoAuthorities(String),
}

impl Client {
    pub(super) fn new(trust: Option<PathBuf>, allows_clear_text: bool, proxy: Option<HttpProxy>) -> Self {
        Self { trust, allows_clear_text, proxy }
    }

    /// Reads an address.
    pub(super) async fn get(&self, url: &Url, credentials: Credentials<'_>) -> Result<Reply, CallFault> {
        self.call(Method::GET, url, credentials, Bytes::new()).await
    }

    /// Sends a form.
    pub(super) async fn post(
        &self,
        url: &Url,
        credentials: Credentials<'_>,
        form: &[(&str, &str)],
    ) -> Result<Reply, CallFault> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.call(Method::POST, url, credentials, body.into()).await
    }

    /// Whether an address may be called at all.
    pub(super) fn may_call(&self, url: &Url) -> Result<(), CallFault> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allows_clear_text || is_this_machine(url) => Ok(()),
            _ => Err(CallFault::ClearText(url.origin().ascii_serialization())),
        }
    }

    async fn call(
        &self,
        method: Method,
        url: &Url,
        credentials: Credentials<'_>,
        body: Bytes,
    ) -> Result<Reply, CallFault> {
        self.may_call(url)?;
        let place = place(url);
        let request = request(&method, url, &credentials, body)
            .map_err(|reason| CallFault::Broken { to: place.clone(), reason: reason.to_string() })?;
        let answer = async {
            let stream = self.dial(url, &place).await?;
            let stream = self.secure(url, stream, &place).await?;
            exchange(stream, request, &place, Reading::Whole).await
        };
        within(&place, answer).await
    }

    /// Connects, through the proxy when there is one.
    async fn dial(&self, url: &Url, place: &str) -> Result<TcpStream, CallFault> {
        let unreachable = |reason: &dyn fmt::Display| CallFault::Unreachable {
            to: place.to_owned(),
            reason: reason.to_string(),
        };
        let host = url.host().ok_or_else(|| unreachable(&"the address has no host"))?;
        let port = url.port_or_known_default().unwrap_or(443);
        match &self.proxy {
            Some(proxy) => proxy.tunnel(&host, port).await.map_err(|reason| unreachable(&reason)),
            None => dial(&host, port).await.map_err(|error| unreachable(&error)),
        }
    }

    /// Puts TLS on a connection, when the address asks for it.
    async fn secure(
        &self,
        url: &Url,
        stream: TcpStream,
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
            Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|error| unreachable(&error))?
            }
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(address)),
        };
        let tls = TlsConnector::from(self.tls(&unreachable).await?);
        let stream = tls.connect(name, stream).await.map_err(|error| unreachable(&error))?;
        Ok(Either::Left(stream))
    }

    async fn tls(
        &self,
        unreachable: &impl Fn(&dyn fmt::Display) -> CallFault,
    ) -> Result<Arc<ClientConfig>, CallFault> {
        let authorities = Authorities::read(self.trust.as_deref()).await;
        let authorities = authorities.map_err(|none| CallFault::NoAuthorities(none.to_string()))?;
        authorities.client_config().map_err(|error| unreachable(&error))
    }
}

/// Sends a request to an address that was looked up and judged before, by the authorities of the machine, and reads the
/// beginning of the answer. The name in the URL is not looked up again.
///
/// # Errors
/// [`CallFault`].
pub(crate) async fn send_to(
    url: &Url,
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> Result<Reply, CallFault> {
    let place = place(url);
    let answer = async {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| CallFault::Unreachable { to: place.clone(), reason: error.to_string() })?;
        let stream = Client::new(None, true, None).secure(url, stream, &place).await?;
        exchange(stream, request, &place, Reading::Beginning(longest)).await
    };
    within(&place, answer).await
}

async fn within<T>(place: &str, answer: impl Future<Output = Result<T, CallFault>>) -> Result<T, CallFault> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(CallFault::Slow(place.to_owned())),
    }
}

/// Whether the host of an address is this machine: only then nobody is in between.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn place(url: &Url) -> String {
    match url.port_or_known_default() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}

fn request(
    method: &Method,
    url: &Url,
    credentials: &Credentials<'_>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, host)
        .header(ACCEPT, "application/json, application/jwt;q=0.5")
        .header(USER_AGENT, concat!("patgate/", env!("CARGO_PKG_VERSION")))
        .header(http::header::CONNECTION, "close");
    if *method == Method::POST {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let authorization = match credentials {
        Credentials::None => None,
        Credentials::Basic { pair } => Some(Zeroizing::new(format!("Basic {pair}"))),
        Credentials::Bearer { token } => Some(Zeroizing::new(format!("Bearer {token}"))),
    };
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(&authorization)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request.body(Full::new(body))
}

async fn exchange<S>(
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
                Reading::Whole if data.len() > LONGEST - body.len() => {
                    return Err(CallFault::Long(place.to_owned()));
                }
                Reading::Beginning(longest) if data.len() >= longest - body.len() => {
                    let rest = longest - body.len();
                    body.extend_from_slice(&data[..rest]);
                    break;
                }
                Reading::Whole | Reading::Beginning(_) => body.extend_from_slice(data),
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
