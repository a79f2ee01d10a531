//! The nights: one run each, at 01:00 where the server is.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;

/// The hour of the run, in the server's zone (vendor page *Deploy 25.3*, *Email Notifications*).
const HOUR: i8 = 1;

/// The night that ends on a day of the server's calendar. There is one run for each, also when the clock changes in it:
/// what names a run is the date, which comes once, and not the hour, which may come twice or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Night(Date);

/// Not the name of a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a night is a date such as 2026-11-22")]
pub struct NotANight;

impl Night {
    /// The last night whose 01:00 has come.
    #[must_use]
    pub fn latest(now: Timestamp, zone: &TimeZone) -> Self {
        let today = Self(zone.to_datetime(now).date());
        if today.starts_at(zone) <= now { today } else { Self(today.0.yesterday().unwrap_or(today.0)) }
    }

    /// 01:00 of this night. Where the clock leaves that hour out, the moment at which it would have come; where it
    /// comes twice, the first.
    #[must_use]
    pub fn starts_at(self, zone: &TimeZone) -> Timestamp {
        let at = self.0.to_datetime(time(HOUR, 0, 0, 0));
        zone.to_ambiguous_timestamp(at).compatible().unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Night {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Night {
    type Err = NotANight;

    fn from_str(text: &str) -> Result<Self, NotANight> {
        text.parse().map(Self).map_err(|_| NotANight)
    }
}

/// The night that must be run now: the latest, when it is after the last that was run. Nights that passed while nobody
/// ran are not run one by one: the next run finds what they would have found.
#[must_use]
pub fn due_night(last: Option<Night>, now: Timestamp, zone: &TimeZone) -> Option<Night> {
    let latest = Night::latest(now, zone);
    last.is_none_or(|last| last < latest).then_some(latest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    /// How often one runs who looks every ten minutes, between two moments.
    fn runs(zone: &TimeZone, from: &str, to: &str) -> Vec<(String, String)> {
        let (mut now, end): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
        let mut last = Some(Night::latest(now, zone));
        let mut runs = Vec::new();
        while now < end {
            if let Some(night) = due_night(last, now, zone) {
                runs.push((night.to_string(), now.to_string()));
                last = Some(night);
            }
            now += jiff::SignedDuration::from_mins(10);
        }
        runs
    }

    #[test]
    fn a_night_with_a_clock_change_has_one_run() {
        // In Havana the clock goes from 01:00 back to 00:00 in autumn, and from 00:00 to 01:00 in spring.
        let havana = TimeZone::get("America/Havana").unwrap();
        let autumn = runs(&havana, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z");
        assert_eq!(autumn.len(), 2, "{autumn:?}");
        // In Berlin 02:00 is 03:00 in spring, and 03:00 is 02:00 in autumn.
        let spring = runs(&berlin(), "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(
            spring,
            [
                ("2026-03-29".into(), "2026-03-29T00:00:00Z".into()),
                ("2026-03-30".into(), "2026-03-29T23:00:00Z".into()),
            ]
        );
        let autumn = runs(&berlin(), "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(
            autumn,
            [
                ("2026-10-25".into(), "2026-10-24T23:00:00Z".into()),
                ("2026-10-26".into(), "2026-10-26T00:00:00Z".into()),
            ]
        );
    }

    #[test]
    fn a_night_without_one_o_clock_or_with_two_has_one_run() {
        // London: 01:00 is left out in spring, and comes twice in autumn.
        let london = TimeZone::get("Europe/London").unwrap();
        let spring = runs(&london, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
        assert_eq!(spring, [("2026-03-29".into(), "2026-03-29T01:00:00Z".into())]);
        let autumn = runs(&london, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(autumn, [("2026-10-25".into(), "2026-10-25T00:00:00Z".into())]);
    }

    #[test]
    fn who_slept_for_three_days_runs_once() {
        let last: Night = "2026-11-19".parse().unwrap();
        let awake: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
        assert_eq!(due_night(Some(last), awake, &berlin()).unwrap().to_string(), "2026-11-22");
        assert_eq!(due_night("2026-11-22".parse().ok(), awake, &berlin()), None);
    }

    #[test]
    fn a_clock_that_was_put_back_repeats_no_night() {
        let now: Timestamp = "2026-11-20T09:30:00Z".parse().unwrap();
        assert_eq!(due_night("2026-11-22".parse().ok(), now, &berlin()), None);
    }

    proptest! {
        #[test]
        fn the_latest_night_has_begun_and_the_next_has_not(second in 1_700_000_000_i64..2_000_000_000) {
            for zone in [berlin(), TimeZone::UTC, TimeZone::get("America/Havana").unwrap()] {
                let now = Timestamp::from_second(second).unwrap();
                let night = Night::latest(now, &zone);
                prop_assert!(night.starts_at(&zone) <= now);
                prop_assert!(Night(night.0.tomorrow().unwrap()).starts_at(&zone) > now);
                prop_assert_eq!(night.to_string().parse::<Night>(), Ok(night));
            }
        }
    }
}
