//! Times of queries, as the vendors' clients write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::problem::Problem;

/// Reads a time: RFC 3339, the same with an offset without its colon as Deploy answers it, or a time or a day without an offset,
/// which is one of the server's zone. `name` is that of the query parameter.
///
/// # Errors
/// 400 for what is none.
pub(super) fn read(
    zone: &TimeZone,
    name: &'static str,
    text: Option<String>,
) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    // A `+` that a client did not encode arrives as a blank.
    let signed = match text.rsplit_once(' ') {
        Some((before, offset))
            if offset.starts_with(|c: char| c.is_ascii_digit()) && before.contains('T') =>
        {
            format!("{before}+{offset}")
        }
        _ => text,
    };
    let read = signed
        .parse::<Timestamp>()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &signed).ok())
        .or_else(|| signed.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|at| at.timestamp()));
    read.map(Some).ok_or_else(|| {
        let detail = format!("The query parameter `{name}` is a time, such as 2026-05-03T12:00:00Z");
        Problem::field(name, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_clients_write_it() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let read = |text: &str| read(&zone, "since", Some(text.to_owned()));
        for text in [
            "2026-05-03T10:00:00Z",
            "2026-05-03T12:00:00+02:00",
            "2026-05-03T12:00:00.000+0200",
            "2026-05-03T12:00:00.000 0200",
            "2026-05-03 12:00:00",
            "2026-05-03T12:00:00",
            "2026-05-03T12:00:00.000000",
        ] {
            assert_eq!(read(text).unwrap().unwrap().to_string(), "2026-05-03T10:00:00Z", "{text}");
        }
        assert_eq!(read("2026-05-03").unwrap().unwrap().to_string(), "2026-05-02T22:00:00Z");
        for text in ["soon", "12:00", "2026-13-03", "2026-05-03T25:00:00"] {
            assert_eq!(read(text).unwrap_err().wrong_field(), Some("since"), "{text}");
        }
    }
}
