//! Confirmation: what a provider last said of a user, and for how long its word counts.
//!
//! A token never gives more than its owner has now, and an owner from outside is only as real as their provider says.
//! So the verdict itself asks when they were last confirmed: no job has to run for a window to end, and an outage of
//! the provider takes nobody's tokens before it does. Unknown is not gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::grant::SuspensionReason;
use crate::policy::Days;
use crate::user::Origin;

/// What the provider of a user last said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Nobody else is to be asked: an internal user.
    Own,
    /// They were there at this time.
    At(Timestamp),
    /// They are no longer let in, since this time.
    Withdrawn {
        /// Since when.
        at: Timestamp,
        /// What the provider said.
        reason: Withdrawal,
    },
}

/// Why a provider no longer vouches for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withdrawal {
    /// There is no such person any more.
    Gone,
    /// They are there and may not sign in.
    Disabled,
}

impl Withdrawal {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Disabled => "disabled",
        }
    }
}

/// Not the word for a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a withdrawal is `gone` or `disabled`")]
pub struct NotAWithdrawal;

impl std::str::FromStr for Withdrawal {
    type Err = NotAWithdrawal;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Gone, Self::Disabled].into_iter().find(|known| known.as_str() == word).ok_or(NotAWithdrawal)
    }
}

/// The freshness windows: for how many days the word of a provider counts. `null`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreshnessWindows {
    /// For LDAP users; 30 by default.
    pub ldap: Option<Days>,
    /// For SSO users; 30 by default.
    pub sso: Option<Days>,
}

impl Default for FreshnessWindows {
    fn default() -> Self {
        let month = Days::try_from(30).ok();
        Self { ldap: month, sso: month }
    }
}

impl FreshnessWindows {
    /// The window for users of an origin; internal users have none.
    #[must_use]
    pub fn of(&self, origin: Origin) -> Option<Days> {
        match origin {
            Origin::Internal => None,
            Origin::Ldap => self.ldap,
            Origin::Sso => self.sso,
        }
    }

    /// Both as one number, for a reader that must not follow a pointer.
    pub(crate) fn to_bits(self) -> u32 {
        let days = |window: Option<Days>| window.map_or(0, u32::from);
        days(self.ldap) | days(self.sso) << 16
    }

    /// The windows of this number.
    pub(crate) fn from_bits(bits: u32) -> Self {
        let window = |days: u32| Days::try_from(days & 0xffff).ok();
        Self { ldap: window(bits), sso: window(bits >> 16) }
    }
}

impl Confirmation {
    /// **The** freshness rule: why no token of this user passes at this time, if so.
    #[must_use]
    pub fn suspends(self, window: Option<Days>, now: Timestamp) -> Option<SuspensionReason> {
        match self {
            Self::Own => None,
            Self::Withdrawn { .. } => Some(SuspensionReason::OwnerWithdrawn),
            Self::At(_) => self
                .counts_until(window)
                .filter(|end| *end <= now)
                .map(|_| SuspensionReason::OwnerUnconfirmed),
        }
    }

    /// Until when the last confirmation counts: when the next one is due. `None`: for ever, or there is none.
    #[must_use]
    pub fn counts_until(self, window: Option<Days>) -> Option<Timestamp> {
        let Self::At(at) = self else { return None };
        Some(window?.after(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(count: u32) -> Option<Days> {
        Days::try_from(count).ok()
    }

    proptest! {
        #[test]
        fn a_confirmation_counts_to_the_end_of_the_window_and_no_longer(
            at in 0_i64..4_000_000_000, window in 1_u32..=3_650, later in 0_i64..400_000_000,
        ) {
            let confirmed = Confirmation::At(Timestamp::from_second(at).unwrap());
            let now = Timestamp::from_second(at + later).unwrap();
            let lapsed = later >= i64::from(window) * 86_400;
            let expected = lapsed.then_some(SuspensionReason::OwnerUnconfirmed);
            prop_assert_eq!(confirmed.suspends(days(window), now), expected);
            prop_assert_eq!(confirmed.suspends(None, now), None);
        }

        #[test]
        fn one_number_holds_both_windows(ldap in 0_u32..=3_650, sso in 0_u32..=3_650) {
            let windows = FreshnessWindows { ldap: days(ldap), sso: days(sso) };
            prop_assert_eq!(FreshnessWindows::from_bits(windows.to_bits()), windows);
        }
    }

    #[test]
    fn who_was_withdrawn_is_out_whatever_the_window() {
        let at = Timestamp::UNIX_EPOCH;
        for reason in [Withdrawal::Gone, Withdrawal::Disabled] {
            let withdrawn = Confirmation::Withdrawn { at, reason };
            assert_eq!(withdrawn.suspends(None, at), Some(SuspensionReason::OwnerWithdrawn));
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
    }

    #[test]
    fn nobody_else_is_asked_about_an_internal_user() {
        assert_eq!(Confirmation::Own.suspends(days(1), Timestamp::MAX), None);
        assert_eq!(FreshnessWindows::default().of(Origin::Internal), None);
    }
}
