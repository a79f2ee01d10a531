//! Where people reach Patgate.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use url::Url;

/// An `http` or `https` URL with a path and nothing behind it: no query, no fragment, no user.
///
/// ```
/// use patgate_server::configuration::PublicUrl;
/// let url: PublicUrl = "https://Tokens.example.com:443/patgate/".parse().unwrap();
/// assert_eq!(url.to_string(), "https://tokens.example.com/patgate");
/// assert_eq!(url.path(), "/patgate");
/// assert_eq!(url.join("/login"), "https://tokens.example.com/patgate/login");
/// assert_eq!(url.origin(), "https://tokens.example.com");
/// assert_eq!(url.host(), "tokens.example.com");
/// assert!("https://tokens.example.com/?a=b".parse::<PublicUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    path: String,
    is_https: bool,
}

/// Why a text is no public URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an `http` or `https` URL without user, query and fragment, like `https://tokens.example.com`")]
pub struct NotAPublicUrl;

impl PublicUrl {
    /// Whether cookies can be secure.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Scheme, host, and the port when it is not the scheme's own: what a browser sends as `Origin` (RFC 6454 §6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone: a name, or an address as it stands in a URL.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.origin.split_once("://").map_or("", |(_, host)| host);
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            _ => host,
        }
    }

    /// The path before every path of ours: empty, or with a `/` at its start and none at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole URL of a path of ours, which starts with `/`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }

    /// The URL that a listener has when none is configured. A listener on all addresses is `localhost`.
    #[must_use]
    pub fn of_listener(address: SocketAddr, is_https: bool) -> Self {
        let scheme = if is_https { "https" } else { "http" };
        let origin = if address.ip().is_unspecified() {
            format!("{scheme}://localhost:{}", address.port())
        } else {
            format!("{scheme}://{address}")
        };
        Self { origin, path: String::new(), is_https }
    }
}

impl FromStr for PublicUrl {
    type Err = NotAPublicUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| NotAPublicUrl)?;
        let is_bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !is_bare || !matches!(url.scheme(), "http" | "https") {
            return Err(NotAPublicUrl);
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
            is_https: url.scheme() == "https",
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.origin, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_web_addresses_are_public_urls() {
        for good in ["http://localhost:8080", "https://[::1]:5516/a/b", "https://bücher.example"] {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "tokens.example.com",
            "ftp://a.example",
            "https://a.example#x",
            "https://me:pw@a.example",
            "https://",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(NotAPublicUrl), "{bad}");
        }
    }

    #[test]
    fn a_listener_has_a_url() {
        let url = |address: &str| PublicUrl::of_listener(address.parse().unwrap(), false).to_string();
        assert_eq!(url("127.0.0.1:5516"), "http://127.0.0.1:5516");
        assert_eq!(url("[::1]:5516"), "http://[::1]:5516");
        assert_eq!(url("0.0.0.0:80"), "http://localhost:80");
    }
}
