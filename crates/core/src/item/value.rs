//! The values of properties, as they are stored and shown. A secret is never one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The value of a property. What an item does not have, is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// By hand: lists of items are read often, and what serde does for an untagged enum reads each value twice.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true or false, a whole number, a text, or texts by name")
            }

            fn visit_bool<E: Error>(self, yes: bool) -> Result<Value, E> {
                Ok(Value::Boolean(yes))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Integer(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                let number = i64::try_from(number);
                let number =
                    number.map_err(|_| E::invalid_value(Unexpected::Other("a larger number"), &self))?;
                Ok(Value::Integer(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Value::Map)
            }
        }

        deserializer.deserialize_any(Values)
    }
}
