//! Providers: the directories and identity providers from which people come.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::user::INTERNAL_PROVIDER;

/// What a provider is called, in the configuration, at each of its users and in each principal: 1 to 40 lower-case
/// letters, digits and `-`, a letter first. Not `internal`, which stands for Patgate itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderName(Box<str>);

/// Why a text is no name for a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAProviderName {
    /// Other characters, too long, or nothing.
    #[error("a provider's name is 1 to 40 lower-case letters, digits and `-`, a letter first")]
    Unfit,
    /// Patgate's own.
    #[error("`internal` stands for Patgate's own users; choose another name")]
    Internal,
}

impl ProviderName {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = NotAProviderName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=40).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        match text {
            INTERNAL_PROVIDER => Err(NotAProviderName::Internal),
            _ if fits => Ok(Self(text.into())),
            _ => Err(NotAProviderName::Unfit),
        }
    }
}

impl TryFrom<String> for ProviderName {
    type Error = NotAProviderName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProviderName> for String {
    fn from(name: ProviderName) -> Self {
        name.0.into_string()
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_plain_word() {
        for good in ["corp", "keycloak-2", "a"] {
            assert_eq!(good.parse::<ProviderName>().unwrap().as_str(), good);
        }
        for bad in ["", "Corp", "2corp", "corp ldap", "c/d", "ü", &"a".repeat(41)] {
            assert_eq!(bad.parse::<ProviderName>(), Err(NotAProviderName::Unfit), "{bad:?}");
        }
        assert_eq!("internal".parse::<ProviderName>(), Err(NotAProviderName::Internal));
    }
}
