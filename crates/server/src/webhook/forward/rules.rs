//! Which addresses may be called: what the core forbids and our own ports are not, unless the configuration file says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::sync::OnceLock;

use ipnet::IpNet;
use patgate_core::webhook::forbidden;

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
    /// The host of `public_url`, by which a request would come back.
    public_host: String,
    /// The addresses this server listens on.
    own: OnceLock<Vec<SocketAddr>>,
}

impl ForwardRules {
    /// The usual rules of a server whose `public_url` has this host, but for what is allowed.
    #[must_use]
    pub fn new(allowed: Vec<AllowedTarget>, public_host: &str) -> Self {
        Self { allowed, public_host: plain(public_host), own: OnceLock::new() }
    }

    /// Says on which addresses this server listens. Once.
    pub fn listens_on(&self, addresses: &[SocketAddr]) {
        let _ = self.own.set(addresses.to_vec());
    }

    /// Whether the configuration file allows an address.
    #[must_use]
    pub fn allows(&self, target: SocketAddr) -> bool {
        let target = SocketAddr::new(target.ip().to_canonical(), target.port());
        self.allowed.iter().any(|allowed| allowed.is(target))
    }

    /// Judges the host of a URL: what is sent to `public_url` would come back, whatever stands in front of this server.
    ///
    /// # Errors
    /// As [`ForwardRules::judge`].
    pub fn judge_name(&self, host: &str) -> Result<(), String> {
        let is_ours = !self.public_host.is_empty() && plain(host) == self.public_host;
        if is_ours { Err("is what `public_url` stands for".to_owned()) } else { Ok(()) }
    }

    /// Judges an address that a name stands for.
    ///
    /// # Errors
    /// Why it may not be called, in words that go behind the address.
    pub fn judge(&self, target: SocketAddr) -> Result<(), String> {
        let target = SocketAddr::new(target.ip().to_canonical(), target.port());
        if self.allows(target) {
            return Ok(());
        }
        if let Some(why) = forbidden(target.ip()) {
            return Err(why.to_string());
        }
        if self.is_own(target) {
            return Err("is a port of this server".to_owned());
        }
        if is_of_this_machine(target.ip()) {
            return Err("is an address of this machine itself".to_owned());
        }
        Ok(())
    }

    fn is_own(&self, target: SocketAddr) -> bool {
        let own = self.own.get().map_or(&[][..], Vec::as_slice);
        own.contains(&target)
    }
}

/// Whether an address is one of this machine: only those can be bound. Where the system lets others be bound as well
/// (`ip_nonlocal_bind` of Linux), it is one that is reached from itself.
fn is_of_this_machine(address: IpAddr) -> bool {
    let binds = |address: IpAddr| UdpSocket::bind((address, 0)).ok();
    // Of the networks for documentation (RFC 5737, RFC 3849): no machine has them.
    let (nobodys, any): (IpAddr, IpAddr) = match address {
        IpAddr::V4(_) => (Ipv4Addr::new(203, 0, 113, 255).into(), Ipv4Addr::UNSPECIFIED.into()),
        IpAddr::V6(_) => {
            let nobodys = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0xffff, 0xffff);
            (nobodys.into(), Ipv6Addr::UNSPECIFIED.into())
        }
    };
    if binds(address).is_none() || binds(nobodys).is_none() {
        return binds(address).is_some();
    }
    // Connecting a datagram socket sends nothing.
    let from = binds(any).and_then(|socket| {
        socket.connect((address, 9)).ok()?;
        socket.local_addr().ok()
    });
    from.is_some_and(|from| from.ip() == address)
}

/// A host as it is compared: a dot at its end, brackets and the case do not count.
fn plain(host: &str) -> String {
    host.trim_matches(['[', ']', '.']).to_ascii_lowercase()
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
        let rules = ForwardRules::new(allowed, "Patgate.example.org");
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
    fn no_address_of_this_machine_is_called_at_any_port() {
        // Whatever it has beside loopback; a machine without a network has none.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let own = socket.connect("192.0.2.7:9").and_then(|()| socket.local_addr()).map(|own| own.ip());
        let own = own.unwrap_or(Ipv4Addr::LOCALHOST.into());
        assert!(is_of_this_machine(own) && is_of_this_machine(Ipv6Addr::LOCALHOST.into()));
        assert!(!is_of_this_machine("192.0.2.7".parse().unwrap()));
        assert!(!judge(&[], &format!("{own}:9999")));
        assert!(judge(&[&format!("{own}:9999")], &format!("{own}:9999")));
    }

    #[test]
    fn the_host_of_the_public_url_leads_back() {
        let rules = ForwardRules::new(Vec::new(), "Patgate.example.org");
        for host in ["patgate.example.org", "PATGATE.example.org.", "patgate.example.org."] {
            assert!(rules.judge_name(host).is_err(), "{host}");
        }
        assert!(rules.judge_name("example.org").is_ok());
        assert!(ForwardRules::default().judge_name("").is_ok());
        assert!(ForwardRules::new(Vec::new(), "[2001:db8::1]").judge_name("2001:db8::1").is_err());
    }

    #[test]
    fn what_is_no_address_is_named() {
        for bad in ["", "localhost", "localhost:80", "10.0.0.0/33", "http://10.0.0.1"] {
            assert!(bad.parse::<AllowedTarget>().unwrap_err().to_string().contains(bad));
        }
    }
}
