//! How long a session lives.

use jiff::{SignedDuration, Timestamp};

/// How long an unused session lives.
pub const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// How long any session lives.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When a session ends that was opened and last seen at these times.
#[must_use]
pub fn ends_at(created_at: Timestamp, seen_at: Timestamp) -> Timestamp {
    let after = |time: Timestamp, life| time.saturating_add(life).unwrap_or(Timestamp::MAX);
    after(created_at, LONGEST).min(after(seen_at, IDLE))
}

/// Whether it has ended: at its end it has, as a token has at its expiry.
#[must_use]
pub fn has_ended(created_at: Timestamp, seen_at: Timestamp, now: Timestamp) -> bool {
    ends_at(created_at, seen_at) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3_600).unwrap()
    }

    #[test]
    fn a_session_ends_when_it_was_idle_and_after_a_week_at_the_latest() {
        let almost = hour(8) - SignedDuration::from_millis(1);
        assert!(!has_ended(hour(0), hour(0), almost));
        assert!(has_ended(hour(0), hour(0), hour(8)));
        assert!(!has_ended(hour(0), hour(7), hour(14)));
        assert!(!has_ended(hour(0), hour(167), hour(168) - SignedDuration::from_millis(1)));
        assert!(has_ended(hour(0), hour(167), hour(168)));
        assert_eq!(ends_at(hour(0), hour(10)), hour(18));
        assert_eq!(ends_at(Timestamp::MAX, Timestamp::MAX), Timestamp::MAX);
    }
}
