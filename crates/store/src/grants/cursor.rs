//! A place in a list of grants, for the address of the next page.

use std::fmt;
use std::str::FromStr;

use patgate_core::grant::Grant;
use patgate_core::identifier::GrantId;

use super::{GrantSort, expiry_column};
use crate::keyset::NotACursor;

/// A name has at most 100 characters; one of them becomes at most three of four bytes in lower case.
const LONGEST_KEY: usize = 1_200;

/// A place in a list of grants: the row that was seen last. Its text is for a query; it tells no more than the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantCursor {
    pub(super) key: Key,
    pub(super) id: GrantId,
}

/// What the list is sorted by, as the columns have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Name(String),
    CreatedAt(i64),
    ExpiresAt(Option<i64>),
    LastUsedAt(Option<i64>),
}

impl GrantCursor {
    /// The place of a grant in a list of this order.
    #[must_use]
    pub fn of(grant: &Grant, sort: GrantSort) -> Self {
        let key = match sort {
            GrantSort::Name => Key::Name(grant.name.as_str().to_lowercase()),
            GrantSort::CreatedAt => Key::CreatedAt(grant.created_at.as_millisecond()),
            GrantSort::ExpiresAt => Key::ExpiresAt(expiry_column(grant.expires_at)),
            GrantSort::LastUsedAt => {
                Key::LastUsedAt(grant.last_use.as_ref().map(|used| used.at.as_millisecond()))
            }
        };
        Self { key, id: grant.id }
    }

    /// In which order the list was.
    #[must_use]
    pub fn sort(&self) -> GrantSort {
        match self.key {
            Key::Name(_) => GrantSort::Name,
            Key::CreatedAt(_) => GrantSort::CreatedAt,
            Key::ExpiresAt(_) => GrantSort::ExpiresAt,
            Key::LastUsedAt(_) => GrantSort::LastUsedAt,
        }
    }
}

/// The 11 characters of the identifier, a letter for the order, and the key.
impl fmt::Display for GrantCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.id)?;
        let optional = |at: &Option<i64>| at.map_or_else(String::new, |at| at.to_string());
        match &self.key {
            Key::Name(name) => write!(formatter, "n{name}"),
            Key::CreatedAt(at) => write!(formatter, "c{at}"),
            Key::ExpiresAt(at) => write!(formatter, "e{}", optional(at)),
            Key::LastUsedAt(at) => write!(formatter, "u{}", optional(at)),
        }
    }
}

impl FromStr for GrantCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (id, rest) = text.split_at_checked(11).ok_or(NotACursor)?;
        let (letter, key) = rest.split_at_checked(1).ok_or(NotACursor)?;
        let number = || key.parse::<i64>().map_err(|_| NotACursor);
        let optional = || if key.is_empty() { Ok(None) } else { number().map(Some) };
        let is_name = key.len() <= LONGEST_KEY && !key.contains(char::is_control);
        let key = match letter {
            "n" if is_name => Key::Name(key.to_owned()),
            "c" => Key::CreatedAt(number()?),
            "e" => Key::ExpiresAt(optional()?),
            "u" => Key::LastUsedAt(optional()?),
            _ => return Err(NotACursor),
        };
        Ok(Self { key, id: id.parse().map_err(|_| NotACursor)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_place_is_refused() {
        let id = GrantId::from_i64(7);
        for text in
            ["", "n", "00000000007", "00000000007x1", "00000000007c", "00000000007c1x", "0000000000!nci", "é"]
        {
            assert_eq!(text.parse::<GrantCursor>(), Err(NotACursor), "{text}");
        }
        let long = format!("{id}n{}", "x".repeat(LONGEST_KEY + 1));
        assert_eq!(long.parse::<GrantCursor>(), Err(NotACursor));
        assert_eq!(format!("{id}na\0b").parse::<GrantCursor>(), Err(NotACursor));
    }

    proptest! {
        #[test]
        fn a_place_survives_its_address(id in 0..i64::MAX, name in "[^\\p{C}]{0,100}", at in any::<Option<i64>>()) {
            let keys = [Key::Name(name.to_lowercase()), Key::CreatedAt(at.unwrap_or(0)), Key::ExpiresAt(at), Key::LastUsedAt(at)];
            for key in keys {
                let cursor = GrantCursor { key, id: GrantId::from_i64(id) };
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = text.parse::<GrantCursor>();
        }
    }
}
