//! Calls to a provider: by https, or in clear where that may be, and through its proxy.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use tokio::net::TcpStream;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::proxy::{HttpProxy, dial};
use crate::outbound::{CallFault, Reading, Reply, exchange, place, secure, within};

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
            let stream = secure(url, stream, self.trust.as_deref(), &place).await?;
            exchange(stream, request, &place, Reading::Whole(LONGEST)).await
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
