//! The first letters of a token, which say what it is for to a person, a proxy and a leak scanner.

use std::fmt;
use std::str::FromStr;

/// 2 to 8 characters: a lower-case letter, then lower-case letters and digits. Written before a `_`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    length: u8,
    bytes: [u8; Prefix::LONGEST],
}

/// Why a text is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token prefix is 2 to 8 characters, a lower-case letter first, then lower-case letters and digits")]
pub struct NotAPrefix;

impl Prefix {
    /// The longest prefix, in characters.
    pub const LONGEST: usize = 8;
    /// `pat`: a token for every application.
    pub const ANY: Self = Self { length: 3, bytes: *b"pat\0\0\0\0\0" };
    /// `rpa`: a token for Release.
    pub const RELEASE: Self = Self { length: 3, bytes: *b"rpa\0\0\0\0\0" };
    /// `dpa`: a token for Deploy.
    pub const DEPLOY: Self = Self { length: 3, bytes: *b"dpa\0\0\0\0\0" };

    /// The characters before the `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// Reads the bytes before the `_`.
    ///
    /// # Errors
    /// [`NotAPrefix`] when they are none.
    pub fn from_bytes(text: &[u8]) -> Result<Self, NotAPrefix> {
        if !(2..=Self::LONGEST).contains(&text.len()) || !text[0].is_ascii_lowercase() {
            return Err(NotAPrefix);
        }
        let mut bytes = [0; Self::LONGEST];
        for (place, &byte) in bytes.iter_mut().zip(text) {
            if !byte.is_ascii_lowercase() && !byte.is_ascii_digit() {
                return Err(NotAPrefix);
            }
            *place = byte;
        }
        Ok(Self { length: text.len() as u8, bytes })
    }
}

impl FromStr for Prefix {
    type Err = NotAPrefix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Prefix({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_prefixes_are_prefixes() {
        for (prefix, text) in [(Prefix::ANY, "pat"), (Prefix::RELEASE, "rpa"), (Prefix::DEPLOY, "dpa")] {
            assert_eq!(text.parse(), Ok(prefix));
            assert_eq!(prefix.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for text in ["", "a", "ninechars", "1ab", "Rpa", "r_a", "r-a", "rpä"] {
            assert_eq!(text.parse::<Prefix>(), Err(NotAPrefix), "{text}");
        }
    }
}
