//! When a decision takes effect: a moment, and the time zone in which it was chosen.

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

/// How far ahead a decision can be scheduled.
const FURTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A moment in the future, at most 366 days ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The moment.
    pub at: Timestamp,
    /// The name of the time zone in which it was chosen.
    pub zone: String,
}

/// Why a text is no such moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATime {
    /// No date and time.
    #[error("choose a date and a time, or type them like `2026-12-31T09:00`")]
    Malformed,
    /// A time zone that this server does not know.
    #[error("there is no such time zone; type one like `Europe/Berlin` or `UTC`")]
    UnknownZone,
    /// It has passed.
    #[error("this moment has passed; choose a later one, or *now*")]
    Past,
    /// It is more than a year ahead.
    #[error("this is more than a year ahead; choose an earlier moment")]
    TooFar,
}

impl When {
    /// A moment that was chosen in UTC.
    ///
    /// # Errors
    /// [`NotATime::Past`], [`NotATime::TooFar`].
    pub fn at(at: Timestamp, now: Timestamp) -> Result<Self, NotATime> {
        // As the database keeps it.
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        match at.duration_since(now) {
            ahead if ahead <= SignedDuration::ZERO => Err(NotATime::Past),
            ahead if ahead > FURTHEST => Err(NotATime::TooFar),
            _ => Ok(Self { at, zone: "UTC".to_owned() }),
        }
    }

    /// A date and a time (`2026-12-31T09:00`) in a time zone of the IANA database. A time that the clocks skip is moved
    /// ahead with them; of one that comes twice the first is taken.
    ///
    /// # Errors
    /// [`NotATime`].
    pub fn of_clock(text: &str, zone: &str, now: Timestamp) -> Result<Self, NotATime> {
        let time: DateTime = text.parse().map_err(|_| NotATime::Malformed)?;
        let known = TimeZoneDatabase::bundled().get(zone).map_err(|_| NotATime::UnknownZone)?;
        let name = known.iana_name().unwrap_or("UTC").to_owned();
        let at = time.to_zoned(known).map_err(|_| NotATime::Malformed)?.timestamp();
        Ok(Self { zone: name, ..Self::at(at, now)? })
    }
}

/// A moment in the time zone in which it was chosen, for people: `1 Dec 2026, 09:00 Europe/Berlin`.
#[must_use]
pub fn told(at: Timestamp, zone: &str) -> String {
    let known = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    let name = known.iana_name().unwrap_or("UTC").to_owned();
    format!("{} {name}", at.to_zoned(known).strftime("%-d %b %Y, %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_taken_in_its_zone() {
        let now: Timestamp = "2026-05-03T12:00:00Z".parse().unwrap();
        let at = |text: &str, zone: &str| When::of_clock(text, zone, now).map(|when| when.at.to_string());
        assert_eq!(at("2026-05-03T14:01", "Europe/Berlin"), Ok("2026-05-03T12:01:00Z".to_owned()));
        assert_eq!(at("2026-05-03T14:00", "Europe/Berlin"), Err(NotATime::Past));
        // The night the clocks go back: the first of the two.
        assert_eq!(at("2026-10-25T02:30", "Europe/Berlin"), Ok("2026-10-25T00:30:00Z".to_owned()));
        assert_eq!(at("2027-03-28T02:30", "Europe/Berlin"), Ok("2027-03-28T01:30:00Z".to_owned()));
        assert_eq!(at("2027-05-04T12:00", "UTC"), Ok("2027-05-04T12:00:00Z".to_owned()));
        assert_eq!(at("2027-05-04T12:01", "UTC"), Err(NotATime::TooFar));
        for text in ["", "tomorrow", "2026-13-01T00:00", "2026-05-03"] {
            assert!(matches!(at(text, "UTC"), Err(NotATime::Malformed | NotATime::Past)), "{text}");
        }
        assert_eq!(at("2026-06-01T00:00", "Mars/Olympus"), Err(NotATime::UnknownZone));
        let when = When::of_clock("2026-12-01T09:00", "europe/berlin", now).unwrap();
        assert_eq!(told(when.at, &when.zone), "1 Dec 2026, 09:00 Europe/Berlin");
    }
}
