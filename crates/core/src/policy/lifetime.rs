//! The maximum-lifetime rule: which expiry a new token gets.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::expiry::Expiry;

/// A number of days of 24 hours, 1 to 3,650.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Days(u32);

/// Not a number of days that a token can live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lifetime is 1 to 3650 days")]
pub struct NotDays;

impl TryFrom<u32> for Days {
    type Error = NotDays;

    fn try_from(days: u32) -> Result<Self, Self::Error> {
        if (1..=3_650).contains(&days) { Ok(Self(days)) } else { Err(NotDays) }
    }
}

impl From<Days> for u32 {
    fn from(days: Days) -> Self {
        days.0
    }
}

impl fmt::Display for Days {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl Days {
    /// As a time: days of 24 hours.
    #[must_use]
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.0) * 24)
    }

    /// The moment this many days after `now`.
    #[must_use]
    pub fn after(self, now: Timestamp) -> Timestamp {
        now.checked_add(self.length()).unwrap_or(Timestamp::MAX)
    }

    /// The latest expiry that a token may have at `now` when this is the maximum: what ends later exceeds it.
    #[must_use]
    pub fn latest_expiry(self, now: Timestamp) -> Expiry {
        Expiry::at(self.after(now)).unwrap_or(Expiry::LATEST)
    }
}

/// What was asked for a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedLifetime {
    /// Nothing: as long as the rules allow.
    Absent,
    /// This many days from now.
    Days(Days),
    /// Until this moment.
    Until(Timestamp),
}

/// Why a lifetime is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeRefused {
    /// The moment has passed.
    #[error("the expiry date is not in the future")]
    Past,
    /// After the end of 2099.
    #[error("the expiry date is after the end of 2099")]
    Absurd,
    /// Longer than the administrator's maximum.
    #[error("the maximum token lifetime is {0}")]
    OverMaximum(Days),
    /// Longer than the token that makes it.
    #[error("a token cannot make a token that outlives it")]
    OutlivesMaker,
}

/// **The** maximum-lifetime rule. An explicit lifetime above the maximum is refused, an absent one is cut to it.
///
/// `ceiling` is the expiry of the token that makes this one, [`Expiry::NEVER`] for a person.
///
/// # Errors
/// [`LifetimeRefused`], naming the maximum where that is the reason.
pub fn decide_expiry(
    requested: RequestedLifetime,
    maximum: Option<Days>,
    ceiling: Expiry,
    now: Timestamp,
) -> Result<Expiry, LifetimeRefused> {
    let limit = match maximum {
        Some(days) => days.latest_expiry(now),
        None => Expiry::NEVER,
    };
    let asked = match requested {
        RequestedLifetime::Absent => return Ok(limit.min(ceiling)),
        RequestedLifetime::Days(days) => days.after(now),
        RequestedLifetime::Until(moment) => moment,
    };
    if asked <= now {
        return Err(LifetimeRefused::Past);
    }
    let expiry = Expiry::at(asked).map_err(|_| LifetimeRefused::Absurd)?;
    if expiry.is_expired(now) {
        return Err(LifetimeRefused::Past);
    }
    match maximum {
        Some(days) if expiry > limit => Err(LifetimeRefused::OverMaximum(days)),
        _ if expiry > ceiling => Err(LifetimeRefused::OutlivesMaker),
        _ => Ok(expiry),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-05-03T12:00:00.5Z".parse().unwrap()
    }

    fn days(count: u32) -> Days {
        Days::try_from(count).unwrap()
    }

    fn decide(requested: RequestedLifetime, maximum: Option<u32>) -> Result<Expiry, LifetimeRefused> {
        decide_expiry(requested, maximum.map(days), Expiry::NEVER, now())
    }

    proptest! {
        #[test]
        fn nothing_granted_exceeds_the_maximum(asked in 1_u32..=3_650, maximum in 1_u32..=3_650) {
            match decide(RequestedLifetime::Days(days(asked)), Some(maximum)) {
                Ok(expiry) => {
                    prop_assert!(asked <= maximum);
                    prop_assert!(!expiry.is_expired(now()));
                    prop_assert!(expiry.is_expired(days(maximum).after(now())));
                }
                Err(refused) => {
                    prop_assert_eq!(refused, LifetimeRefused::OverMaximum(days(maximum)));
                    prop_assert!(asked > maximum);
                }
            }
        }

        #[test]
        fn an_absent_lifetime_is_the_longest_allowed(maximum in proptest::option::of(1_u32..=3_650)) {
            let expiry = decide(RequestedLifetime::Absent, maximum).unwrap();
            prop_assert_eq!(expiry == Expiry::NEVER, maximum.is_none());
        }

        #[test]
        fn any_moment_is_granted_or_refused(second in -300_000_000_000_i64..250_000_000_000) {
            let moment = Timestamp::from_second(second).unwrap();
            match decide(RequestedLifetime::Until(moment), None) {
                Ok(expiry) => prop_assert_eq!(expiry.timestamp(), Some(moment)),
                Err(LifetimeRefused::Past) => prop_assert!(moment <= now()),
                Err(refused) => prop_assert_eq!(refused, LifetimeRefused::Absurd),
            }
        }
    }

    #[test]
    fn the_refusal_names_the_maximum() {
        let refused = decide(RequestedLifetime::Days(days(31)), Some(30)).unwrap_err();
        assert_eq!(refused.to_string(), "the maximum token lifetime is 30 days");
    }

    #[test]
    fn this_very_second_is_past() {
        let moment = "2026-05-03T12:00:00.9Z".parse().unwrap();
        assert_eq!(decide(RequestedLifetime::Until(moment), None), Err(LifetimeRefused::Past));
    }

    #[test]
    fn a_token_does_not_make_a_longer_lived_one() {
        let ceiling = Expiry::at(days(10).after(now())).unwrap();
        let of = |requested| decide_expiry(requested, None, ceiling, now());
        assert_eq!(of(RequestedLifetime::Absent), Ok(ceiling));
        assert_eq!(of(RequestedLifetime::Days(days(11))), Err(LifetimeRefused::OutlivesMaker));
        assert!(of(RequestedLifetime::Days(days(9))).is_ok());
    }
}
