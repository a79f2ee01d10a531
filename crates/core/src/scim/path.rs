//! Paths: what a change is about (RFC 7644 §3.5.2, figure 7).

use std::fmt;
use std::str::FromStr;

use super::filter::{Attribute, Filter, NotAFilter};
use super::reader::Reader;

/// What a change is about: `userName`, `name.familyName`, `members[value eq "x"]`, `emails[type eq "work"].value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The attribute; its part is that of the values that the filter means, when there is a filter.
    pub attribute: Attribute,
    /// Which of its values.
    pub filter: Option<Filter>,
}

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPath {
    /// What stands outside of its brackets is wrong, or it is too long.
    #[error("a path is like `userName`, `name.formatted` or `members[value eq \"…\"]`; {0}")]
    Unfit(NotAFilter),
    /// What stands in its brackets is wrong.
    #[error(transparent)]
    Filter(NotAFilter),
}

impl FromStr for Path {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut reader = Reader::new(text).map_err(NotAPath::Unfit)?;
        let mut attribute = reader.attribute().map_err(NotAPath::Unfit)?;
        let filter = reader.bracketed().map_err(NotAPath::Filter)?;
        if filter.is_some() && attribute.part.is_none() {
            attribute.part = reader.part().map_err(NotAPath::Unfit)?;
        }
        reader.end().map_err(NotAPath::Unfit)?;
        Ok(Self { attribute, filter })
    }
}

/// As it can be read again.
impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else { return self.attribute.fmt(formatter) };
        let whole = Attribute { part: None, ..self.attribute.clone() };
        write!(formatter, "{whole}[{filter}]")?;
        self.attribute.part.iter().try_for_each(|part| write!(formatter, ".{part}"))
    }
}
