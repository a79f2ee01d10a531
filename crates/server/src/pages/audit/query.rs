//! What is asked of the log, from the fields of its form.

use jiff::{Timestamp, ToSpan};

use super::event::ACTIONS;
use crate::pages::form::sentence;
use crate::pages::{Choice, Field, Fields, paging};
use crate::problem::Problem;
use crate::service::audit::AuditAsked;
use crate::service::day::{NotADay, end_of_day, start_of_day};

/// The form above the log, with what is wrong with it, and what it asks.
pub(super) struct Asked {
    pub(super) actor: Field,
    pub(super) subject: Field,
    pub(super) from: Field,
    pub(super) until: Field,
    pub(super) actions: Vec<Choice>,
    /// The time zone of the days, as the script tells it; empty for UTC.
    pub(super) zone: String,
    pub(super) wanted: AuditAsked,
}

impl Asked {
    /// Reads the form. What is wrong with a field stands beside it.
    pub(super) fn read(query: &Fields) -> Self {
        let zone = query.text("zone");
        let (from, since) = day(query, "from", "From", zone, false);
        let (mut until, end) = day(query, "until", "Until", zone, true);
        if let (Some(since), Some(end)) = (since, end)
            && end <= since
        {
            until.error = Some("Choose a day that is not before the first one.".to_owned());
        }
        let [actor, action, subject] = ["actor", "action", "subject"].map(|name| paging::search(query, name));
        let mut actions = vec![Choice::new("", "Anything", &action)];
        actions.extend(ACTIONS.map(|(word, label)| Choice::new(word, label, &action)));
        Self {
            actor: Field::new("actor", "Who", actor.clone()),
            subject: Field::new("subject", "About", subject.clone()),
            from,
            until,
            actions,
            zone: zone.to_owned(),
            wanted: AuditAsked { actor, action, subject, since, until: end },
        }
    }

    /// What is wrong with it, when something is.
    pub(super) fn fault(&self) -> Option<Problem> {
        [&self.from, &self.until]
            .into_iter()
            .find_map(|field| field.error.as_ref().map(|error| Problem::field(field.name, error)))
    }

    /// Whether it asks for anything less than the whole log.
    pub(super) fn is_narrow(&self) -> bool {
        let AuditAsked { actor, action, subject, since, until } = &self.wanted;
        let is_given = [actor, action, subject].iter().any(|text| !text.is_empty());
        is_given || since.is_some() || until.is_some() || self.fault().is_some()
    }
}

/// A day of the form: its first moment, or the first one after it.
fn day(
    query: &Fields,
    name: &'static str,
    label: &'static str,
    zone: &str,
    is_end: bool,
) -> (Field, Option<Timestamp>) {
    let mut field = Field::new(name, label, query.text(name));
    if field.value.is_empty() {
        return (field, None);
    }
    match moment(&field.value, zone, is_end) {
        Ok(moment) => (field, Some(moment)),
        Err(error) => {
            field.error = Some(sentence(&error));
            (field, None)
        }
    }
}

fn moment(day: &str, zone: &str, is_end: bool) -> Result<Timestamp, NotADay> {
    if is_end {
        end_of_day(day, zone)?.checked_add(1.second()).map_err(|_| NotADay::TooLate)
    } else {
        start_of_day(day, zone)
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_is_that_of_whoever_asks() {
        for (day, zone, is_end, at) in [
            ("2026-12-31", "", false, Some("2026-12-31T00:00:00Z")),
            ("2026-12-31", "UTC", true, Some("2027-01-01T00:00:00Z")),
            ("2026-12-31", "Europe/Berlin", false, Some("2026-12-30T23:00:00Z")),
            ("2026-03-29", "Europe/Berlin", true, Some("2026-03-29T22:00:00Z")),
            ("2026-12-31", "No/Where", false, Some("2026-12-31T00:00:00Z")),
            ("2026-02-30", "UTC", false, None),
            ("9999-12-31", "UTC", true, None),
        ] {
            assert_eq!(moment(day, zone, is_end).ok(), at.map(|at| at.parse().unwrap()), "{day} {zone}");
        }
    }
}
