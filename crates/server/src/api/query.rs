//! Query parameters, read into types.
//!
//! One reading for every endpoint: values are trimmed (the vendors' clients send trailing blanks), a blank one is as
//! good as none, booleans come in any case (`True`), unknown parameters are ignored, and a parameter that stands twice,
//! is long or cannot be read is refused by name.

use std::borrow::Cow;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::problem::Problem;

/// The most characters of a value: more than any place, name or cursor has, and few enough for a pattern of either database
/// (SQLite takes one of 50,000 bytes: <https://www.sqlite.org/limits.html>, section 5).
const LONGEST: usize = 4_000;

/// The query parameters of a request, as a struct of numbers, booleans, texts and options of these.
///
/// Refuses with 400 that names the parameter.
#[derive(Clone, Debug)]
pub struct Parameters<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self).map_err(QueryFault::into_problem)
    }
}

/// Reads the part of a URI after the `?`.
pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, QueryFault> {
    T::deserialize(WholeQuery(query))
}

/// Why a query cannot be read.
#[derive(Debug)]
pub(super) struct QueryFault {
    parameter: Option<Cow<'static, str>>,
    detail: String,
}

impl QueryFault {
    fn of(parameter: &'static str, detail: impl Into<String>) -> Self {
        Self { parameter: Some(parameter.into()), detail: detail.into() }
    }

    fn into_problem(self) -> Problem {
        Problem::field(self.parameter.unwrap_or("query".into()), self.detail)
    }
}

impl fmt::Display for QueryFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for QueryFault {}

impl serde::de::Error for QueryFault {
    fn custom<T: fmt::Display>(detail: T) -> Self {
        Self { parameter: None, detail: detail.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(field, format!("The query parameter `{field}` is missing"))
    }
}

/// The whole query; only a struct can be read from it, because its fields say what is known.
struct WholeQuery<'q>(&'q str);

impl<'de> Deserializer<'de> for WholeQuery<'_> {
    type Error = QueryFault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, QueryFault> {
        Err(QueryFault::custom("a query is read into a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, QueryFault> {
        let mut known: Vec<(&'static str, String)> = Vec::new();
        for pair in self.0.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = decode(name) else { continue };
            let Some(field) = fields.iter().find(|field| **field == name) else { continue };
            if known.iter().any(|(seen, _)| seen == field) {
                return Err(QueryFault::of(field, format!("The query parameter `{field}` stands twice")));
            }
            let value = decode(value).ok_or_else(|| {
                QueryFault::of(field, format!("The query parameter `{field}` is not percent-encoded UTF-8"))
            })?;
            let value = value.trim();
            if value.chars().count() > LONGEST {
                let detail = format!("The query parameter `{field}` has more than {LONGEST} characters");
                return Err(QueryFault::of(field, detail));
            }
            if value.contains(char::is_control) {
                let detail = format!("The query parameter `{field}` has a control character in it");
                return Err(QueryFault::of(field, detail));
            }
            known.push((field, value.to_owned()));
        }
        known.retain(|(_, value)| !value.is_empty());
        visitor.visit_map(Known { rest: known.into_iter(), value: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The parameters that the struct has fields for.
struct Known {
    rest: std::vec::IntoIter<(&'static str, String)>,
    value: Option<(&'static str, String)>,
}

impl<'de> MapAccess<'de> for Known {
    type Error = QueryFault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, QueryFault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((name, value));
        let name: StrDeserializer<'_, QueryFault> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, QueryFault> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Value(&value)).map_err(|fault| {
            QueryFault::of(name, format!("The query parameter `{name}` is wrong: {}", fault.detail))
        })
    }
}

/// One value, not blank.
struct Value<'v>(&'v str);

impl Value<'_> {
    fn number<T: std::str::FromStr>(&self) -> Result<T, QueryFault> {
        self.0.parse().map_err(|_| QueryFault::custom(format!("`{}` is not a whole number from 0", self.0)))
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = QueryFault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryFault> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryFault> {
        if self.0.eq_ignore_ascii_case("true") {
            visitor.visit_bool(true)
        } else if self.0.eq_ignore_ascii_case("false") {
            visitor.visit_bool(false)
        } else {
            Err(QueryFault::custom(format!("`{}` is neither `true` nor `false`", self.0)))
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryFault> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryFault> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryFault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, QueryFault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, QueryFault> {
        let value: StrDeserializer<'_, QueryFault> = self.0.into_deserializer();
        value.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Undoes `application/x-www-form-urlencoded` (WHATWG URL §5.1), but refuses what cannot be undone in one way: a `%`
/// without two hexadecimal digits, and what is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let is_digit = |digit: Option<&u8>| digit.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    let broken =
        |at: usize| bytes[at] == b'%' && !(is_digit(bytes.get(at + 1)) && is_digit(bytes.get(at + 2)));
    if (0..bytes.len()).any(broken) {
        return None;
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Filter {
        full_name: Option<String>,
        external: Option<bool>,
        last_active_after: Option<Timestamp>,
        page: Option<u64>,
    }

    fn filter(query: &str) -> Result<Filter, (String, String)> {
        read(query).map_err(|fault: QueryFault| (fault.parameter.unwrap_or_default().into(), fault.detail))
    }

    #[test]
    fn a_client_writes_parameters_as_clients_do() {
        let read = filter(
            "fullName=Ann+B%C3%A9%20&external=True&lastActiveAfter=2026-05-03T00:00:00Z&page=2&x=1&x=2",
        );
        let wanted = Filter {
            full_name: Some("Ann Bé".into()),
            external: Some(true),
            last_active_after: Some("2026-05-03T00:00:00Z".parse().unwrap()),
            page: Some(2),
        };
        assert_eq!(read.unwrap(), wanted);
        let nothing = Filter { full_name: None, external: None, last_active_after: None, page: None };
        assert_eq!(filter("").unwrap(), nothing);
        assert_eq!(filter("fullName=&external=%20&page").unwrap(), nothing);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, parameter, detail) in [
            ("page=-1", "page", "The query parameter `page` is wrong: `-1` is not a whole number from 0"),
            (
                "external=yes",
                "external",
                "The query parameter `external` is wrong: `yes` is neither `true` nor `false`",
            ),
            ("page=1&page=1", "page", "The query parameter `page` stands twice"),
            ("page=&page=1", "page", "The query parameter `page` stands twice"),
            ("fullName=%ff", "fullName", "The query parameter `fullName` is not percent-encoded UTF-8"),
            ("fullName=50%", "fullName", "The query parameter `fullName` is not percent-encoded UTF-8"),
            ("fullName=a%00b", "fullName", "The query parameter `fullName` has a control character in it"),
        ] {
            assert_eq!(filter(query), Err((parameter.into(), detail.into())), "{query}");
        }
        assert_eq!(filter("lastActiveAfter=soon").unwrap_err().0, "lastActiveAfter");
    }

    #[test]
    fn a_value_has_an_end() {
        let longest = "%25".repeat(LONGEST);
        assert_eq!(filter(&format!("fullName={longest}")).unwrap().full_name, Some("%".repeat(LONGEST)));
        let longer = filter(&format!("fullName={longest}a")).unwrap_err();
        assert_eq!(
            longer,
            ("fullName".into(), "The query parameter `fullName` has more than 4000 characters".into())
        );
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in ".{0,60}") {
            let _ = filter(&query);
            let _ = filter(&format!("fullName={query}"));
        }
    }
}
