//! Where mail goes, and whom it comes from.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use lettre::Address;
use url::Host;

/// The longest address that a path of SMTP carries, in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST: usize = 254;
/// The longest name shown beside an address, in characters.
const LONGEST_NAME: usize = 128;

/// A mail address, with the name that is shown for it.
///
/// Neither holds a control character; the domain is in ASCII (a name such as `bücher.example` is turned into its
/// `xn--` form), the part before it may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write one mail address, such as `ann@example.org`")]
pub struct NotAMailbox;

impl Mailbox {
    /// The longest address, in bytes.
    pub const LONGEST: usize = LONGEST;

    /// The address alone.
    ///
    /// # Errors
    /// [`NotAMailbox`] for what is none, or is longer than 254 bytes.
    pub fn at(address: &str) -> Result<Self, NotAMailbox> {
        let (local, domain) = address.rsplit_once('@').ok_or(NotAMailbox)?;
        let is_unfit =
            |character: char| character.is_control() || character.is_whitespace() || "<>".contains(character);
        if address.chars().any(is_unfit) {
            return Err(NotAMailbox);
        }
        let domain = match domain.strip_prefix('[') {
            Some(literal) if is_address_literal(literal) => domain.to_owned(),
            Some(_) => return Err(NotAMailbox),
            None => match Host::parse(domain) {
                Ok(Host::Domain(domain)) => domain,
                Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => return Err(NotAMailbox),
            },
        };
        let address = Address::new(local, domain).map_err(|_| NotAMailbox)?;
        let length = AsRef::<str>::as_ref(&address).len();
        if length <= LONGEST { Ok(Self { name: None, address }) } else { Err(NotAMailbox) }
    }

    /// The same address with a name. Control characters are left out of it, and what is too long is cut.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let name: String =
            name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect();
        let name = name.trim();
        Self { name: (!name.is_empty()).then(|| name.to_owned()), address: self.address }
    }

    /// The address, without the name.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_ref()
    }

    /// The name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What stands behind the `@`, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.domain()
    }

    /// For a header.
    pub(super) fn for_header(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(self.name.clone(), self.address.clone())
    }
}

impl FromStr for Mailbox {
    type Err = NotAMailbox;

    /// `ann@example.org` or `Ann Müller <ann@example.org>`.
    fn from_str(text: &str) -> Result<Self, NotAMailbox> {
        let text = text.trim();
        match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => Ok(Self::at(address)?.named(name.trim().trim_matches('"'))),
            None => Self::at(text),
        }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{name} <{}>", self.address),
            None => write!(formatter, "{}", self.address),
        }
    }
}

/// Whether this is the address of a machine, behind its first bracket (RFC 5321 §4.1.3).
fn is_address_literal(text: &str) -> bool {
    text.strip_suffix(']').is_some_and(|inner| match inner.strip_prefix("IPv6:") {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => inner.parse::<Ipv4Addr>().is_ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_a_name() {
        let plain: Mailbox = " ann@example.org ".parse().unwrap();
        assert_eq!((plain.name(), plain.address(), plain.domain()), (None, "ann@example.org", "example.org"));
        let named: Mailbox = "\"Ann Müller\" <ann@localhost>".parse().unwrap();
        assert_eq!((named.name(), named.address()), (Some("Ann Müller"), "ann@localhost"));
        assert_eq!(named.to_string(), "Ann Müller <ann@localhost>");
        let foreign = Mailbox::at("jörg@bücher.example").unwrap();
        assert_eq!(foreign.address(), "jörg@xn--bcher-kva.example");
        for literal in ["[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            assert_eq!(Mailbox::at(&format!("ann@{literal}")).unwrap().domain(), literal);
        }
    }

    #[test]
    fn what_would_be_a_command_of_its_own_is_no_address() {
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@example.org\r\nRCPT TO:<eve@example.org>",
            "ann@example.org> SIZE=1",
            "a<b@example.org",
            "ann @example.org",
            "\"a\r\nb\"@example.org",
            "ann@exa mple.org",
            "ann@example.org\0",
            "ann@example.org, eve@example.org",
            "ann@192.0.2.1",
            "ann@[192.0.2.1",
            "ann@[example.org]",
            "ann@[ü]",
            "ann@[IPv6:192.0.2.1]",
        ] {
            assert_eq!(Mailbox::at(text), Err(NotAMailbox), "{text:?}");
        }
        assert_eq!(Mailbox::at(&format!("ann@{}.org", "a.".repeat(130))), Err(NotAMailbox));
    }

    #[test]
    fn a_name_loses_what_would_be_a_line_of_its_own() {
        let named = Mailbox::at("ann@example.org").unwrap().named("Ann\r\nBcc: eve@example.org");
        assert_eq!(named.name(), Some("AnnBcc: eve@example.org"));
        assert_eq!(Mailbox::at("ann@example.org").unwrap().named(" \t").name(), None);
    }
}
