//! A proxy on the way to a provider: a tunnel leads through it (RFC 9110 §9.3.6), so that it sees with whom is spoken, and
//! over TLS nothing else.

use std::fmt;
use std::io;
use std::str::FromStr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::{Host, Url};

/// The longest answer of a proxy that is read, in bytes.
const LONGEST: usize = 8 * 1_024;

/// Where a proxy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpProxy {
    host: Host<String>,
    port: u16,
}

/// Why a text is no [`HttpProxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `http://HOST:PORT`, without a name, a password or a path")]
pub struct NotAProxy;

impl FromStr for HttpProxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let url = Url::parse(text).map_err(|_| NotAProxy)?;
        let is_plain = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host().filter(|_| is_plain).ok_or(NotAProxy)?;
        Ok(Self { host: host.to_owned(), port: url.port_or_known_default().ok_or(NotAProxy)? })
    }
}

impl fmt::Display for HttpProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}", self.host, self.port)
    }
}

impl HttpProxy {
    /// A connection through it to a host and a port.
    ///
    /// # Errors
    /// In words: it cannot be reached, or does not lead there.
    pub(super) async fn tunnel(&self, host: &Host<&str>, port: u16) -> Result<TcpStream, String> {
        let mut stream =
            dial(&self.host, self.port).await.map_err(|error| format!("the proxy `{self}`: {error}"))?;
        let answer =
            ask(&mut stream, host, port).await.map_err(|error| format!("the proxy `{self}`: {error}"))?;
        let mut words = answer.split(' ');
        let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
        let status = words.next().unwrap_or_default();
        if is_http && status.len() == 3 && status.starts_with('2') {
            Ok(stream)
        } else {
            Err(format!("the proxy `{self}` does not lead there: {}", super::fault::words(&answer)))
        }
    }
}

/// A connection to a host.
pub(super) async fn dial(host: &Host<impl AsRef<str>>, port: u16) -> io::Result<TcpStream> {
    match host {
        Host::Domain(name) => TcpStream::connect((name.as_ref(), port)).await,
        Host::Ipv4(address) => TcpStream::connect((*address, port)).await,
        Host::Ipv6(address) => TcpStream::connect((*address, port)).await,
    }
}

/// Asks for a tunnel. Returns the first line of the answer, when all of its head has come.
async fn ask(stream: &mut TcpStream, host: &Host<&str>, port: u16) -> io::Result<String> {
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    // A byte at a time: what comes behind the head is the provider's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST {
            return Err(io::Error::other("its answer is longer than 8 KiB"));
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    Ok(head.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for (text, shown) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
            ("http://proxy.example.com/", "http://proxy.example.com:80"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<HttpProxy>().unwrap().to_string(), shown);
        }
        for bad in [
            "proxy.example.com:3128",
            "https://proxy.example.com",
            "socks5://proxy.example.com",
            "http://ann:secret@proxy.example.com",
            "http://proxy.example.com/path",
            "http://proxy.example.com?x",
            "",
        ] {
            assert_eq!(bad.parse::<HttpProxy>(), Err(NotAProxy), "{bad}");
        }
    }
}
