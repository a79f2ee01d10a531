//! Why a token is not made, and what the client is told.

use std::fmt;

use patgate_core::policy::LifetimeRefused;
use patgate_core::user::Origin;
use patgate_core::verify::Denied;
use patgate_gateway::{Challenge, challenge};
use patgate_store::StoreError;

use super::issue::MOST_LIVE;
use crate::problem::{Problem, capitalised};

/// Why a token is not made.
#[derive(Debug, thiserror::Error)]
pub enum CreationRefused {
    /// The lifetime asked for is not allowed.
    #[error("{}", capitalised(.0))]
    Lifetime(LifetimeRefused),
    /// The owner does not have what the token should carry.
    #[error("The owner of the token does not have these permissions: {0}")]
    OwnerLacks(Ids),
    /// A token asks, and an administrator has not allowed that.
    #[error("A token cannot make a token; use a password, or ask an administrator to allow it")]
    TokensMayNot,
    /// A token asks for a permission that it lacks.
    #[error("A token cannot make a token with permissions that it lacks itself: {0}")]
    MakerLacks(Ids),
    /// A token with a permission list asks for one without.
    #[error("A token with a permission list only makes tokens with one: name them in `globalPermissions`")]
    MakerHasList,
    /// A token asks for one that passes elsewhere than itself.
    #[error("A token only makes tokens for its own application")]
    MakerElsewhere,
    /// The administrator's table does not let tokens of such users pass there.
    #[error("Tokens for `{0}` are not allowed for {people}", people = .1.people())]
    OriginClosed(Box<str>, Origin),
    /// The owner, or the token that asks, went away between the verdict and the change; or the owner's provider does not
    /// vouch for them.
    #[error("{0}")]
    Gone(Denied),
    /// The owner has as many tokens as one can have.
    #[error("The owner has {MOST_LIVE} tokens already; delete some of them first")]
    TooMany,
    /// The application is not one of this node's.
    #[error("This server does not have that application any more")]
    UnknownApplication,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CreationRefused {
    /// As the client reads it; `lifetime` is the field that asked for a lifetime.
    #[must_use]
    pub fn into_problem(self, lifetime: &'static str) -> Problem {
        let text = self.to_string();
        match self {
            Self::Lifetime(LifetimeRefused::OutlivesMaker) => Problem::forbidden(text),
            Self::Lifetime(_) => Problem::field(lifetime, text),
            Self::OwnerLacks(_) => Problem::field("globalPermissions", text),
            Self::UnknownApplication => Problem::field("application", text),
            Self::TokensMayNot
            | Self::MakerLacks(_)
            | Self::MakerHasList
            | Self::MakerElsewhere
            | Self::OriginClosed(..) => Problem::forbidden(text),
            Self::Gone(denied) => Problem::unauthorized(text, challenge(Challenge::InvalidToken, &denied)),
            Self::TooMany => Problem::conflict(text),
            Self::Store(error) => error.into(),
        }
    }
}

/// Permission ids in a sentence: the first ten, each cut to 64 characters, and how many more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(pub Vec<String>);

impl fmt::Display for Ids {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for (at, id) in self.0.iter().take(SHOWN).enumerate() {
            write!(formatter, "{}`{id:.64}`", if at == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_ids_stays_readable() {
        let ids = |count: usize| Ids((0..count).map(|n| format!("a#{n}")).collect()).to_string();
        assert_eq!(ids(2), "`a#0`, `a#1`");
        assert!(ids(12).ends_with("`a#9` and 2 more"));
        assert!(Ids(vec!["x".repeat(5_000)]).to_string().len() < 80);
    }
}
