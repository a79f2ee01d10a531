//! Changes of sessions: signing in and out.

use patgate_core::identifier::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::confirmations::to_text;
use crate::error::StoreError;
use crate::sessions::Session;
use crate::tables::{Sessions, Users};
use crate::users::password_version;

impl Change {
    /// Opens a session, which is the user's last activity.
    ///
    /// # Errors
    /// [`StoreError::PasswordChanged`] when the user may not sign in, or has another version of the password than
    /// the session says.
    pub async fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        if password_version(&self.transaction, session.user).await? != Some(session.password_version) {
            return Err(StoreError::PasswordChanged);
        }
        let provider = session.provider.as_ref();
        let id_token = provider.and_then(|it| it.id_token.as_ref()).map(to_text).transpose()?;
        let insert = Query::insert()
            .into_table(Sessions::Table)
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
            .values_panic([
                session.digest.to_vec().into(),
                session.user.as_i64().into(),
                session.created_at.as_millisecond().into(),
                session.seen_at.as_millisecond().into(),
                session.csrf_seed.to_vec().into(),
                session.address.clone().into(),
                session.user_agent.clone().into(),
                session.password_version.into(),
                provider.map(|it| it.subject.clone()).into(),
                provider.and_then(|it| it.session.clone()).into(),
                id_token.into(),
            ])
            .take();
        self.execute(&insert).await?;
        let active = Query::update()
            .table(Users::Table)
            .value(Users::LastActiveAt, session.created_at.as_millisecond())
            .and_where(Expr::col(Users::Id).eq(session.user.as_i64()))
            .take();
        self.execute(&active).await?;
        self.note_session(session.user, "session.create").await
    }

    /// Ends a session. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_session(&mut self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        let Some(session) = crate::sessions::by_digest(&self.transaction, digest).await? else {
            return Ok(false);
        };
        let delete = Query::delete()
            .from_table(Sessions::Table)
            .and_where(Expr::col(Sessions::Digest).eq(digest.to_vec()))
            .take();
        self.execute(&delete).await?;
        self.note_session(session.user, "session.delete").await?;
        Ok(true)
    }

    /// Ends all sessions of a user. Returns whether there were any.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_sessions_of(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.end_sessions(user, None).await
    }

    /// Ends the sessions of a user, except one.
    pub(super) async fn end_sessions(
        &mut self,
        user: UserId,
        keep: Option<&[u8; 32]>,
    ) -> Result<bool, StoreError> {
        let delete = Query::delete()
            .from_table(Sessions::Table)
            .and_where(Expr::col(Sessions::UserId).eq(user.as_i64()))
            .and_where_option(keep.map(|digest| Expr::col(Sessions::Digest).ne(digest.to_vec())))
            .take();
        let any = self.execute(&delete).await? > 0;
        if any {
            self.note_session(user, "session.delete_all").await?;
        }
        Ok(any)
    }

    /// What is left of a user's sessions is good for the new password.
    pub(super) async fn renew_session(&mut self, user: UserId) -> Result<(), StoreError> {
        let Some(version) = password_version(&self.transaction, user).await? else { return Ok(()) };
        let update = Query::update()
            .table(Sessions::Table)
            .value(Sessions::PasswordVersion, version)
            .and_where(Expr::col(Sessions::UserId).eq(user.as_i64()))
            .take();
        self.execute(&update).await?;
        Ok(())
    }

    async fn note_session(&mut self, user: UserId, action: &'static str) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Session,
            subject_id: user.id.to_string(),
            subject_name: user.username.to_string(),
            detail: json!({}),
        };
        self.note(ChangedKind::Session, user.id.as_i64(), event);
        Ok(())
    }
}
