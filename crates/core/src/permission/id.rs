//! The id of a permission: `area#action`, or one word for the two that have no area (`admin`, `login`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// 1 to 64 characters: lower-case letters, digits, `_`, `-`, `.`, and at most one `#` between two parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PermissionId(Box<str>);

/// Why a text is no permission id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a permission looks like `area#action`, in at most 64 lower-case letters, digits, `_`, `-` and `.`")]
pub struct NotAPermission;

impl PermissionId {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PermissionId {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b))
        };
        let (area, action) = text.split_once('#').unwrap_or((text, "x"));
        if text.len() <= 64 && word(area) && word(action) {
            Ok(Self(text.into()))
        } else {
            Err(NotAPermission)
        }
    }
}

impl TryFrom<String> for PermissionId {
    type Error = NotAPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PermissionId> for String {
    fn from(id: PermissionId) -> Self {
        id.0.into_string()
    }
}

impl fmt::Display for PermissionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for PermissionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_around_one_hash() {
        for good in ["admin", "login", "security#edit", "token#view_all", "runner#registration", "a.b-c#d"] {
            assert_eq!(good.parse::<PermissionId>().unwrap().as_str(), good);
        }
        for bad in ["", "#", "a#", "#b", "a#b#c", "A#b", "a b", "a,b", &"x".repeat(65)] {
            assert_eq!(bad.parse::<PermissionId>(), Err(NotAPermission), "{bad}");
        }
    }
}
