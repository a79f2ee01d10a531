//! What a session is called where people see it: the digest of its cookie's digest, so that neither is shown.

use std::fmt;
use std::str::FromStr;

use patgate_core::base62;

/// Keeps these names apart from all other digests.
const CONTEXT: &str = "patgate 2026-11-22 name of a session";

/// Names a session of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionName(u64);

/// Not the name of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a session is 11 characters of 0-9, A-Z and a-z")]
pub struct NotASessionName;

impl SessionName {
    /// The name of the session whose cookie has this digest.
    #[must_use]
    pub fn of(digest: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = blake3::derive_key(CONTEXT, digest);
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 11];
        base62::encode(self.0, &mut digits);
        digits.iter().try_for_each(|&digit| fmt::Write::write_char(formatter, digit as char))
    }
}

impl FromStr for SessionName {
    type Err = NotASessionName;

    fn from_str(text: &str) -> Result<Self, NotASessionName> {
        if text.len() != 11 {
            return Err(NotASessionName);
        }
        base62::decode(text.as_bytes()).map(Self).ok_or(NotASessionName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_shows_no_digest() {
        let name = SessionName::of(&[7; 32]);
        assert_eq!(name.to_string().parse(), Ok(name));
        assert_ne!(name, SessionName::of(&[8; 32]));
        assert_ne!(name.0, u64::from_be_bytes([7; 8]));
        for text in ["", "0000000000", "0000000000!", "zzzzzzzzzzz"] {
            assert_eq!(text.parse::<SessionName>(), Err(NotASessionName), "{text}");
        }
    }
}
