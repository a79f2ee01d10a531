//! Which addresses may be called: what the core forbids and our own ports are not, unless the configuration file says so.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::str::FromStr;

use ipnet::IpNet;
use patgate_core::webhook::forbidden;
use std::sync::OnceLock;

/// An address that the operator allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedTarget {
    /// One port of one address.
    Socket(SocketAddr),
    /// All ports of a network.
    Network(IpNet),
}

/// What is no address that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither an address with a port, like `127.0.0.1:9000`, nor an address or a network, like `10.0.0.0/8`"
)]
pub struct NotATarget(String);

/// Where requests may be forwarded to.
#[derive(Debug, Default)]
pub struct ForwardRules {
    allowed: Vec<AllowedTarget>,
    /// The addresses this server listens on.
    own: OnceLock<Vec<SocketAddr>>,
}

impl ForwardRules {
    /// The usual rules, but for what is allowed.
    #[must_use]
    pub fn new(allowed: Vec<AllowedTarget>) -> Self {
        Self { allowed, own: OnceLock::new() }
    }

    /// Says on which addresses this server listens. Once.
    pub fn listens_on(&self, addresses: &[SocketAddr]) {
        let _ = self.own.set(addresses.to_vec());
    }

    /// Judges an address that a name stands for.
    ///
    /// # Errors
    /// Why it may not be called, in words that go behind the address.
    pub fn judge(&self, target: SocketAddr) -> Result<(), String> {
        let target = SocketAddr::new(target.ip().to_canonical(), target.port());
        if self.allowed.iter().any(|allowed| allowed.is(target)) {
            return Ok(());
        }
        if let Some(why) = forbidden(target.ip()) {
            return Err(why.to_string());
        }
        if self.is_own(target) {
            return Err("is a port of this server".to_owned());
        }
        Ok(())
    }

    fn is_own(&self, target: SocketAddr) -> bool {
        let own = self.own.get().map_or(&[][..], Vec::as_slice);
        let listens = |own: &SocketAddr| {
            own.port() == target.port()
                && (own.ip() == target.ip() || (own.ip().is_unspecified() && is_of_this_machine(target.ip())))
        };
        own.iter().any(listens)
    }
}

/// Whether an address is one of this machine: only those can be bound.
fn is_of_this_machine(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

impl AllowedTarget {
    fn is(self, target: SocketAddr) -> bool {
        match self {
            Self::Socket(socket) => socket == target,
            Self::Network(network) => network.contains(&target.ip()),
        }
    }
}

impl FromStr for AllowedTarget {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return Ok(Self::Socket(SocketAddr::new(socket.ip().to_canonical(), socket.port())));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.to_canonical().into()));
        }
        text.parse().map(Self::Network).map_err(|_| NotATarget(text.chars().take(100).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(allowed: &[&str], target: &str) -> bool {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let rules = ForwardRules::new(allowed);
        rules.listens_on(&["192.0.2.1:5516".parse().unwrap(), "0.0.0.0:4516".parse().unwrap()]);
        rules.judge(target.parse().unwrap()).is_ok()
    }

    #[test]
    fn what_only_this_machine_reaches_is_called_only_when_it_is_allowed() {
        for target in
            ["127.0.0.1:9000", "[::1]:9000", "[::ffff:127.0.0.1]:9000", "169.254.169.254:80", "0.0.0.0:80"]
        {
            assert!(!judge(&[], target), "{target}");
        }
        assert!(judge(&[], "192.0.2.7:80") && judge(&[], "10.0.0.1:80"));
        assert!(
            judge(&["127.0.0.1:9000"], "127.0.0.1:9000")
                && judge(&["127.0.0.1:9000"], "[::ffff:127.0.0.1]:9000")
        );
        assert!(!judge(&["127.0.0.1:9000"], "127.0.0.1:9001") && !judge(&["127.0.0.1:9000"], "[::1]:9000"));
        assert!(judge(&["127.0.0.0/8"], "127.1.2.3:1") && judge(&["::1"], "[::1]:9000"));
    }

    #[test]
    fn our_own_ports_are_not_called() {
        assert!(!judge(&[], "192.0.2.1:5516") && judge(&[], "192.0.2.1:5517"));
        assert!(judge(&["192.0.2.1:5516"], "192.0.2.1:5516"));
        assert!(!judge(&[], "127.0.0.1:4516"));
    }

    #[test]
    fn what_is_no_address_is_named() {
        for bad in ["", "localhost", "localhost:80", "10.0.0.0/33", "http://10.0.0.1"] {
            assert!(bad.parse::<AllowedTarget>().unwrap_err().to_string().contains(bad));
        }
    }
}
