//! Grants: the row, and the reads that the store and a change share.

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState, LastUse, SuspensionReason};
use patgate_core::identifier::{GrantId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::{Page, after_prefix, column, from_json, from_milliseconds, optional_time, parsed, time};
use crate::tables::Grants;

/// Which grants to list, and in which order; `Default` lists all that are not deleted, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Of this owner; `None`: of all.
    pub owner: Option<UserId>,
    /// The name begins with this, whatever the case. No character has a special meaning.
    pub name_prefix: Option<String>,
    /// In this order; equal ones by identifier.
    pub sort: GrantSort,
    /// The other way round.
    pub descending: bool,
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
    /// By last use; never is before every date.
    LastUsedAt,
}

/// The grant, when not deleted.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: GrantId,
) -> Result<Option<Grant>, StoreError> {
    Ok(with_history(connection, id).await?.filter(|grant| !matches!(grant.state, GrantState::Deleted { .. })))
}

/// The grant, deleted or not.
pub(crate) async fn with_history(
    connection: &impl ConnectionTrait,
    id: GrantId,
) -> Result<Option<Grant>, StoreError> {
    let select = selection().and_where(Expr::col(Grants::Id).eq(id.as_i64())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

/// A page of the grants that pass the filter.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    filter: &GrantFilter,
    page: Page,
) -> Result<Vec<Grant>, StoreError> {
    let order = if filter.descending { Order::Desc } else { Order::Asc };
    let mut select = selection();
    select
        .and_where(Expr::col(Grants::DeletedAt).is_null())
        .and_where_option(filter.owner.map(|owner| Expr::col(Grants::Owner).eq(owner.as_i64())));
    if let Some(prefix) = filter.name_prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
        let prefix = prefix.to_lowercase();
        select
            .and_where_option(after_prefix(&prefix).map(|end| Expr::col(Grants::NameKey).lt(end)))
            .and_where(Expr::col(Grants::NameKey).gte(prefix));
    }
    // The databases disagree about where nulls go, so it is said where there can be any.
    let nulls = |last: bool| if last != filter.descending { NullOrdering::Last } else { NullOrdering::First };
    match filter.sort {
        GrantSort::Name => select.order_by(Grants::NameKey, order.clone()),
        GrantSort::CreatedAt => select.order_by(Grants::CreatedAt, order.clone()),
        GrantSort::ExpiresAt => select.order_by_with_nulls(Grants::ExpiresAt, order.clone(), nulls(true)),
        GrantSort::LastUsedAt => select.order_by_with_nulls(Grants::LastUsedAt, order.clone(), nulls(false)),
    };
    select.order_by(Grants::Id, order).limit(page.limit()).offset(page.offset());
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// All grants of one owner that are not deleted, by identifier.
pub(crate) async fn of_owner(
    connection: &impl ConnectionTrait,
    owner: UserId,
) -> Result<Vec<Grant>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Grants::Owner).eq(owner.as_i64()))
        .and_where(Expr::col(Grants::DeletedAt).is_null())
        .order_by(Grants::Id, Order::Asc)
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// How many grants an owner has that are neither deleted nor expired.
pub(crate) async fn count_live(
    connection: &impl ConnectionTrait,
    owner: UserId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let ends_later = Expr::col(Grants::ExpiresAt).gt(now.as_millisecond());
    let select = Query::select()
        .expr_as(Expr::col(Grants::Id).count(), "live")
        .from(Grants::Table)
        .and_where(Expr::col(Grants::Owner).eq(owner.as_i64()))
        .and_where(Expr::col(Grants::DeletedAt).is_null())
        .and_where(Expr::col(Grants::ExpiresAt).is_null().or(ends_later))
        .take();
    let row = connection.query_one(&select).await?.ok_or(StoreError::Unreadable("grants"))?;
    Ok(column::<i64>(&row, "live")?.unsigned_abs())
}

/// An expiry from its column.
pub(crate) fn expiry(milliseconds: Option<i64>) -> Result<Expiry, StoreError> {
    let Some(milliseconds) = milliseconds else { return Ok(Expiry::NEVER) };
    Expiry::at(from_milliseconds(milliseconds, "expires_at")?)
        .map_err(|_| StoreError::Unreadable("expires_at"))
}

/// An expiry for its column.
pub(crate) fn expiry_column(expiry: Expiry) -> Option<i64> {
    expiry.timestamp().map(Timestamp::as_millisecond)
}

/// Permissions from their column: null is all.
pub(crate) fn permissions(text: Option<&str>) -> Result<GrantPermissions, StoreError> {
    Ok(match text {
        None => GrantPermissions::All,
        Some(text) => GrantPermissions::Chosen(from_json(text, "permissions")?),
    })
}

/// A state from its columns. A deleted grant stays deleted whatever else is there.
pub(crate) fn state(
    suspended_at: Option<i64>,
    reason: Option<&str>,
    deleted_at: Option<i64>,
) -> Result<GrantState, StoreError> {
    Ok(match (deleted_at, suspended_at) {
        (Some(at), _) => GrantState::Deleted { at: from_milliseconds(at, "deleted_at")? },
        (None, None) => GrantState::Active,
        (None, Some(at)) => GrantState::Suspended {
            at: from_milliseconds(at, "suspended_at")?,
            reason: reason
                .and_then(SuspensionReason::from_word)
                .ok_or(StoreError::Unreadable("suspension_reason"))?,
        },
    })
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([
            Grants::Id,
            Grants::Owner,
            Grants::Name,
            Grants::Application,
            Grants::Permissions,
            Grants::CreatedAt,
            Grants::ExpiresAt,
            Grants::SuspendedAt,
            Grants::SuspensionReason,
            Grants::DeletedAt,
            Grants::LastUsedAt,
            Grants::LastUsedAddress,
            Grants::LastUsedUserAgent,
        ])
        .from(Grants::Table)
        .take()
}

fn read(row: &QueryResult) -> Result<Grant, StoreError> {
    let last_used_at = optional_time(row, "last_used_at")?;
    Ok(Grant {
        id: GrantId::from_i64(column(row, "id")?),
        owner: UserId::from_i64(column(row, "owner")?),
        name: parsed(row, "name")?,
        application: parsed(row, "application")?,
        permissions: permissions(column::<Option<String>>(row, "permissions")?.as_deref())?,
        created_at: time(row, "created_at")?,
        expires_at: expiry(column(row, "expires_at")?)?,
        state: state(
            column(row, "suspended_at")?,
            column::<Option<String>>(row, "suspension_reason")?.as_deref(),
            column(row, "deleted_at")?,
        )?,
        last_use: match last_used_at {
            None => None,
            Some(at) => Some(LastUse {
                at,
                address: column(row, "last_used_address")?,
                user_agent: column(row, "last_used_user_agent")?,
            }),
        },
    })
}
