//! A day where the one who asks is: its first moment and its last second.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

/// Why a text is no day that can be reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADay {
    /// It is no date.
    #[error("Choose a day, or type one such as 2026-12-31")]
    Malformed,
    /// It is at the very end of the year 9999, beyond [`Timestamp::MAX`].
    #[error("This day is too late; choose an earlier one")]
    TooLate,
}

/// The first moment of a day (`2026-12-31`) in a time zone, as [`end_of_day`] takes them.
///
/// # Errors
/// As [`end_of_day`].
pub fn start_of_day(day: &str, zone: &str) -> Result<Timestamp, NotADay> {
    Ok(start(day, zone)?.timestamp())
}

/// The last second of a day (`2026-12-31`) in a time zone of the IANA database. A zone that is not known counts as UTC:
/// a browser may be newer than this server, and what comes of it is shown.
///
/// The zones are those built into the program, so that every node reckons alike.
///
/// # Errors
/// [`NotADay`] for what is no date, and for what is too late.
pub fn end_of_day(day: &str, zone: &str) -> Result<Timestamp, NotADay> {
    let end = start(day, zone)?.end_of_day().map_err(|_| NotADay::TooLate)?;
    Timestamp::from_second(end.timestamp().as_second()).map_err(|_| NotADay::TooLate)
}

fn start(day: &str, zone: &str) -> Result<Zoned, NotADay> {
    if day.len() != "2026-12-31".len() {
        return Err(NotADay::Malformed);
    }
    let day = Date::from_str(day).map_err(|_| NotADay::Malformed)?;
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    day.to_zoned(zone).map_err(|_| NotADay::TooLate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_one_is() {
        for (day, zone, end) in [
            ("2026-12-31", "UTC", "2026-12-31T23:59:59Z"),
            ("2026-12-31", "", "2026-12-31T23:59:59Z"),
            ("2026-12-31", "No/Where", "2026-12-31T23:59:59Z"),
            ("2026-12-31", "Europe/Berlin", "2026-12-31T22:59:59Z"),
            ("2026-12-31", "Pacific/Kiritimati", "2026-12-31T09:59:59Z"),
            ("2026-12-31", "Pacific/Pago_Pago", "2027-01-01T10:59:59Z"),
            // The days on which the clocks change have 23 and 25 hours.
            ("2027-03-28", "Europe/Berlin", "2027-03-28T21:59:59Z"),
            ("2027-10-31", "Europe/Berlin", "2027-10-31T22:59:59Z"),
            // The clocks go back at midnight, so that the last hour is there twice: the second one counts.
            ("2027-04-03", "America/Santiago", "2027-04-04T03:59:59Z"),
        ] {
            assert_eq!(end_of_day(day, zone), Ok(end.parse().unwrap()), "{day} in {zone}");
        }
    }

    #[test]
    fn anything_else_is_no_day() {
        for text in
            ["", "tomorrow", "2026-02-30", "31.12.2026", "20261231", "2026-12-31T12:00", "-009999-01-01"]
        {
            assert_eq!(end_of_day(text, "UTC"), Err(NotADay::Malformed), "{text}");
            assert_eq!(start_of_day(text, "UTC"), Err(NotADay::Malformed), "{text}");
        }
    }

    #[test]
    fn a_day_begins_where_one_is() {
        for (day, zone, start) in [
            ("2026-12-31", "", "2026-12-31T00:00:00Z"),
            ("2026-12-31", "No/Where", "2026-12-31T00:00:00Z"),
            ("2026-12-31", "Europe/Berlin", "2026-12-30T23:00:00Z"),
            // The clocks go forward at midnight: the day begins at one.
            ("2026-09-06", "America/Santiago", "2026-09-06T04:00:00Z"),
        ] {
            assert_eq!(start_of_day(day, zone), Ok(start.parse().unwrap()), "{day} in {zone}");
        }
    }

    #[test]
    fn the_end_of_time_is_too_late_and_not_malformed() {
        assert_eq!(start_of_day("9999-12-31", "UTC"), Err(NotADay::TooLate));
        assert_eq!(end_of_day("9999-12-31", "UTC"), Err(NotADay::TooLate));
        assert_eq!(end_of_day("9999-12-29", "UTC"), Ok("9999-12-29T23:59:59Z".parse().unwrap()));
    }
}
