//! The values of properties, as they are stored and shown. A secret is never one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The value of a property. What an item does not have, is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text of one line, or the chosen one of several.
    Text(String),
    /// Texts by name.
    Map(BTreeMap<String, String>),
}

/// The values of an item by the names of its properties.
pub type Properties = BTreeMap<String, Value>;

impl Value {
    /// The text, when it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The texts by name, when it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }
}
