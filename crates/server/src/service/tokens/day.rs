//! A day on which a token ends: its last second, where the one who asks is.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Choose a day, or type one such as 2026-12-31")]
pub struct NotADay;

/// The last second of a day (`2026-12-31`) in a time zone of the IANA database. A zone that is not known counts as UTC:
/// a browser may be newer than this server, and what comes of it is shown.
///
/// The zones are those built into the program, so that every node reckons alike.
///
/// # Errors
/// [`NotADay`] for what is no date.
pub fn end_of_day(day: &str, zone: &str) -> Result<Timestamp, NotADay> {
    if day.len() != "2026-12-31".len() {
        return Err(NotADay);
    }
    let day = Date::from_str(day).map_err(|_| NotADay)?;
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    let end = day.to_zoned(zone).and_then(|start| start.end_of_day()).map_err(|_| NotADay)?;
    Timestamp::from_second(end.timestamp().as_second()).map_err(|_| NotADay)
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
            assert_eq!(end_of_day(text, "UTC"), Err(NotADay), "{text}");
        }
    }
}
