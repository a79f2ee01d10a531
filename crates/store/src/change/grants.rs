//! Changes of grants and their secrets.

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::token::Digest;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::grants::{expiry_column, with_history};
use crate::rows::to_json;
use crate::tables::{Grants, Secrets};

impl Change {
    /// Makes a grant with its first secret: the digest of a token, and the number of the key it was made with.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such an owner; [`StoreError::AlreadyThere`] for a digest or identifier.
    pub async fn insert_grant(
        &mut self,
        grant: &Grant,
        key_id: u32,
        digest: &Digest,
    ) -> Result<(), StoreError> {
        let owner = self.present_user(grant.owner).await?;
        let permissions = match &grant.permissions {
            GrantPermissions::All => None,
            GrantPermissions::Chosen(chosen) => Some(to_json(chosen, "permissions")?),
        };
        let (suspended_at, reason, deleted_at) = state_columns(grant.state);
        let last_use = grant.last_use.as_ref();
        let insert = Query::insert()
            .into_table(Grants::Table)
            .columns([
                Grants::Id,
                Grants::Owner,
                Grants::Name,
                Grants::NameKey,
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
            .values_panic([
                grant.id.as_i64().into(),
                grant.owner.as_i64().into(),
                grant.name.as_str().into(),
                grant.name.as_str().to_lowercase().into(),
                grant.application.as_str().into(),
                permissions.into(),
                grant.created_at.as_millisecond().into(),
                expiry_column(grant.expires_at).into(),
                suspended_at.into(),
                reason.map(str::to_owned).into(),
                deleted_at.into(),
                last_use.map(|last| last.at.as_millisecond()).into(),
                last_use.and_then(|last| last.address.clone()).into(),
                last_use.and_then(|last| last.user_agent.clone()).into(),
            ])
            .take();
        self.execute(&insert).await?;
        let insert = Query::insert()
            .into_table(Secrets::Table)
            .columns([Secrets::Digest, Secrets::KeyId, Secrets::GrantId, Secrets::CreatedAt])
            .values_panic([
                digest.as_bytes().to_vec().into(),
                i64::from(key_id).into(),
                grant.id.as_i64().into(),
                self.now.as_millisecond().into(),
            ])
            .take();
        self.execute(&insert).await?;
        let detail = json!({
            "owner": owner.username,
            "application": grant.application,
            "permissions": match &grant.permissions {
                GrantPermissions::All => None,
                GrantPermissions::Chosen(chosen) => Some(chosen),
            },
            "expiresAt": grant.expires_at.timestamp(),
        });
        self.note_grant(grant.id, grant.name.as_str(), "grant.create", detail);
        Ok(())
    }

    /// Suspends, resumes or deletes a grant. Returns whether it stood elsewhere before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::GrantDeleted`], because a deleted grant never comes back.
    pub async fn set_grant_state(&mut self, grant: GrantId, state: GrantState) -> Result<bool, StoreError> {
        let grant = self.changeable_grant(grant).await?;
        if grant.state == state {
            return Ok(false);
        }
        let (suspended_at, reason, deleted_at) = state_columns(state);
        let update = Query::update()
            .table(Grants::Table)
            .value(Grants::SuspendedAt, suspended_at)
            .value(Grants::SuspensionReason, reason)
            .value(Grants::DeletedAt, deleted_at)
            .and_where(Expr::col(Grants::Id).eq(grant.id.as_i64()))
            .take();
        self.execute(&update).await?;
        let owner = self.user(grant.owner).await?.map(|owner| owner.username);
        let (action, detail) = match state {
            GrantState::Active => ("grant.resume", json!({ "owner": owner })),
            GrantState::Suspended { reason, .. } => {
                ("grant.suspend", json!({ "owner": owner, "reason": reason }))
            }
            GrantState::Deleted { .. } => ("grant.delete", json!({ "owner": owner })),
        };
        self.note_grant(grant.id, grant.name.as_str(), action, detail);
        Ok(true)
    }

    /// Gives a grant another end. Returns whether it was different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::GrantDeleted`].
    pub async fn set_grant_expiry(&mut self, grant: GrantId, expires_at: Expiry) -> Result<bool, StoreError> {
        let grant = self.changeable_grant(grant).await?;
        if grant.expires_at == expires_at {
            return Ok(false);
        }
        let update = Query::update()
            .table(Grants::Table)
            .value(Grants::ExpiresAt, expiry_column(expires_at))
            .and_where(Expr::col(Grants::Id).eq(grant.id.as_i64()))
            .take();
        self.execute(&update).await?;
        let detail = json!({ "from": grant.expires_at.timestamp(), "to": expires_at.timestamp() });
        self.note_grant(grant.id, grant.name.as_str(), "grant.set_expiry", detail);
        Ok(true)
    }

    /// Deletes all grants of an owner, each with its audit event.
    pub(super) async fn delete_grants_of(&mut self, owner: UserId) -> Result<(), StoreError> {
        let username = self.present_user(owner).await?.username;
        let grants = self.grants_of(owner).await?;
        let update = Query::update()
            .table(Grants::Table)
            .value(Grants::DeletedAt, self.now.as_millisecond())
            .and_where(Expr::col(Grants::Owner).eq(owner.as_i64()))
            .and_where(Expr::col(Grants::DeletedAt).is_null())
            .take();
        self.execute(&update).await?;
        for grant in grants {
            let detail = json!({ "owner": username, "reason": "owner_deleted" });
            self.note_grant(grant.id, grant.name.as_str(), "grant.delete", detail);
        }
        Ok(())
    }

    async fn changeable_grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        match with_history(&self.transaction, id).await? {
            None => Err(StoreError::NotFound("token")),
            Some(grant) if matches!(grant.state, GrantState::Deleted { .. }) => Err(StoreError::GrantDeleted),
            Some(grant) => Ok(grant),
        }
    }

    pub(super) fn note_grant(
        &mut self,
        id: GrantId,
        name: &str,
        action: &'static str,
        detail: serde_json::Value,
    ) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Grant,
            subject_id: id.to_string(),
            subject_name: name.to_owned(),
            detail,
        };
        self.note(ChangedKind::Grant, id.as_i64(), event);
    }
}

/// `suspended_at`, `suspension_reason` and `deleted_at`.
fn state_columns(state: GrantState) -> (Option<i64>, Option<&'static str>, Option<i64>) {
    match state {
        GrantState::Active => (None, None, None),
        GrantState::Suspended { at, reason } => (Some(at.as_millisecond()), Some(reason.as_str()), None),
        GrantState::Deleted { at } => (None, None, Some(Timestamp::as_millisecond(at))),
    }
}
