//! Applications: the protected APIs, each with its token prefix and its row in the origin policy.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::token::Prefix;

/// The name of an application, or `any`: 1 to 40 lower-case letters, digits and `-`, a letter first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationName(Box<str>);

/// Why a text is no application name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an application name is 1 to 40 lower-case letters, digits and `-`, a letter first")]
pub struct NotAnApplicationName;

impl ApplicationName {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApplicationName {
    type Err = NotAnApplicationName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=40).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.into())) } else { Err(NotAnApplicationName) }
    }
}

impl TryFrom<String> for ApplicationName {
    type Error = NotAnApplicationName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ApplicationName> for String {
    fn from(name: ApplicationName) -> Self {
        name.0.into_string()
    }
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ApplicationName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The place of an application in the [`Applications`] of this node; [`ApplicationSlot::ANY`] is none in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ApplicationSlot(u16);

impl ApplicationSlot {
    /// Every application: what a `pat_` token is for.
    pub const ANY: Self = Self(0);
    /// Release.
    pub const RELEASE: Self = Self(1);
    /// Deploy.
    pub const DEPLOY: Self = Self(2);
    /// An application that this node's configuration does not have: its tokens pass nowhere.
    pub const UNKNOWN: Self = Self(u16::MAX);

    /// Its index into a list kept in the order of [`Applications::iter`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The names and prefixes of all applications of a node: `any`, `release` and `deploy`, then the configured ones.
#[derive(Debug)]
pub struct Applications(Vec<(ApplicationName, Prefix)>);

/// Why a list of applications cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableApplications {
    /// A name stands twice, or is `any`, `release` or `deploy`.
    #[error("the application name `{0}` is taken")]
    NameTaken(ApplicationName),
    /// A prefix stands twice, or is `pat`, `rpa` or `dpa`.
    #[error("the token prefix `{0}` is taken")]
    PrefixTaken(Prefix),
    /// More than 1,000.
    #[error("there are more than 1,000 applications")]
    TooMany,
}

impl Applications {
    /// The built-in applications and the configured ones.
    ///
    /// # Errors
    /// [`UnusableApplications`] when a name or a prefix is taken, or there are more than 1,000.
    pub fn new(
        configured: impl IntoIterator<Item = (ApplicationName, Prefix)>,
    ) -> Result<Self, UnusableApplications> {
        let built_in = [("any", Prefix::ANY), ("release", Prefix::RELEASE), ("deploy", Prefix::DEPLOY)];
        let mut all: Vec<_> =
            built_in.iter().map(|(name, prefix)| (ApplicationName((*name).into()), *prefix)).collect();
        for (name, prefix) in configured {
            if all.iter().any(|(taken, _)| *taken == name) {
                return Err(UnusableApplications::NameTaken(name));
            }
            if all.iter().any(|(_, taken)| *taken == prefix) {
                return Err(UnusableApplications::PrefixTaken(prefix));
            }
            all.push((name, prefix));
        }
        if all.len() > 1_000 { Err(UnusableApplications::TooMany) } else { Ok(Self(all)) }
    }

    /// The slot of a name; `any` has [`ApplicationSlot::ANY`]. `None` when this node does not have it.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<ApplicationSlot> {
        self.0.iter().position(|(known, _)| known.as_str() == name).map(|at| ApplicationSlot(at as u16))
    }

    /// The name in a slot. [`ApplicationSlot::UNKNOWN`] has none.
    #[must_use]
    pub fn name(&self, slot: ApplicationSlot) -> Option<&ApplicationName> {
        self.0.get(slot.index()).map(|(name, _)| name)
    }

    /// The prefix of the tokens of a slot. [`ApplicationSlot::UNKNOWN`] has none.
    #[must_use]
    pub fn prefix(&self, slot: ApplicationSlot) -> Option<Prefix> {
        self.0.get(slot.index()).map(|(_, prefix)| *prefix)
    }

    /// All, `any` first, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (ApplicationSlot, &ApplicationName, Prefix)> {
        self.0.iter().enumerate().map(|(at, (name, prefix))| (ApplicationSlot(at as u16), name, *prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_have_their_slots() {
        let shop = ("shop".parse().unwrap(), "shop".parse().unwrap());
        let applications = Applications::new([shop]).unwrap();
        assert_eq!(applications.slot("any"), Some(ApplicationSlot::ANY));
        assert_eq!(applications.slot("release"), Some(ApplicationSlot::RELEASE));
        assert_eq!(applications.slot("deploy"), Some(ApplicationSlot::DEPLOY));
        assert_eq!(applications.prefix(applications.slot("shop").unwrap()), "shop".parse().ok());
        assert_eq!(applications.slot("nothing"), None);
        assert_eq!(applications.prefix(ApplicationSlot::UNKNOWN), None);
    }

    #[test]
    fn names_and_prefixes_are_unique() {
        let of =
            |name: &str, prefix: &str| Applications::new([(name.parse().unwrap(), prefix.parse().unwrap())]);
        assert!(matches!(of("release", "shop"), Err(UnusableApplications::NameTaken(_))));
        assert!(matches!(of("shop", "rpa"), Err(UnusableApplications::PrefixTaken(_))));
    }
}
