//! Where a server of a directory is: `ldap://host:port` or `ldaps://host:port`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use rustls::pki_types::ServerName;
use url::{Host, Url};

/// One server of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    /// Whether TLS begins with the first byte (`ldaps`).
    pub(super) is_ldaps: bool,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whom the certificate must name.
    pub(super) name: ServerName<'static>,
}

/// Why a text is no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAServerUrl {
    /// No URL, or one of something else.
    #[error("write the server like `ldaps://ldap.example.com` or `ldap://ldap.example.com:389`")]
    Unfit,
    /// With more than a host and a port.
    #[error("write a host and a port alone: bases, filters and users have settings of their own")]
    More,
}

impl ServerUrl {
    /// Whether TLS begins with the first byte.
    #[must_use]
    pub fn is_ldaps(&self) -> bool {
        self.is_ldaps
    }
}

impl FromStr for ServerUrl {
    type Err = NotAServerUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| NotAServerUrl::Unfit)?;
        let is_ldaps = match url.scheme() {
            "ldap" => false,
            "ldaps" => true,
            _ => return Err(NotAServerUrl::Unfit),
        };
        let has_more = !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more {
            return Err(NotAServerUrl::More);
        }
        // A scheme that the web does not know has its host read as text, so that an address stays a name.
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(NotAServerUrl::Unfit),
        };
        let name = match host.parse::<IpAddr>() {
            Ok(address) => ServerName::IpAddress(address.into()),
            Err(_) => ServerName::try_from(host.clone()).map_err(|_| NotAServerUrl::Unfit)?,
        };
        let port = url.port().unwrap_or(if is_ldaps { 636 } else { 389 });
        if port == 0 {
            return Err(NotAServerUrl::Unfit);
        }
        Ok(Self { is_ldaps, host, port, name })
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_ldaps { "ldaps" } else { "ldap" };
        let brackets = if self.host.contains(':') { ["[", "]"] } else { ["", ""] };
        write!(formatter, "{scheme}://{}{}{}:{}", brackets[0], self.host, brackets[1], self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for (text, expected) in [
            ("ldap://localhost:3890/", "ldap://localhost:3890"),
            ("ldaps://ldap.example.com", "ldaps://ldap.example.com:636"),
            ("ldap://127.0.0.1", "ldap://127.0.0.1:389"),
            ("ldaps://[::1]:6360", "ldaps://[::1]:6360"),
        ] {
            assert_eq!(text.parse::<ServerUrl>().unwrap().to_string(), expected);
        }
        assert!(matches!("ldap://127.0.0.1".parse::<ServerUrl>().unwrap().name, ServerName::IpAddress(_)));
        for text in ["", "localhost", "http://localhost", "ldap://", "ldapi:///", "ldap://a b", "ldap://a:0"]
        {
            assert_eq!(text.parse::<ServerUrl>(), Err(NotAServerUrl::Unfit), "{text}");
        }
        for text in ["ldap:///dc=x", "ldap://h/dc=example", "ldap://h?uid", "ldap://cn@h", "ldap://h#x"] {
            assert_eq!(text.parse::<ServerUrl>(), Err(NotAServerUrl::More), "{text}");
        }
    }
}
