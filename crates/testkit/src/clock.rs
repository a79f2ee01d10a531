//! Times for tests that do not depend on the day they run.

use jiff::{SignedDuration, Timestamp};

/// Sunday, 3 May 2026, 12:00 UTC: when most tests happen. Whole seconds, no leap year, no clock change near it.
pub const NOON: Timestamp = Timestamp::constant(1_777_809_600, 0);

/// So many days after (or, negative, before) [`NOON`], to the second.
///
/// ```
/// use patgate_testkit::clock::{NOON, days_from_noon};
/// assert_eq!(NOON.to_string(), "2026-05-03T12:00:00Z");
/// assert_eq!(days_from_noon(-1).to_string(), "2026-05-02T12:00:00Z");
/// ```
#[must_use]
pub fn days_from_noon(days: i32) -> Timestamp {
    seconds_from_noon(i64::from(days) * 86_400)
}

/// So many seconds after (or, negative, before) [`NOON`].
#[must_use]
pub fn seconds_from_noon(seconds: i64) -> Timestamp {
    NOON.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(NOON)
}

/// Now, for tests with servers that have a clock of their own.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a real provider's tokens are of today")]
pub fn today() -> Timestamp {
    Timestamp::now()
}
