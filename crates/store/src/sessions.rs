//! Sessions of the pages: the row, and its reads. Whether a session is too old is for the server to say.

use std::fmt;

use jiff::Timestamp;
use patgate_core::identifier::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::items::SealedSecret;
use crate::rows::{bytes32, column, from_json, time};
use crate::store::Store;
use crate::tables::Sessions;

/// What a session has to do with the identity provider through which it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSession {
    /// The provider's key for the user, as its tokens say it (`sub`).
    pub subject: String,
    /// The provider's name for its own session (`sid`), when it said one.
    pub session: Option<String>,
    /// The ID token, which the provider is shown at log-out.
    pub id_token: Option<SealedSecret>,
}

/// A signed-in browser. Neither the digest nor the seed is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The digest of the cookie; the cookie itself is never stored.
    pub digest: [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The last request, as far as it was recorded.
    pub seen_at: Timestamp,
    /// From what the CSRF token of its forms is made.
    pub csrf_seed: [u8; 32],
    /// The client's address at sign-in.
    pub address: Option<String>,
    /// The client's `User-Agent` at sign-in.
    pub user_agent: Option<String>,
    /// The version of the password it was opened with (see `StoredPassword`); 0 for a user without one.
    pub password_version: i64,
    /// The identity provider's part; `None` for a session that a password opened.
    pub provider: Option<ProviderSession>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("user", &self.user)
            .field("created_at", &self.created_at)
            .field("seen_at", &self.seen_at)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The sessions of a user, as they were stored: the one seen last comes first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        of_user(&self.inner.orm, user, u64::MAX).await
    }

    /// As [`Store::sessions_of`], but only the first ones, so many.
    pub async fn sessions_seen_last(&self, user: UserId, limit: u64) -> Result<Vec<Session>, StoreError> {
        of_user(&self.inner.orm, user, limit).await
    }
}

/// The session of this digest.
pub(crate) async fn by_digest(
    connection: &impl ConnectionTrait,
    digest: &[u8; 32],
) -> Result<Option<Session>, StoreError> {
    let select = selection().and_where(Expr::col(Sessions::Digest).eq(digest.to_vec())).take();
    connection.query_one(&select).await?.map(|row| read(&row)).transpose()
}

async fn of_user(
    connection: &impl ConnectionTrait,
    user: UserId,
    limit: u64,
) -> Result<Vec<Session>, StoreError> {
    let select = selection()
        .and_where(Expr::col(Sessions::UserId).eq(user.as_i64()))
        .order_by(Sessions::SeenAt, Order::Desc)
        .order_by(Sessions::Digest, Order::Asc)
        .limit(Ord::min(limit, i64::MAX as u64))
        .take();
    connection.query_all(&select).await?.iter().map(read).collect()
}

fn selection() -> SelectStatement {
    Query::select()
        .columns([
            Sessions::Digest,
            Sessions::UserId,
            Sessions::CreatedAt,
            Sessions::SeenAt,
            Sessions::CsrfSeed,
            Sessions::Address,
            Sessions::UserAgent,
            Sessions::PasswordVersion,
            Sessions::ProviderSubject,
            Sessions::ProviderSession,
            Sessions::IdToken,
        ])
        .from(Sessions::Table)
        .take()
}

fn read(row: &QueryResult) -> Result<Session, StoreError> {
    Ok(Session {
        digest: bytes32(row, "digest")?,
        user: UserId::from_i64(column(row, "user_id")?),
        created_at: time(row, "created_at")?,
        seen_at: time(row, "seen_at")?,
        csrf_seed: bytes32(row, "csrf_seed")?,
        address: column(row, "address")?,
        user_agent: column(row, "user_agent")?,
        password_version: column(row, "password_version")?,
        provider: provider(row)?,
    })
}

fn provider(row: &QueryResult) -> Result<Option<ProviderSession>, StoreError> {
    let Some(subject) = column(row, "provider_subject")? else { return Ok(None) };
    let id_token: Option<String> = column(row, "id_token")?;
    Ok(Some(ProviderSession {
        subject,
        session: column(row, "provider_session")?,
        id_token: id_token.map(|text| from_json(&text, "id_token")).transpose()?,
    }))
}
