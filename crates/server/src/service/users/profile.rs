//! What people write about a user: the full name and the mail address.

use std::str::FromStr;

use patgate_core::user::is_invisible;

/// A full name: at most 255 characters, no control or invisible characters; may be empty. Blanks at its ends are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FullName(String);

/// Why a text is no full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a full name has at most 255 characters, and no control or invisible characters")]
pub struct NotAFullName;

/// A mail address, or nothing. It is only looked at, not proven: one `@`, something on both sides, no blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mail address looks like `name@example.org` and has at most 254 bytes")]
pub struct NotAnEmail;

impl FullName {
    /// The most characters.
    pub const LONGEST: usize = 255;

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FullName {
    type Err = NotAFullName;

    fn from_str(text: &str) -> Result<Self, NotAFullName> {
        let text = text.trim();
        let is_out = |c: char| c.is_control() || is_invisible(c);
        let fits = text.chars().count() <= Self::LONGEST && !text.contains(is_out);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAFullName) }
    }
}

impl Email {
    /// The most bytes (RFC 5321 §4.5.3.1.3, without the angle brackets).
    pub const LONGEST: usize = 254;

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let is_out =
            |c: char| c.is_control() || is_invisible(c) || c.is_whitespace() || "<>,;\"()[]\\".contains(c);
        let is_address = text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        if is_address && text.len() <= Self::LONGEST && !text.contains(is_out) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEmail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_short_and_printable() {
        assert_eq!(" Ann Bée ".parse::<FullName>().unwrap().as_str(), "Ann Bée");
        assert_eq!("".parse(), Ok(FullName::default()));
        assert!("ü".repeat(255).parse::<FullName>().is_ok());
        for bad in ["a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{200b}b", &"x".repeat(256)] {
            assert_eq!(bad.parse::<FullName>(), Err(NotAFullName), "{bad:?}");
        }
    }

    #[test]
    fn a_mail_address_can_be_written_into_a_header() {
        for good in ["", "ann@example.org", "ann+x@localhost", "änn@exämple.org"] {
            assert_eq!(good.parse::<Email>().unwrap().as_str(), good);
        }
        for bad in [
            "ann",
            "@example.org",
            "ann@",
            "a@b@c",
            "a b@c",
            "a@b\r\nbcc:x@y",
            "a@b,c@d",
            "<a@b>",
            "a\u{202e}b@c",
            "ann@exam\u{200b}ple.org",
            &format!("{}@b", "a".repeat(253)),
        ] {
            assert_eq!(bad.parse::<Email>(), Err(NotAnEmail), "{bad:?}");
        }
    }
}
