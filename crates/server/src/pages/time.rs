//! Times on a page: in UTC from the server, for the script to rewrite into the browser's zone; and the pill that says how
//! long a token has left.

use jiff::Timestamp;
use jiff::tz::Offset;
use patgate_core::expiry::{Expiry, Remaining};

/// A moment, for `<time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For programs: RFC 3339 in UTC.
    pub exact: String,
    /// For people: `21 Dec 2026, 23:59 UTC`.
    pub text: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
        let text = Offset::UTC.to_datetime(second).strftime("%-d %b %Y, %H:%M UTC").to_string();
        Self { exact: second.to_string(), text }
    }
}

/// The pill of the column *Expires in*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pill {
    /// The class of its looks: `plain`, `warning` or `bad`.
    pub look: &'static str,
    /// What it says.
    pub text: String,
    /// When the token ends, for the script that counts down; empty for never.
    pub until: String,
}

impl Pill {
    /// How long a token has left.
    #[must_use]
    pub fn new(expires_at: Expiry, now: Timestamp) -> Self {
        let (look, text) = match expires_at.remaining(now) {
            Remaining::Never => ("plain", "Never".to_owned()),
            Remaining::Days(days) => ("plain", format!("{days} days")),
            Remaining::FewDays(1) => ("warning", "1 day".to_owned()),
            Remaining::FewDays(days) => ("warning", format!("{days} days")),
            Remaining::LessThanADay => ("warning", "Less than 24 hours".to_owned()),
            Remaining::Expired => ("bad", "Expired".to_owned()),
        };
        let until = expires_at.timestamp().map_or_else(String::new, |at| at.to_string());
        Self { look, text, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviour_72_a_pill_says_what_the_vendor_page_says() {
        let now: Timestamp = "2026-05-03T12:00:00Z".parse().unwrap();
        let after = |hours: i64, seconds: i64| {
            let second = now.as_second() + hours * 3600 + seconds;
            let pill = Pill::new(Expiry::at(Timestamp::from_second(second).unwrap()).unwrap(), now);
            format!("{} {}", pill.look, pill.text)
        };
        for (hours, seconds, pill) in [
            (720, 0, "plain 30 days"),
            (120, 1, "plain 6 days"),
            (120, 0, "warning 5 days"),
            (96, 1, "warning 5 days"),
            (96, 0, "warning 4 days"),
            (24, 1, "warning 2 days"),
            (24, 0, "warning 1 day"),
            (24, -1, "warning Less than 24 hours"),
            (0, 1, "warning Less than 24 hours"),
            (0, 0, "bad Expired"),
            (-1, 0, "bad Expired"),
        ] {
            assert_eq!(after(hours, seconds), pill, "{hours} h and {seconds} s");
        }
        assert_eq!(Pill::new(Expiry::NEVER, now).text, "Never");
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        let moment = Moment::from("2026-12-21T23:59:59.5Z".parse::<Timestamp>().unwrap());
        assert_eq!(moment.exact, "2026-12-21T23:59:59Z");
        assert_eq!(moment.text, "21 Dec 2026, 23:59 UTC");
    }
}
