//! Password reset links: the row, and its reads. Whether a link is too old is for the server to say.

use std::fmt;

use jiff::Timestamp;
use patgate_core::identifier::UserId;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

use crate::error::StoreError;
use crate::rows::{bytes32, column, time};
use crate::tables::ResetLinks;

/// A link with which a user sets a new password, once. A user has at most one. The digest is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetLink {
    /// The digest of its secret; the secret itself is never stored.
    pub digest: [u8; 32],
    /// Whose password it sets.
    pub user: UserId,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
}

impl fmt::Debug for ResetLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResetLink")
            .field("user", &self.user)
            .field("created_by", &self.created_by)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The link of this digest.
pub(crate) async fn by_digest(
    connection: &impl ConnectionTrait,
    digest: &[u8; 32],
) -> Result<Option<ResetLink>, StoreError> {
    one(connection, selection().and_where(Expr::col(ResetLinks::Digest).eq(digest.to_vec())).take()).await
}

/// The link of this user.
pub(crate) async fn of_user(
    connection: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<ResetLink>, StoreError> {
    one(connection, selection().and_where(Expr::col(ResetLinks::UserId).eq(user.as_i64())).take()).await
}

async fn one(
    connection: &impl ConnectionTrait,
    select: SelectStatement,
) -> Result<Option<ResetLink>, StoreError> {
    let Some(row) = connection.query_one(&select).await? else { return Ok(None) };
    Ok(Some(ResetLink {
        digest: bytes32(&row, "digest")?,
        user: UserId::from_i64(column(&row, "user_id")?),
        created_by: UserId::from_i64(column(&row, "created_by")?),
        created_at: time(&row, "created_at")?,
        expires_at: time(&row, "expires_at")?,
    }))
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([
            ResetLinks::Digest,
            ResetLinks::UserId,
            ResetLinks::CreatedBy,
            ResetLinks::CreatedAt,
            ResetLinks::ExpiresAt,
        ])
        .from(ResetLinks::Table)
        .take()
}
