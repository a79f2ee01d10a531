//! What a call sends for the properties of an item, read so that no secret is left behind in memory.

use std::collections::BTreeMap;
use std::fmt;

use patgate_core::item::{Draft, Entered, SecretText};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The properties of a request. Not printed, because some are secrets.
pub(in crate::api) struct DraftBody(pub(in crate::api) Draft);

impl<'de> Deserialize<'de> for DraftBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;

        impl<'de> Visitor<'de> for Properties {
            type Value = DraftBody;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DraftBody, A::Error> {
                let mut draft = Draft::new();
                while let Some(name) = map.next_key::<String>()? {
                    let OneEntered(entered) = map.next_value()?;
                    if draft.insert(name.clone(), entered).is_some() {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                }
                Ok(DraftBody(draft))
            }
        }

        deserializer.deserialize_map(Properties)
    }
}

/// What one property is to be.
pub(in crate::api) struct OneEntered(pub(in crate::api) Entered);

impl<'de> Deserialize<'de> for OneEntered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(OneEntered)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Entered;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Entered, E> {
        Ok(Entered::Nothing)
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Entered, E> {
        Ok(Entered::Boolean(yes))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Entered, E> {
        Ok(Entered::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Entered, E> {
        Ok(i64::try_from(number).map_or(Entered::Unsuitable, Entered::Integer))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Entered, E> {
        Ok(Entered::Unsuitable)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Entered, E> {
        Ok(Entered::Text(SecretText::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entered, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entered::Unsuitable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entered, A::Error> {
        let (mut entries, mut fits) = (BTreeMap::new(), true);
        while let Some(name) = map.next_key::<String>()? {
            let OneEntered(entered) = map.next_value()?;
            // A number or a word of JSON is what a person means by the text of it.
            let text = match entered {
                Entered::Text(text) => text.reveal().to_owned(),
                Entered::Integer(number) => number.to_string(),
                Entered::Boolean(yes) => yes.to_string(),
                Entered::Nothing | Entered::Map(_) | Entered::Unsuitable => {
                    fits = false;
                    continue;
                }
            };
            if entries.insert(name.clone(), text).is_some() {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
        }
        Ok(if fits { Entered::Map(entries) } else { Entered::Unsuitable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read_and_no_text_is_printed() {
        let text = r#"{"a":"hunter2","b":1,"c":true,"d":null,"e":{"x":"y","z":5,"w":false},"f":[1],"g":1.5,
            "h":{"x":[]},"i":18446744073709551615}"#;
        let DraftBody(draft) = serde_json::from_str(text).unwrap();
        assert!(matches!(&draft["a"], Entered::Text(text) if text.reveal() == "hunter2"));
        assert!(matches!(draft["b"], Entered::Integer(1)));
        assert!(matches!(draft["c"], Entered::Boolean(true)));
        assert!(matches!(draft["d"], Entered::Nothing));
        assert!(matches!(&draft["e"], Entered::Map(map) if map["z"] == "5" && map["w"] == "false"));
        for unsuitable in ["f", "g", "h", "i"] {
            assert!(matches!(draft[unsuitable], Entered::Unsuitable), "{unsuitable}");
        }
        assert!(!format!("{draft:?}").contains("hunter2"));
    }

    #[test]
    fn nothing_is_said_twice() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":{"b":"1","b":"2"}}"#, "[]"] {
            assert!(serde_json::from_str::<DraftBody>(text).is_err(), "{text}");
        }
    }
}
