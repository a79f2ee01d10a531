//! A grant: what a token is, apart from its secret.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::application::ApplicationName;
use crate::expiry::Expiry;
use crate::identifier::{GrantId, UserId};
use crate::permission::PermissionId;
use crate::user::is_invisible;

/// The name of a token: 1 to 100 characters, no control character, not only blanks. Blanks at its ends are dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantName(Box<str>);

/// Why a text is no name for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAGrantName {
    /// Nothing, or blanks.
    #[error("a token needs a name; say what it is for")]
    Empty,
    /// More than [`GrantName::LONGEST`] characters.
    #[error("a token name has at most {} characters", GrantName::LONGEST)]
    TooLong,
    /// A line break or another character that cannot be seen.
    #[error("a token name has no line breaks or other control characters")]
    ControlCharacter,
}

impl GrantName {
    /// The most characters.
    pub const LONGEST: usize = 100;

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GrantName {
    type Err = NotAGrantName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(|c: char| c.is_control() || is_invisible(c)) {
            return Err(NotAGrantName::ControlCharacter);
        }
        let trimmed = text.trim();
        match trimmed.chars().count() {
            0 => Err(NotAGrantName::Empty),
            1..=Self::LONGEST => Ok(Self(trimmed.into())),
            _ => Err(NotAGrantName::TooLong),
        }
    }
}

impl TryFrom<String> for GrantName {
    type Error = NotAGrantName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GrantName> for String {
    fn from(name: GrantName) -> Self {
        name.0.into_string()
    }
}

impl fmt::Debug for GrantName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.as_str())
    }
}

/// Which of its owner's permissions a token carries. Never absent: absence in a request is an explicit [`Self::All`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantPermissions {
    /// All that the owner has at the time of a request.
    All,
    /// These, as far as the owner has them at the time of a request. Empty: none.
    Chosen(BTreeSet<PermissionId>),
}

/// Why a grant does not pass for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionReason {
    /// It lives longer than the administrator's maximum.
    OverMaximum,
    /// Tokens of its owner's origin were closed.
    OriginClosed,
    /// Its owner's provider has not said for too long that they are there. Judged at each request, on no row.
    OwnerUnconfirmed,
    /// Its owner's provider no longer lets them in. Judged at each request, on no row.
    OwnerWithdrawn,
}

impl SuspensionReason {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OverMaximum => "over_maximum",
            Self::OriginClosed => "origin_closed",
            Self::OwnerUnconfirmed => "owner_unconfirmed",
            Self::OwnerWithdrawn => "owner_withdrawn",
        }
    }

    /// What people are told, after "suspended because".
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::OverMaximum => "it lives longer than the maximum",
            Self::OriginClosed => "tokens of its owner's origin are closed",
            Self::OwnerUnconfirmed => "its owner has to sign in again",
            Self::OwnerWithdrawn => "its owner is gone or disabled at their provider",
        }
    }

    /// Reads the word; `None` for one that this version does not know.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::OverMaximum, Self::OriginClosed, Self::OwnerUnconfirmed, Self::OwnerWithdrawn]
            .into_iter()
            .find(|r| r.as_str() == word)
    }
}

/// Where a grant stands, with the date it came there. Expiry is no state: it is read off the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// It passes, if all else allows.
    Active,
    /// It does not pass, for a reason that may end.
    Suspended {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: SuspensionReason,
    },
    /// It never passes again.
    Deleted {
        /// Since when.
        at: Timestamp,
    },
}

/// A move that a grant's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is deleted")]
pub struct AlreadyDeleted;

impl GrantState {
    /// Deletes for good.
    ///
    /// # Errors
    /// [`AlreadyDeleted`]: a deleted grant keeps its date.
    pub fn delete(self, now: Timestamp) -> Result<Self, AlreadyDeleted> {
        match self {
            Self::Deleted { .. } => Err(AlreadyDeleted),
            Self::Active | Self::Suspended { .. } => Ok(Self::Deleted { at: now }),
        }
    }

    /// Suspends; a grant that is suspended already takes the new reason and keeps the old date.
    ///
    /// # Errors
    /// [`AlreadyDeleted`].
    pub fn suspend(self, reason: SuspensionReason, now: Timestamp) -> Result<Self, AlreadyDeleted> {
        match self {
            Self::Deleted { .. } => Err(AlreadyDeleted),
            Self::Active => Ok(Self::Suspended { at: now, reason }),
            Self::Suspended { at, .. } => Ok(Self::Suspended { at, reason }),
        }
    }

    /// Whether a policy suspends it for this reason. What is suspended for the length of its life stays so when its
    /// origin opens again, so that reason replaces the other; an owner who is not confirmed is nobody's to lift.
    #[must_use]
    pub fn can_suspend_for(self, reason: SuspensionReason) -> bool {
        match self {
            Self::Active => true,
            Self::Suspended { reason: SuspensionReason::OriginClosed, .. } => {
                reason == SuspensionReason::OverMaximum
            }
            Self::Suspended { .. } | Self::Deleted { .. } => false,
        }
    }

    /// Lifts a suspension.
    ///
    /// # Errors
    /// [`AlreadyDeleted`]: a deleted grant never comes back.
    pub fn resume(self) -> Result<Self, AlreadyDeleted> {
        match self {
            Self::Deleted { .. } => Err(AlreadyDeleted),
            Self::Active | Self::Suspended { .. } => Ok(Self::Active),
        }
    }
}

/// What a person is told of a grant: its state, and whether its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantStatus {
    /// It passes, if all else allows.
    Active,
    /// It does not pass, for a reason that may end.
    Suspended,
    /// Its time is over.
    Expired,
    /// It never passes again.
    Deleted,
}

impl GrantStatus {
    /// The word for people and programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }
}

/// The last time a token passed, and from where (a sample, at most one a minute).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// When, to the second.
    pub at: Timestamp,
    /// The client's address, when it was sampled.
    pub address: Option<String>,
    /// The client's `User-Agent`, cut to 200 characters, when it was sampled.
    pub user_agent: Option<String>,
}

/// What a token is, apart from its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The row, and `id` in the API.
    pub id: GrantId,
    /// For whom the token speaks.
    pub owner: UserId,
    /// `tokenNote` in the API.
    pub name: GrantName,
    /// For which application it is made; `any` for all.
    pub application: ApplicationName,
    /// What it carries of its owner's permissions.
    pub permissions: GrantPermissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Expiry,
    /// Where it stands.
    pub state: GrantState,
    /// Its last use; `None`: never used.
    pub last_use: Option<LastUse>,
}

impl Grant {
    /// Why it does not pass for now, when `owner` is what suspends all of its owner's tokens.
    #[must_use]
    pub fn suspended_for(&self, owner: Option<SuspensionReason>) -> Option<SuspensionReason> {
        match self.state {
            GrantState::Suspended { reason, .. } => Some(reason),
            GrantState::Active => owner,
            GrantState::Deleted { .. } => None,
        }
    }

    /// Where it stands at this time, when `owner` is what suspends all of its owner's tokens. What is final comes
    /// before what may end, as in [`crate::verify::verify`].
    #[must_use]
    pub fn status(&self, owner: Option<SuspensionReason>, now: Timestamp) -> GrantStatus {
        match self.state {
            GrantState::Deleted { .. } => GrantStatus::Deleted,
            _ if self.expires_at.is_expired(now) => GrantStatus::Expired,
            GrantState::Suspended { .. } => GrantStatus::Suspended,
            GrantState::Active if owner.is_some() => GrantStatus::Suspended,
            GrantState::Active => GrantStatus::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!("  ci deploy ".parse::<GrantName>().unwrap().as_str(), "ci deploy");
        assert_eq!("".parse::<GrantName>(), Err(NotAGrantName::Empty));
        assert_eq!("   ".parse::<GrantName>(), Err(NotAGrantName::Empty));
        assert_eq!("a\nb".parse::<GrantName>(), Err(NotAGrantName::ControlCharacter));
        assert_eq!("a\u{202e}b".parse::<GrantName>(), Err(NotAGrantName::ControlCharacter));
        assert_eq!("ü".repeat(101).parse::<GrantName>(), Err(NotAGrantName::TooLong));
        assert!("ü".repeat(100).parse::<GrantName>().is_ok());
    }

    proptest! {
        #[test]
        fn a_deleted_grant_never_comes_back(moves in proptest::collection::vec(0_u8..3, 0..10)) {
            let now = Timestamp::UNIX_EPOCH;
            let deleted = GrantState::Active.delete(now).unwrap();
            for step in moves {
                let moved = match step {
                    0 => deleted.delete(now),
                    1 => deleted.suspend(SuspensionReason::OverMaximum, now),
                    _ => deleted.resume(),
                };
                prop_assert_eq!(moved, Err(AlreadyDeleted));
            }
        }
    }

    #[test]
    fn what_is_final_is_told_before_what_may_end() {
        let end = Timestamp::from_second(60).unwrap();
        let before = Timestamp::from_second(59).unwrap();
        let suspended = GrantState::Suspended { at: before, reason: SuspensionReason::OverMaximum };
        for (state, before_the_end, after) in [
            (GrantState::Active, GrantStatus::Active, GrantStatus::Expired),
            (suspended, GrantStatus::Suspended, GrantStatus::Expired),
            (GrantState::Deleted { at: before }, GrantStatus::Deleted, GrantStatus::Deleted),
        ] {
            let grant = Grant {
                id: GrantId::from_i64(1),
                owner: UserId::from_i64(1),
                name: "ci".parse().unwrap(),
                application: "any".parse().unwrap(),
                permissions: GrantPermissions::All,
                created_at: Timestamp::UNIX_EPOCH,
                expires_at: Expiry::at(end).unwrap(),
                state,
                last_use: None,
            };
            assert_eq!(
                (grant.status(None, before), grant.status(None, end)),
                (before_the_end, after),
                "{state:?}"
            );
        }
    }

    #[test]
    fn a_suspension_keeps_its_date_and_can_be_lifted() {
        let (first, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let suspended = GrantState::Active.suspend(SuspensionReason::OverMaximum, first).unwrap();
        let again = suspended.suspend(SuspensionReason::OriginClosed, later).unwrap();
        assert_eq!(again, GrantState::Suspended { at: first, reason: SuspensionReason::OriginClosed });
        assert_eq!(again.resume(), Ok(GrantState::Active));
    }
}
