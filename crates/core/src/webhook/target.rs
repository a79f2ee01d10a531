//! Where requests may be forwarded to: not to this machine, nor to what only this machine can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It is this machine.
    #[error("is an address of this machine itself")]
    ThisMachine,
    /// It is of the network that the machine is plugged into, where cloud providers put their secrets.
    #[error("is a link-local address")]
    LinkLocal,
    /// It looks like any other, and is where a cloud provider answers its machines: with their secrets, too.
    #[error("is where a cloud provider keeps the secrets of its machines")]
    Provider,
    /// It is translated, by whoever runs the network, to an IPv4 address that nobody can tell from it.
    #[error("is translated to an address that cannot be told from it")]
    Translated,
    /// It is not the address of one machine.
    #[error("is not the address of one machine")]
    NotOne,
}

/// Why this address may not be called; `None`: it may. An IPv4 address inside an IPv6 one is judged as that IPv4 address.
#[must_use]
pub fn forbidden(address: IpAddr) -> Option<Forbidden> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => forbidden_v4(inner),
            None => forbidden_v6(address),
        },
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<Forbidden> {
    match address.octets() {
        // "This network" (RFC 791 §3.2): Linux takes 0.0.0.0 for the machine itself.
        [0 | 127, ..] => Some(Forbidden::ThisMachine),
        [169, 254, ..] => Some(Forbidden::LinkLocal),
        [224..=255, ..] => Some(Forbidden::NotOne),
        // Alibaba Cloud's metadata, Azure's WireServer, Oracle Cloud's metadata (of its first machines).
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => Some(Forbidden::Provider),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<Forbidden> {
    if address.is_loopback() || address.is_unspecified() {
        return Some(Forbidden::ThisMachine);
    }
    match address.segments() {
        // Link-local (RFC 4291 §2.5.6) and the older site-local (§2.5.7).
        [0xfe80..=0xfeff, ..] => Some(Forbidden::LinkLocal),
        // The addresses under which Amazon's and Google's machines ask for their secrets.
        [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..] => Some(Forbidden::Provider),
        // Of one network alone (RFC 8215): which of its bits are the IPv4 address, only that network knows.
        [0x0064, 0xff9b, 0x0001, ..] => Some(Forbidden::Translated),
        [0xff00..=0xffff, ..] => Some(Forbidden::NotOne),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped and compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4
/// (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        // ::1 and :: are themselves.
        [0, 0, 0, 0, 0, 0] if g != 0 => Some(of(g, h)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}
