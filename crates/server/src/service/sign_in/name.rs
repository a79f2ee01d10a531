//! Names from outside: stricter than those that administrators give, because a person may choose them at the provider.

use patgate_core::user::{NotAUsername, Username, is_invisible};
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

use crate::service::users::{Email, FullName};

/// Why a name from outside is none here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANameFromOutside {
    /// Not a name for anybody.
    #[error(transparent)]
    Unfit(#[from] NotAUsername),
    /// Letters that look like others.
    #[error("it mixes letters of several scripts, or has letters that look like others (UTS #39)")]
    LooksLikeAnother,
}

/// Reads a name that a provider says. A name that is written to look like another's is refused: one script alone
/// (Unicode Technical Standard 39 §5.1), and of characters beyond ASCII only those recommended for identifiers (§3.1).
pub(super) fn read(name: &str) -> Result<Username, NotANameFromOutside> {
    let username: Username = name.trim().parse()?;
    let is_plain = |c: char| c.is_ascii() || c.identifier_allowed();
    if username.as_str().chars().all(is_plain) && username.as_str().is_single_script() {
        Ok(username)
    } else {
        Err(NotANameFromOutside::LooksLikeAnother)
    }
}

/// A full name for people: without what cannot be seen, and as long as one may be.
pub(super) fn full_name(text: &str) -> FullName {
    let seen = text.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(FullName::LONGEST);
    seen.collect::<String>().parse().unwrap_or_default()
}

/// Where mails go: the whole address or none. A part of one would be somebody else's.
pub(super) fn email(text: &str) -> Email {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_anothers_is_refused() {
        for good in ["ann", "Ann.Lee+ci@example.org", "jürgen", "анна", "田中", "O'Neil (*)"] {
            assert_eq!(read(good).unwrap().as_str(), good);
        }
        // Cyrillic а in a Latin word, a full-width letter, a ligature, a mathematical letter.
        for odd in ["\u{430}dmin", "\u{ff41}dmin", "o\u{fb03}ce", "\u{1d41a}dmin"] {
            assert_eq!(read(odd), Err(NotANameFromOutside::LooksLikeAnother), "{odd}");
        }
        for bad in ["", "a:b", "a/b", "a\u{200b}b"] {
            assert!(matches!(read(bad), Err(NotANameFromOutside::Unfit(_))), "{bad:?}");
        }
    }

    #[test]
    fn texts_for_people_are_bounded() {
        assert_eq!(full_name(" Ann\u{202e} \nLee ").as_str(), "Ann Lee");
        assert_eq!(full_name(&"x".repeat(500)).as_str().len(), FullName::LONGEST);
        assert_eq!(email("ann@example.org").as_str(), "ann@example.org");
        for none in ["ann", "ann@example.org\n", "a b@example.org", &format!("ann@{}.org", "x".repeat(300))] {
            let read = email(none);
            assert!(read.as_str().is_empty() || read.as_str() == none.trim(), "{none:?}");
        }
    }
}
