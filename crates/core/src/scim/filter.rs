//! Filters: which resources, or which values of an attribute, are meant.

use std::fmt;
use std::str::FromStr;

use super::reader::Reader;

/// The name of an attribute, in lower case: names are compared without case (RFC 7643 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The URI before it, when there is one.
    pub schema: Option<String>,
    /// The attribute.
    pub name: String,
    /// The part of it that is meant, when it has parts.
    pub part: Option<String>,
}

/// How two values are compared (RFC 7644 §3.4.2.2, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// `true` or `false`.
    Truth(bool),
    /// A number, as it was written: nothing here is one.
    Number(String),
    /// `null`
    Null,
}

/// Which are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those of which all of these are true: two or more.
    All(Vec<Filter>),
    /// Those of which one of these is true: two or more.
    Any(Vec<Filter>),
    /// Those of which this is not true.
    Not(Box<Filter>),
    /// Those that have a value here.
    Present(Attribute),
    /// Those whose value compares so.
    Compare {
        /// Where the value is.
        attribute: Attribute,
        /// How it is compared.
        operator: Operator,
        /// With what.
        literal: Literal,
    },
    /// Those of which one value of this attribute is meant by the filter: `emails[type eq "work"]`.
    Within {
        /// The attribute, which has several values.
        attribute: Attribute,
        /// Which of them.
        filter: Box<Filter>,
    },
}

/// Why a text is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAFilter {
    /// Too long.
    #[error("a filter has at most {} bytes", super::LONGEST)]
    TooLong,
    /// Too deep.
    #[error("a filter has at most {} brackets within one another", super::DEEPEST)]
    TooDeep,
    /// Something else was expected.
    #[error("the filter cannot be read after {at} bytes: expected {expected}")]
    Syntax {
        /// In bytes.
        at: usize,
        /// What should stand there.
        expected: &'static str,
    },
}

impl FromStr for Filter {
    type Err = NotAFilter;

    fn from_str(text: &str) -> Result<Self, NotAFilter> {
        let mut reader = Reader::new(text)?;
        let filter = reader.filter()?;
        reader.end()?;
        Ok(filter)
    }
}

impl Attribute {
    /// One without a schema and without parts.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { schema: None, name: name.to_ascii_lowercase(), part: None }
    }
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The word in a filter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(formatter, "{schema}:")?;
        }
        formatter.write_str(&self.name)?;
        self.part.iter().try_for_each(|part| write!(formatter, ".{part}"))
    }
}

/// As it can be read again.
impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(truth) => write!(formatter, "{truth}"),
            Self::Number(number) => formatter.write_str(number),
            Self::Null => formatter.write_str("null"),
            Self::Text(text) => {
                formatter.write_str("\"")?;
                for character in text.chars() {
                    match character {
                        '"' | '\\' => write!(formatter, "\\{character}")?,
                        control if control < ' ' => write!(formatter, "\\u{:04x}", control as u32)?,
                        other => write!(formatter, "{other}")?,
                    }
                }
                formatter.write_str("\"")
            }
        }
    }
}

/// As it can be read again.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut join = |filters: &[Self], word: &str| {
            filters.iter().enumerate().try_for_each(|(at, filter)| {
                let before = if at == 0 { "" } else { word };
                // What is joined itself stands in brackets, so that it is read as it was.
                match filter {
                    Self::All(_) | Self::Any(_) => write!(formatter, "{before}({filter})"),
                    _ => write!(formatter, "{before}{filter}"),
                }
            })
        };
        match self {
            Self::All(filters) => join(filters, " and "),
            Self::Any(filters) => join(filters, " or "),
            Self::Not(filter) => write!(formatter, "not ({filter})"),
            Self::Present(attribute) => write!(formatter, "{attribute} pr"),
            Self::Compare { attribute, operator, literal } => {
                write!(formatter, "{attribute} {} {literal}", operator.as_str())
            }
            Self::Within { attribute, filter } => write!(formatter, "{attribute}[{filter}]"),
        }
    }
}
