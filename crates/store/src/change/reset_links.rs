//! Changes of password reset links.

use patgate_core::identifier::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

use super::Change;
use crate::error::StoreError;
use crate::reset_links::{self, ResetLink};
use crate::tables::ResetLinks;

impl Change {
    /// The password reset link of this digest, as it was stored.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reset_link(&self, digest: &[u8; 32]) -> Result<Option<ResetLink>, StoreError> {
        reset_links::by_digest(&self.transaction, digest).await
    }

    /// Gives a user a reset link; the one before opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn put_reset_link(&mut self, link: &ResetLink) -> Result<(), StoreError> {
        let user = self.present_user(link.user).await?;
        let insert = Query::insert()
            .into_table(ResetLinks::Table)
            .columns([
                ResetLinks::UserId,
                ResetLinks::Digest,
                ResetLinks::CreatedBy,
                ResetLinks::CreatedAt,
                ResetLinks::ExpiresAt,
            ])
            .values_panic([
                link.user.as_i64().into(),
                link.digest.to_vec().into(),
                link.created_by.as_i64().into(),
                link.created_at.as_millisecond().into(),
                link.expires_at.as_millisecond().into(),
            ])
            .on_conflict(
                OnConflict::column(ResetLinks::UserId)
                    .update_columns([
                        ResetLinks::Digest,
                        ResetLinks::CreatedBy,
                        ResetLinks::CreatedAt,
                        ResetLinks::ExpiresAt,
                    ])
                    .to_owned(),
            )
            .take();
        self.execute(&insert).await?;
        self.note_user(&user, "user.create_reset_link", json!({ "expiresAt": link.expires_at }));
        Ok(())
    }

    /// Notes that a user's reset link is used, and takes it away. What it opens is for the caller to do.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such link, or no such user.
    pub async fn use_reset_link(&mut self, digest: &[u8; 32]) -> Result<(), StoreError> {
        let link = self.reset_link(digest).await?.ok_or(StoreError::NotFound("link"))?;
        let user = self.present_user(link.user).await?;
        self.forget_reset_link(user.id).await?;
        self.note_user(&user, "user.use_reset_link", json!({ "createdAt": link.created_at }));
        Ok(())
    }

    /// A user's link opens nothing any more: there is a new password, or nobody who may act.
    pub(super) async fn forget_reset_link(&mut self, user: UserId) -> Result<(), StoreError> {
        let delete = Query::delete()
            .from_table(ResetLinks::Table)
            .and_where(Expr::col(ResetLinks::UserId).eq(user.as_i64()))
            .take();
        self.execute(&delete).await?;
        Ok(())
    }
}
