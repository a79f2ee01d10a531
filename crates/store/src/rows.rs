//! What all tables share: pages of a list, times and JSON texts in columns, patterns that match literally, and many rows in one
//! statement.

use jiff::Timestamp;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, IntoColumnRef, IntoIden, LikeExpr, Query, SelectStatement, TableRef,
    UpdateStatement, Value, ValueTuple,
};
use sea_orm::{ConnectionTrait, QueryResult, TryGetable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// How many rows one statement asks for or writes: databases bound the values of a statement, of which a row has at most twenty, and
/// SQLite looks each up among all of them. What is written all the time takes fewer at once.
pub(crate) const AT_ONCE: usize = 500;

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
        Ord::min(self.number.saturating_mul(self.size), i64::MAX as u64)
    }

    /// Rows on this page, as far as a `bigint` reaches.
    pub(crate) fn limit(self) -> u64 {
        Ord::min(self.size, i64::MAX as u64)
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

/// What a selection reads of the rows whose column has one of these values, each row once, in no order.
pub(crate) async fn of_each<T, V: Into<Value> + Clone + Ord>(
    connection: &impl ConnectionTrait,
    selection: &SelectStatement,
    column: impl IntoIden,
    mut values: Vec<V>,
    read: fn(&QueryResult) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let column = column.into_iden();
    values.sort_unstable();
    values.dedup();
    let mut found = Vec::with_capacity(values.len());
    for values in values.chunks(AT_ONCE) {
        let is_one_of = Expr::col(column.clone()).is_in(values.iter().cloned());
        let select = selection.clone().and_where(is_one_of).take();
        for row in connection.query_all(&select).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// How many rows a selection has, counted up to `most` by a column of the index that it is read off.
pub(crate) async fn count_up_to(
    connection: &impl ConnectionTrait,
    select: &SelectStatement,
    column: impl IntoColumnRef,
    most: u64,
) -> Result<u64, StoreError> {
    let mut counted = select.clone();
    counted.clear_selects().column(column).limit(Ord::min(most, i64::MAX as u64));
    let select = Query::select()
        .expr_as(Expr::cust("COUNT(*)"), "count")
        .from_subquery(counted, Alias::new("counted"))
        .take();
    let row = connection.query_one(&select).await?.ok_or(StoreError::Unreadable("count"))?;
    Ok(self::column::<i64>(&row, "count")?.unsigned_abs())
}

/// Writes columns of many rows in few statements. A row is the value of its key, and then one for each column; no key may stand
/// twice.
pub(crate) fn updates<C: IntoIden>(
    table: impl IntoIden,
    key: impl IntoIden,
    columns: impl IntoIterator<Item = C>,
    rows: &[Vec<Value>],
) -> Vec<UpdateStatement> {
    // Both databases call the columns of a list of values so.
    let listed = |at: usize| Expr::col(("listed", format!("column{at}")));
    let (table, key) = (table.into_iden(), key.into_iden());
    let columns: Vec<_> = columns.into_iter().map(IntoIden::into_iden).collect();
    let update = |rows: &[Vec<Value>]| {
        let rows = rows.iter().cloned().map(ValueTuple::Many).collect();
        let mut update = Query::update();
        update.table(table.clone()).from(TableRef::ValuesList(rows, "listed".into_iden()));
        for (at, column) in columns.iter().enumerate() {
            update.value(column.clone(), listed(at + 2));
        }
        update.and_where(Expr::col((table.clone(), key.clone())).eq(listed(1)));
        update
    };
    rows.chunks(AT_ONCE).map(update).collect()
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
