//! Lists of grants: which, in which order, and which part of them.

use jiff::Timestamp;
use patgate_core::grant::Grant;
use patgate_core::identifier::UserId;
use patgate_core::policy::Days;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, Order, SelectStatement, Value};

use super::cursor::Key;
use super::few::few;
use super::{GrantCursor, REACH, read, selection};
use crate::error::StoreError;
use crate::keyset::{Seek, beyond, in_list_order};
use crate::rows::{Page, after_prefix};
use crate::tables::{Grants, Users};
use crate::users;

/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600 * 1_000;

/// Which grants to list, and in which order; `Default` lists all that are not deleted, by name. A grant passes when it
/// fits everything that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Of this owner; `None`: of all.
    pub owner: Option<UserId>,
    /// The name begins with this, whatever the case. No character has a special meaning.
    pub name_prefix: Option<String>,
    /// Expired or not.
    pub life: GrantLife,
    /// Ends before this; a grant without an end does not.
    pub expires_before: Option<Timestamp>,
    /// Not used at this time or later. Of one that was never used, its making counts.
    pub unused_since: Option<Timestamp>,
    /// Has no end.
    pub never_expires: bool,
    /// Was made for a longer time than this, or without an end.
    pub longer_than: Option<Days>,
    /// Its owner is disabled.
    pub owner_disabled: bool,
    /// In this order; equal ones by identifier.
    pub sort: GrantSort,
    /// The other way round.
    pub descending: bool,
}

/// Whether grants are listed that have expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantLife {
    /// Expired or not.
    #[default]
    Any,
    /// Not expired at this time.
    Live(Timestamp),
    /// Expired at this time.
    Expired(Timestamp),
}

/// By what grants are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantSort {
    /// By name, whatever the case.
    #[default]
    Name,
    /// By the date of making.
    CreatedAt,
    /// By expiry; never is after every date.
    ExpiresAt,
    /// By last use; never is before every date. No index helps here, so that a use writes none: for one owner.
    LastUsedAt,
}

impl GrantSort {
    pub(super) fn column(self) -> Grants {
        match self {
            Self::Name => Grants::NameKey,
            Self::CreatedAt => Grants::CreatedAt,
            Self::ExpiresAt => Grants::ExpiresAt,
            Self::LastUsedAt => Grants::LastUsedAt,
        }
    }

    /// Where those without a date are: `None` where all have one.
    fn nulls_are_last(self) -> Option<bool> {
        match self {
            Self::Name | Self::CreatedAt => None,
            Self::ExpiresAt => Some(true),
            Self::LastUsedAt => Some(false),
        }
    }
}

/// A page of the grants that pass the filter, counted off.
pub(crate) async fn page(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
    page: Page,
) -> Result<Vec<Grant>, StoreError> {
    let order = if filter.descending { Order::Desc } else { Order::Asc };
    let mut select = every(filter);
    match filter.sort.nulls_are_last() {
        None => select.order_by(filter.sort.column(), order.clone()),
        // The databases disagree about where nulls go, so it is said where there can be any.
        Some(last) => {
            let nulls = if last != filter.descending { NullOrdering::Last } else { NullOrdering::First };
            select.order_by_with_nulls(filter.sort.column(), order.clone(), nulls)
        }
    };
    select.order_by(Grants::Id, order).limit(page.limit()).offset(page.offset());
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// At most `limit` grants that pass the filter, from a place on. A place of a list in another order is the beginning.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Vec<Grant>, StoreError> {
    let is_served = conditions(filter, Served::Not).is_empty();
    let among = if is_served { None } else { few(connection, filter, REACH).await? };
    list_of(connection, &among.unwrap_or_else(selection), filter, seek, limit).await
}

/// As [`list`], among the grants of a selection.
pub(super) async fn list_of(
    connection: &impl ConnectionTrait,
    among: &SelectStatement,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Vec<Grant>, StoreError> {
    let mut grants = Vec::new();
    for mut select in selections_of(among, filter, seek) {
        let wanted = limit.saturating_sub(grants.len() as u64);
        if wanted == 0 {
            break;
        }
        for condition in conditions(filter, Served::Not) {
            select.and_where(condition);
        }
        select.limit(Ord::min(wanted, i64::MAX as u64));
        for row in connection.query_all(&select).await? {
            grants.push(read(&row)?);
        }
    }
    Ok(in_list_order(grants, seek.is_backward()))
}

/// The questions whose answers, one after the other, are the list: an index holds the rows with a date and those
/// without at two places, and the databases disagree at which. Asked is what an index answers, and no more.
pub(crate) fn selections(filter: &GrantFilter, seek: &Seek<GrantCursor>) -> Vec<SelectStatement> {
    selections_of(&selection(), filter, seek)
}

fn selections_of(
    among: &SelectStatement,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
) -> Vec<SelectStatement> {
    let order = order(filter, seek);
    let column = filter.sort.column();
    let ordered = || {
        let mut select = among.clone();
        for condition in conditions(filter, Served::ByIndex) {
            select.and_where(condition);
        }
        select.order_by(column, order.clone()).order_by(Grants::Id, order.clone()).take()
    };
    let cursor = seek.cursor().filter(|cursor| cursor.sort() == filter.sort);
    let (key, id) = (cursor.map(|cursor| column_value(&cursor.key)), cursor.map(|cursor| cursor.id.as_i64()));
    let dated = |key: Option<Value>| {
        let mut select = ordered();
        if filter.sort.nulls_are_last().is_some() {
            select.and_where(Expr::col(column).is_not_null());
        }
        if let (GrantSort::ExpiresAt, GrantLife::Live(now)) = (filter.sort, filter.life) {
            select.and_where(Expr::col(column).gt(now.as_millisecond()));
        }
        select
            .and_where_option(
                key.zip(id).map(|(key, id)| beyond([column, Grants::Id], [key, id.into()], &order)),
            )
            .take()
    };
    let undated = |id: Option<i64>| {
        let beyond = id.map(|id| beyond([Grants::Id], [id.into()], &order));
        ordered().and_where(Expr::col(column).is_null()).and_where_option(beyond).take()
    };
    let by_expiry = filter.sort == GrantSort::ExpiresAt;
    let has_undated =
        !by_expiry || (filter.expires_before.is_none() && !matches!(filter.life, GrantLife::Expired(_)));
    let has_dated = !by_expiry || !filter.never_expires;
    let dated = |key: Option<Value>| has_dated.then(|| dated(key));
    let undated = |id: Option<i64>| has_undated.then(|| undated(id));
    let undated_come_last = filter.sort.nulls_are_last().map(|last| last != matches!(order, Order::Desc));
    let asked = match (undated_come_last, key) {
        (None, key) => [dated(key.flatten()), None],
        (Some(true), None) => [dated(None), undated(None)],
        (Some(false), None) => [undated(None), dated(None)],
        (Some(true), Some(Some(key))) => [dated(Some(key)), undated(None)],
        (Some(false), Some(Some(key))) => [dated(Some(key)), None],
        (Some(true), Some(None)) => [undated(id), None],
        (Some(false), Some(None)) => [undated(id), dated(None)],
    };
    asked.into_iter().flatten().collect()
}

/// In which order rows are met.
pub(super) fn order(filter: &GrantFilter, seek: &Seek<GrantCursor>) -> Order {
    if filter.descending != seek.is_backward() { Order::Desc } else { Order::Asc }
}

fn column_value(key: &Key) -> Option<Value> {
    match key {
        Key::Name(name) => Some(name.as_str().into()),
        Key::CreatedAt(at) => Some((*at).into()),
        Key::ExpiresAt(at) | Key::LastUsedAt(at) => at.map(Value::from),
    }
}

/// The grants that pass the filter, in no order.
fn every(filter: &GrantFilter) -> SelectStatement {
    let mut select = selection();
    for condition in conditions(filter, Served::ByIndex).into_iter().chain(conditions(filter, Served::Not)) {
        select.and_where(condition);
    }
    select
}

/// Whether the index that gives the order also says which rows fit, or each has to be looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    ByIndex,
    Not,
}

/// What the filter asks: of it, the part that the index of its order serves, or the rest.
pub(super) fn conditions(filter: &GrantFilter, served: Served) -> Vec<Expr> {
    let ends = || Expr::col(Grants::ExpiresAt);
    let mut asked = vec![(true, Expr::col(Grants::DeletedAt).is_null())];
    if let Some(owner) = filter.owner {
        asked.push((true, Expr::col(Grants::Owner).eq(owner.as_i64())));
    }
    if let Some(prefix) = filter.name_prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
        let (prefix, by_name) = (prefix.to_lowercase(), filter.sort == GrantSort::Name);
        if let Some(end) = after_prefix(&prefix) {
            asked.push((by_name, Expr::col(Grants::NameKey).lt(end)));
        }
        asked.push((by_name, Expr::col(Grants::NameKey).gte(prefix)));
    }
    let by_expiry = filter.sort == GrantSort::ExpiresAt;
    match filter.life {
        GrantLife::Any => {}
        GrantLife::Live(now) => {
            asked.push((by_expiry, ends().is_null().or(ends().gt(now.as_millisecond()))));
        }
        GrantLife::Expired(now) => asked.push((by_expiry, ends().lte(now.as_millisecond()))),
    }
    if let Some(before) = filter.expires_before {
        asked.push((by_expiry, ends().lt(before.as_millisecond())));
    }
    if let Some(since) = filter.unused_since {
        let sign_of_life = Expr::col(Grants::LastUsedAt).if_null(Expr::col(Grants::CreatedAt));
        asked.push((false, sign_of_life.lt(since.as_millisecond())));
    }
    if filter.never_expires {
        asked.push((by_expiry, ends().is_null()));
    }
    if let Some(days) = filter.longer_than {
        let longest = i64::from(u32::from(days)) * DAY;
        let is_longer = ends().sub(Expr::col(Grants::CreatedAt)).gt(longest);
        asked.push((false, ends().is_null().or(is_longer)));
    }
    if filter.owner_disabled {
        // Each is asked about its owner: of many disabled users, not all are gathered for a page.
        let disabled = users::disabled()
            .and_where(Expr::col((Users::Table, Users::Id)).eq(Expr::col(Grants::Owner)))
            .take();
        asked.push((false, Expr::exists(disabled)));
    }
    let wanted = served == Served::ByIndex;
    asked.into_iter().filter(|(is_served, _)| *is_served == wanted).map(|(_, condition)| condition).collect()
}
