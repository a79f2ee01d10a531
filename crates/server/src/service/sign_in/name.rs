//! Names from outside: stricter than those that administrators give, because a person may choose them at the provider.

use patgate_core::identifier::UserId;
use patgate_core::user::{NotAUsername, Username, is_invisible};
use patgate_store::{Change, Letters, StoreError};
use unicode_normalization::is_nfc;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _, skeleton};

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
    /// Letters and their marks apart.
    #[error("its letters are not in normal form C (UAX #15): the same name can be written in another way")]
    Decomposed,
}

/// Reads a name that a provider says. A name that is written to look like another's is refused.
pub(super) fn read(name: &str) -> Result<Username, NotANameFromOutside> {
    let username: Username = name.trim().parse()?;
    check_letters(username.as_str())?;
    Ok(username)
}

/// Demands that a name from outside, of somebody or of a group, is not written to look like another: one script alone
/// (Unicode Technical Standard 39 §5.1), of characters beyond ASCII only those recommended for identifiers (§3.1), and each
/// written in one way.
pub(in crate::service) fn check_letters(name: &str) -> Result<(), NotANameFromOutside> {
    let is_plain = |c: char| c.is_ascii() || c.identifier_allowed();
    if !is_nfc(name) {
        Err(NotANameFromOutside::Decomposed)
    } else if name.chars().all(is_plain) && name.is_single_script() {
        Ok(())
    } else {
        Err(NotANameFromOutside::LooksLikeAnother)
    }
}

/// Whose name looks like this one although it is another: one script's letters may all look like another's, as in `coco`,
/// which Cyrillic can write as well (UTS #39 §4). `own` is who has it or had it.
///
/// Two names of plain ASCII are never held against each other: `anna1` and `annal` are two people in every company.
pub(super) async fn double(
    change: &Change,
    name: &Username,
    own: Option<UserId>,
) -> Result<Option<Username>, StoreError> {
    let shape = shape(name);
    let letters = match shape.is_ascii() && !name.as_str().is_ascii() {
        true => Letters::Any,
        false => Letters::BeyondAscii,
    };
    let others = change.usernames(letters).await?;
    let is_double = |(id, other): &(UserId, Username)| Some(*id) != own && self::shape(other) == shape;
    Ok(others.into_iter().find(is_double).map(|(_, other)| other))
}

/// What a name looks like: equal for two that cannot be told apart.
fn shape(name: &Username) -> String {
    skeleton(&name.key()).collect()
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
        assert_eq!(read("ju\u{308}rgen"), Err(NotANameFromOutside::Decomposed));
        for bad in ["", "a:b", "a/b", "a\u{200b}b"] {
            assert!(matches!(read(bad), Err(NotANameFromOutside::Unfit(_))), "{bad:?}");
        }
    }

    #[test]
    fn names_of_different_letters_may_have_one_shape() {
        let shape = |name: &str| shape(&name.parse().unwrap());
        for (one, other) in [
            ("coco", "\u{441}\u{43e}\u{441}\u{43e}"),
            ("Coco", "\u{421}\u{43e}\u{441}\u{43e}"),
            ("admin", "adm\u{131}n"),
            ("j\u{fc}rgen", "ju\u{308}rgen"),
        ] {
            assert_eq!(shape(one), shape(other), "{one} {other}");
        }
        for (one, other) in [("jurgen", "j\u{fc}rgen"), ("анна", "anna"), ("ann", "Anna")] {
            assert_ne!(shape(one), shape(other), "{one} {other}");
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
