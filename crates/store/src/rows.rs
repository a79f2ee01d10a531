//! What all tables share: pages of a list, times and JSON texts in columns, and patterns that match literally.

use jiff::Timestamp;
use sea_orm::sea_query::LikeExpr;
use sea_orm::{QueryResult, TryGetable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 0.
    pub number: u64,
    /// How many rows, 1 or more.
    pub size: u64,
}

impl Page {
    /// The whole list, for callers that know it to be short.
    pub const WHOLE: Self = Self { number: 0, size: i64::MAX as u64 };

    /// Rows before this page, as far as a `bigint` reaches.
    pub(crate) fn offset(self) -> u64 {
        self.number.saturating_mul(self.size).min(i64::MAX as u64)
    }

    /// Rows on this page, as far as a `bigint` reaches.
    pub(crate) fn limit(self) -> u64 {
        self.size.min(i64::MAX as u64)
    }
}

/// The value of a column.
pub(crate) fn column<T: TryGetable>(row: &QueryResult, name: &'static str) -> Result<T, StoreError> {
    row.try_get("", name).map_err(StoreError::from)
}

/// The value of a column that holds the text of a domain type.
pub(crate) fn parsed<T: std::str::FromStr>(row: &QueryResult, name: &'static str) -> Result<T, StoreError> {
    column::<String>(row, name)?.parse().map_err(|_| StoreError::Unreadable(name))
}

/// A time column.
pub(crate) fn time(row: &QueryResult, name: &'static str) -> Result<Timestamp, StoreError> {
    from_milliseconds(column(row, name)?, name)
}

/// A time column that may be null.
pub(crate) fn optional_time(row: &QueryResult, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
    column::<Option<i64>>(row, name)?.map(|value| from_milliseconds(value, name)).transpose()
}

/// A time from its column: milliseconds of UTC since 1970.
pub(crate) fn from_milliseconds(value: i64, name: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(value).map_err(|_| StoreError::Unreadable(name))
}

/// A column of 32 bytes.
pub(crate) fn bytes32(row: &QueryResult, name: &'static str) -> Result<[u8; 32], StoreError> {
    column::<Vec<u8>>(row, name)?.try_into().map_err(|_| StoreError::Unreadable(name))
}

/// A JSON text column.
pub(crate) fn json<T: DeserializeOwned>(row: &QueryResult, name: &'static str) -> Result<T, StoreError> {
    from_json(&column::<String>(row, name)?, name)
}

/// A JSON text from its column.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, name: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable(name))
}

/// A JSON text for its column.
pub(crate) fn to_json(value: &impl Serialize, name: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Unreadable(name))
}

/// A pattern that finds `text` anywhere; `%` and `_` in it stand for themselves.
pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", literally(text))).escape('\\')
}

/// A pattern that finds `text` at the end, in the same way.
pub(crate) fn ending(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}", literally(text))).escape('\\')
}

fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// The least text that sorts, by bytes, after every text that begins with `prefix`; `None` when there is none.
///
/// A range finds a prefix through an index on both databases and knows no wildcards.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // The surrogates between these two are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_one_begins() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a%").as_deref(), Some("a&"));
        assert_eq!(after_prefix("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
