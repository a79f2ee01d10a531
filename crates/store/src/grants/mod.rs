//! Grants: the row, and the reads that the store and a change share.

mod cursor;
pub(crate) mod few;
mod list;
mod search;

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState, LastUse, SuspensionReason};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::policy::origin::Rows;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::rows::{column, from_json, from_milliseconds, of_each, optional_time, parsed, time};
use crate::tables::Grants;

pub use cursor::GrantCursor;
pub use list::{GrantFilter, GrantLife, GrantSort};
pub(crate) use list::{list, page, selections};
pub use search::FoundGrants;
pub(crate) use search::{REACH, Search, count, search};

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

/// These grants, deleted or not, in no order; those that were never there are left out.
pub(crate) async fn all_with_history(
    connection: &impl ConnectionTrait,
    ids: &[GrantId],
) -> Result<Vec<Grant>, StoreError> {
    let ids = ids.iter().map(|id| id.as_i64()).collect();
    of_each(connection, &selection(), Grants::Id, ids, read).await
}

/// The rows of the origin policy in which a grant was left working; none, of one that was never there.
pub(crate) async fn left_working(connection: &impl ConnectionTrait, id: GrantId) -> Result<Rows, StoreError> {
    let select = Query::select()
        .column(Grants::LeftWorking)
        .from(Grants::Table)
        .and_where(Expr::col(Grants::Id).eq(id.as_i64()))
        .take();
    let Some(row) = connection.query_one(&select).await? else { return Ok(Rows::NONE) };
    Ok(Rows::from_bits(column(&row, "left_working")?))
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

/// The columns of a [`Grant`].
const COLUMNS: [Grants; 13] = [
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
];

fn selection() -> SelectStatement {
    Query::select().columns(COLUMNS).from(Grants::Table).take()
}

pub(crate) fn read(row: &QueryResult) -> Result<Grant, StoreError> {
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
