//! Proxies whose word counts: about the client's address and about the original request.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;

/// How many addresses of `X-Forwarded-For` are looked at, from the right.
const MOST_HOPS: usize = 32;

/// The addresses of the proxies in front of this node. None by default.
#[derive(Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// Not an address or a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an IP address nor a network such as `10.0.0.0/8`")]
pub struct NotANetwork(String);

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`NotANetwork`] naming the first that is none.
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, NotANetwork> {
        texts.into_iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the word of this address counts.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client: the direct peer's, or, when that is a trusted proxy, the rightmost address of
    /// `X-Forwarded-For` that is none. What a client writes there itself stands further left and is not reached.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MOST_HOPS) {
            let Some(address) = hop_address(hop) else { break };
            client = address;
            if !self.contains(client) {
                break;
            }
        }
        client
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.0).finish()
    }
}

fn network(text: &str) -> Result<IpNet, NotANetwork> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => Ok(IpNet::from(address.to_canonical())),
        Err(_) => IpNet::from_str(text),
    };
    network.map_err(|_| NotANetwork(text.chars().take(100).collect()))
}

/// An address with or without a port, an IPv6 one with or without brackets.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let value = |line: &&[u8]| http::HeaderValue::from_bytes(line).unwrap();
        lines.iter().map(|line| (http::HeaderName::from_static("x-forwarded-for"), value(line))).collect()
    }

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let trusted = TrustedProxies::read(trusted.iter().copied()).unwrap();
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        trusted.client_address(peer.parse().unwrap(), &headers(&lines)).to_string()
    }

    #[test]
    fn nobody_is_trusted_unless_named() {
        assert_eq!(client(&[], "10.0.0.1", &["192.0.2.9"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.2"], "10.0.0.1", &["192.0.2.9"]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_client() {
        let trusted = &["10.0.0.0/8", "::1"];
        for (lines, expected) in [
            (&["192.0.2.9"] as &[&str], "192.0.2.9"),
            (&["203.0.113.1, 192.0.2.9"], "192.0.2.9"),
            (&["203.0.113.1, 192.0.2.9 , 10.1.1.1"], "192.0.2.9"),
            (&["203.0.113.1", "192.0.2.9"], "192.0.2.9"),
            (&["192.0.2.9:4711"], "192.0.2.9"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["::ffff:192.0.2.9"], "192.0.2.9"),
            (&[], "10.0.0.1"),
            (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            (&["192.0.2.9, unknown"], "10.0.0.1"),
            (&["192.0.2.9, unknown, 10.2.2.2"], "10.2.2.2"),
            (&[""], "10.0.0.1"),
        ] {
            assert_eq!(client(trusted, "10.0.0.1", lines), expected, "{lines:?}");
        }
        assert_eq!(client(trusted, "::ffff:10.0.0.1", &["192.0.2.9"]), "192.0.2.9");
        let endless = ["10.9.9.9"; 10_000].join(",");
        assert_eq!(client(trusted, "10.0.0.1", &["192.0.2.9", &endless]), "10.9.9.9");
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in ["", "proxy.example.org", "10.0.0.0/33", "10.0.0", "10.0.0.1:80"] {
            assert_eq!(TrustedProxies::read([bad]).unwrap_err().0, bad);
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_an_address_comes_out(line in proptest::collection::vec(0x20_u8..0x7f, 0..80)) {
            let trusted = TrustedProxies::read(["10.0.0.0/8"]).unwrap();
            let client = trusted.client_address("10.0.0.1".parse().unwrap(), &headers(&[&line]));
            let forged = line.split(|b| *b == b',').filter_map(hop_address).any(|hop| hop == client);
            prop_assert!(forged || client.to_string() == "10.0.0.1");
        }
    }
}
