//! What is wrong with a configuration: every fault, each with its field, where it stands, and what is expected.

use std::fmt;

use super::value::Place;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    field: String,
    place: Place,
    expected: String,
}

impl Fault {
    pub(super) fn new(field: impl Into<String>, place: &Place, expected: impl fmt::Display) -> Self {
        Self { field: field.into(), place: place.clone(), expected: expected.to_string() }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The setting, as it is written in the reference: `tls.key`, `application[1].rule[2].path`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(formatter, "`{}`", self.field)?;
        }
        match &self.place {
            Place::Nowhere if self.field.is_empty() => {}
            Place::Nowhere => formatter.write_str(": ")?,
            place if self.field.is_empty() => write!(formatter, "{place}: ")?,
            place => write!(formatter, " ({place}): ")?,
        }
        formatter.write_str(&self.expected)
    }
}

/// All faults of a configuration; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// Each of them, in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => formatter.write_str("the configuration has a fault")?,
            count => write!(formatter, "the configuration has {count} faults")?,
        }
        self.0.iter().try_for_each(|fault| write!(formatter, "\n  {fault}"))
    }
}

impl std::error::Error for Faults {}
