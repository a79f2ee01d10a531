//! Keyset paging: a page goes on after a row, or before it, that was seen. Unlike counting rows off, it costs the same on
//! every page, and skips and repeats nothing when rows come and go meanwhile.

use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order, Value};

/// From where a list goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seek<C> {
    /// At the beginning of the list.
    #[default]
    Start,
    /// Behind this row: the next page.
    After(C),
    /// In front of this row: the previous page.
    Before(C),
}

/// Not the text of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the place in the list cannot be read; begin at its first page")]
pub struct NotACursor;

impl<C> Seek<C> {
    /// The row, when there is one.
    pub fn cursor(&self) -> Option<&C> {
        match self {
            Self::Start => None,
            Self::After(cursor) | Self::Before(cursor) => Some(cursor),
        }
    }

    /// Whether rows are met in the opposite of the list's order: a page in front of a row is read from there.
    pub(crate) fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_))
    }
}

/// The rows that come after these values in this order (SQL:1992 §8.2, comparison of rows: the first difference decides).
pub(crate) fn beyond<const N: usize>(
    columns: [impl IntoColumnRef; N],
    values: [Value; N],
    order: &Order,
) -> Expr {
    let columns = Expr::tuple(columns.map(Expr::col));
    let values = Expr::tuple(values.map(Expr::val));
    if matches!(order, Order::Desc) { columns.lt(values) } else { columns.gt(values) }
}

/// The rows as the list has them.
pub(crate) fn in_list_order<T>(mut rows: Vec<T>, was_backward: bool) -> Vec<T> {
    if was_backward {
        rows.reverse();
    }
    rows
}
