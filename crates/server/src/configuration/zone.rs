//! `time_zone`: a name of the time zone database.

use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::section::Section;
use crate::edge::machine_zone;

/// A zone that the database has.
struct KnownZone(TimeZone);

/// Not a name of the database.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("write a name of the time zone database, like `Europe/Berlin` or `UTC`")]
struct UnknownZone;

impl FromStr for KnownZone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        TimeZoneDatabase::bundled().get(name).map(Self).map_err(|_| UnknownZone)
    }
}

/// The zone that is set, or else the machine's. `None` only with a fault.
pub(super) fn read(settings: &mut Section<'_>) -> Option<TimeZone> {
    if settings.is_given("time_zone") {
        settings.parsed("time_zone").map(|KnownZone(zone)| zone)
    } else {
        Some(machine_zone())
    }
}
