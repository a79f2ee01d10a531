//! Keyset paging: a page goes on after a row, or before it, that was seen. Unlike counting rows off, it costs the same on
//! every page, and skips and repeats nothing when rows come and go meanwhile.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use patgate_core::policy::Exemption;
use patgate_core::reminder::Candidate;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order, SelectStatement, Value};

use crate::decisions::StoredDecision;
use crate::releases::ListedRelease;
use crate::reminders::ReminderRun;

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

/// A place in a list by time: that of the row that was seen last. Its text is for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeCursor {
    /// Milliseconds since 1970.
    at: i64,
    id: i64,
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

impl TimeCursor {
    /// The place of a decision: by when it was made.
    #[must_use]
    pub fn of_decision(decision: &StoredDecision) -> Self {
        Self::new(decision.made_at(), decision.id().as_i64())
    }

    /// The place of an exemption: by when it ends.
    #[must_use]
    pub fn of_exemption(exemption: &Exemption) -> Self {
        Self::new(exemption.ends_at, exemption.id.as_i64())
    }

    /// The place of a run of reminders: by when it planned.
    #[must_use]
    pub fn of_run(run: &ReminderRun) -> Self {
        Self::new(run.at, run.id.as_i64())
    }

    /// The place of a release: by when it was made.
    #[must_use]
    pub fn of_release(release: &ListedRelease) -> Self {
        Self::new(release.created_at, release.number.as_i64())
    }

    /// The place of a token that ends soon: by when it ends.
    #[must_use]
    pub fn of_candidate(candidate: &Candidate) -> Self {
        let ends_at = candidate.expires_at.timestamp().unwrap_or(Timestamp::MAX);
        Self::new(ends_at, candidate.grant.as_i64())
    }

    pub(crate) fn new(at: Timestamp, id: i64) -> Self {
        Self { at: at.as_millisecond(), id }
    }

    /// Milliseconds since 1970.
    pub(crate) const fn at(&self) -> i64 {
        self.at
    }

    /// What is compared with the columns of the place.
    pub(crate) fn values(&self) -> [Value; 2] {
        [self.at.into(), self.id.into()]
    }
}

impl fmt::Display for TimeCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.at, self.id)
    }
}

impl FromStr for TimeCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (at, id) = text.split_once('.').ok_or(NotACursor)?;
        let number = |text: &str| text.parse().map_err(|_| NotACursor);
        Ok(Self { at: number(at)?, id: number(id)? })
    }
}

/// Lets a selection begin at a place of a list by time, the latest first: `place` are its time and its identifier.
pub(crate) fn latest_first<C: IntoColumnRef + Copy>(
    select: &mut SelectStatement,
    place: [C; 2],
    seek: &Seek<TimeCursor>,
    limit: u64,
) {
    let order = if seek.is_backward() { Order::Asc } else { Order::Desc };
    let beyond = seek.cursor().map(|cursor| beyond(place, cursor.values(), &order));
    select.and_where_option(beyond);
    for column in place {
        select.order_by(column, order.clone());
    }
    select.limit(Ord::min(limit, i64::MAX as u64));
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

/// The rows that come no later than these values in this order.
pub(crate) fn up_to<const N: usize>(
    columns: [impl IntoColumnRef; N],
    values: [Value; N],
    order: &Order,
) -> Expr {
    let columns = Expr::tuple(columns.map(Expr::col));
    let values = Expr::tuple(values.map(Expr::val));
    if matches!(order, Order::Desc) { columns.gte(values) } else { columns.lte(values) }
}

/// The rows as the list has them.
pub(crate) fn in_list_order<T>(mut rows: Vec<T>, was_backward: bool) -> Vec<T> {
    if was_backward {
        rows.reverse();
    }
    rows
}
