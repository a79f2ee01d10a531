//! When a token ends: the one expiry rule.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// The end of a token's life, in whole seconds of UTC, or never.
///
/// Whole seconds keep a grant small in the index; the range is up to [`Expiry::LATEST`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry(u32);

/// Why a time cannot be an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token can expire between 1970 and the end of 2099")]
pub struct OutOfRange;

impl Expiry {
    /// A token that does not expire. It sorts after every date.
    pub const NEVER: Self = Self(u32::MAX);

    /// The latest date a token can be given: 2099-12-31T23:59:59Z.
    pub const LATEST: Self = Self(4_102_444_799);

    /// The second that `time` lies in: a part of a second is dropped, so a token never lives longer than asked.
    ///
    /// # Errors
    /// [`OutOfRange`] before 1970 and after [`Expiry::LATEST`].
    pub fn at(time: Timestamp) -> Result<Self, OutOfRange> {
        match u32::try_from(time.as_second()) {
            Ok(second) if second <= Self::LATEST.0 && time >= Timestamp::UNIX_EPOCH => Ok(Self(second)),
            _ => Err(OutOfRange),
        }
    }

    /// The date, or `None` for never.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        if self == Self::NEVER { None } else { Timestamp::from_second(i64::from(self.0)).ok() }
    }

    /// **The** expiry rule: a token is expired when `expires_at <= now`.
    #[must_use]
    pub fn is_expired(self, now: Timestamp) -> bool {
        self != Self::NEVER && i64::from(self.0) <= now.as_second()
    }

    /// What is left at `now`, as the column *Expires in* tells it.
    #[must_use]
    pub fn remaining(self, now: Timestamp) -> Remaining {
        let Some(at) = self.timestamp() else { return Remaining::Never };
        if self.is_expired(now) {
            return Remaining::Expired;
        }
        let left = at.duration_since(now);
        // Rounded up: a part of a day that is left counts as one.
        let days = left.as_secs() / DAY + i64::from(left.as_secs() % DAY > 0 || left.subsec_nanos() > 0);
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        match left {
            left if left < SignedDuration::from_secs(DAY) => Remaining::LessThanADay,
            left if left <= SignedDuration::from_secs(FEW * DAY) => Remaining::FewDays(days),
            _ => Remaining::Days(days),
        }
    }
}

/// Seconds of a day.
const DAY: i64 = 24 * 3_600;
/// At this many days left or fewer, people are warned (the vendor's Deploy page, *Expires in Column*).
const FEW: i64 = 5;

/// What is left of a token's time. Days are of 24 hours, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// It does not end.
    Never,
    /// More than five days.
    Days(u32),
    /// Five days (120 hours) or less, and at least one.
    FewDays(u32),
    /// Less than 24 hours.
    LessThanADay,
    /// Nothing.
    Expired,
}

impl fmt::Debug for Expiry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(at) => write!(formatter, "Expiry({at})"),
            None => formatter.write_str("Expiry(never)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn expired_means_at_or_before_now(second in 1_i64..4_102_444_799, offset in -2_000_000_000_i64..2_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            let now = Timestamp::from_nanosecond(at.as_nanosecond() + i128::from(offset)).unwrap();
            prop_assert_eq!(Expiry::at(at).unwrap().is_expired(now), at <= now);
        }

        #[test]
        fn never_is_never_expired(second in 0_i64..200_000_000_000) {
            prop_assert!(!Expiry::NEVER.is_expired(Timestamp::from_second(second).unwrap()));
        }
    }

    #[test]
    fn the_boundary_itself_is_expired() {
        let expiry = Expiry::at(time("2026-05-03T00:00:00Z")).unwrap();
        assert!(!expiry.is_expired(time("2026-05-02T23:59:59.999999999Z")));
        assert!(expiry.is_expired(time("2026-05-03T00:00:00Z")));
    }

    #[test]
    fn parts_of_a_second_shorten() {
        assert_eq!(
            Expiry::at(time("2026-05-03T00:00:00.9Z")).unwrap().timestamp(),
            Some(time("2026-05-03T00:00:00Z"))
        );
    }

    #[test]
    fn absurd_dates_are_out_of_range() {
        assert_eq!(Expiry::at(time("1969-12-31T23:59:59.5Z")), Err(OutOfRange));
        assert_eq!(Expiry::at(time("2100-01-01T00:00:00Z")), Err(OutOfRange));
        assert!(Expiry::at(time("2099-12-31T23:59:59Z")).is_ok());
    }
}
