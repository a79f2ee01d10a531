//! Changes of users.

use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::role::{PrincipalKey, Role};
use patgate_core::user::{Principal, User, UserState, Username};
use sea_orm::sea_query::{Expr, ExprTrait, Query, Value};
use serde_json::json;

use super::Change;
use crate::error::StoreError;
use crate::password::PasswordHashText;
use crate::rows::{to_json, updates};
use crate::tables::Users;

impl Change {
    /// Makes a user, with a password when they are internal and have one.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`]; [`StoreError::AlreadyThere`] for the same subject of the same provider.
    pub async fn insert_user(
        &mut self,
        user: &User,
        password: Option<&PasswordHashText>,
    ) -> Result<(), StoreError> {
        if self.user_by_name(&user.username).await?.is_some() {
            return Err(StoreError::NameTaken(user.username.clone()));
        }
        let disabled_at = match user.state {
            UserState::Enabled => None,
            UserState::Disabled { at } => Some(at.as_millisecond()),
        };
        let (confirmed_at, withdrawn) = match user.confirmation {
            Confirmation::Own => (None, None),
            Confirmation::At(at) => (Some(at.as_millisecond()), None),
            Confirmation::Withdrawn { at, reason } => (None, Some((at, reason))),
        };
        let columns = [
            Users::Origin,
            Users::Provider,
            Users::Subject,
            Users::PasswordHash,
            Users::PasswordVersion,
            Users::CreatedAt,
            Users::LastActiveAt,
            Users::DisabledAt,
            Users::ConfirmedAt,
            Users::WithdrawnAt,
            Users::Withdrawal,
        ];
        let values: [Value; 11] = [
            user.origin.as_str().into(),
            user.provider.as_str().into(),
            user.subject.as_str().into(),
            password.map(PasswordHashText::reveal).map(str::to_owned).into(),
            i64::from(password.is_some()).into(),
            user.created_at.as_millisecond().into(),
            user.last_active_at.map(|at| at.as_millisecond()).into(),
            disabled_at.into(),
            confirmed_at.into(),
            withdrawn.map(|(at, _)| at.as_millisecond()).into(),
            withdrawn.map(|(_, reason)| reason.as_str()).into(),
        ];
        let insert = Query::insert()
            .into_table(Users::Table)
            .columns([Users::Id].into_iter().chain(PROFILE).chain(columns))
            .values_panic(profile(user)?.into_iter().chain(values).map(Expr::from))
            .take();
        self.execute(&insert).await.map_err(|error| match error {
            StoreError::AlreadyThere(_) => StoreError::AlreadyThere("user"),
            other => other,
        })?;
        let detail = json!({
            "origin": user.origin,
            "provider": user.provider,
            "fullName": user.full_name,
            "email": user.email,
            "disabled": disabled_at.is_some(),
        });
        self.note_user(user, "user.create", detail);
        Ok(())
    }

    /// Takes over the name, the full name, the mail address and the groups. Returns whether anything was different. What names a
    /// user who is renamed goes along: roles and exemptions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NameTaken`] by another.
    pub async fn update_user(&mut self, user: &User) -> Result<bool, StoreError> {
        let before = self.present_user(user.id).await?;
        let is_renamed = before.username.as_str() != user.username.as_str();
        if is_renamed && self.user_by_name(&user.username).await?.is_some_and(|other| other.id != user.id) {
            return Err(StoreError::NameTaken(user.username.clone()));
        }
        let Some(detail) = differences(&before, user) else { return Ok(false) };
        self.write_profiles(&[user]).await?;
        if is_renamed {
            self.rename_principals(&before, &user.username).await?;
        }
        self.note_user(&before, "user.update", detail);
        Ok(true)
    }

    /// Takes over the full names, the mail addresses and the groups of users, who keep their names; no user may stand twice.
    /// Returns how many were different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], when nothing was written yet.
    pub async fn update_users(&mut self, users: &[User]) -> Result<usize, StoreError> {
        let names: Vec<_> = users.iter().map(|user| &user.username).collect();
        let mut there = self.users_by_names(&names).await?;
        let mut changed = Vec::with_capacity(users.len());
        for user in users {
            let before = there.remove(&user.username.key()).filter(|before| before.id == user.id);
            let before = before.ok_or(StoreError::NotFound("user"))?;
            if let Some(detail) = differences(&before, user) {
                changed.push((user, before, detail));
            }
        }
        let count = changed.len();
        let written: Vec<_> = changed.iter().map(|(user, ..)| *user).collect();
        self.write_profiles(&written).await?;
        for (_, before, detail) in changed {
            self.note_user(&before, "user.update", detail);
        }
        Ok(count)
    }

    /// Gives a user a new password, and ends their sessions, except the one of digest `keep`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_password(
        &mut self,
        user: UserId,
        hash: &PasswordHashText,
        keep: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        let update = Query::update()
            .table(Users::Table)
            .value(Users::PasswordHash, hash.reveal().to_owned())
            .value(Users::PasswordVersion, Expr::col(Users::PasswordVersion).add(1_i64))
            .and_where(Expr::col(Users::Id).eq(user.id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.end_sessions(user.id, keep).await?;
        if keep.is_some() {
            self.renew_session(user.id).await?;
        }
        self.forget_reset_link(user.id).await?;
        self.note_user(&user, "user.set_password", json!({}));
        Ok(())
    }

    /// Disables a user and ends their sessions. Returns whether they were enabled.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn disable_user(&mut self, user: UserId) -> Result<bool, StoreError> {
        let user = self.present_user(user).await?;
        if user.state != UserState::Enabled {
            return Ok(false);
        }
        let now = self.now.as_millisecond();
        self.write_disabled(user.id, Some(now)).await?;
        self.end_sessions(user.id, None).await?;
        self.forget_reset_link(user.id).await?;
        self.note_user(&user, "user.disable", json!({}));
        Ok(true)
    }

    /// Enables a user. Returns whether they were disabled.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn enable_user(&mut self, user: UserId) -> Result<bool, StoreError> {
        let user = self.present_user(user).await?;
        if user.state == UserState::Enabled {
            return Ok(false);
        }
        self.write_disabled(user.id, None).await?;
        self.note_user(&user, "user.enable", json!({}));
        Ok(true)
    }

    /// Notes that a user may try passwords again. What was tried is not in the database: the caller forgets it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn unlock_user(&mut self, user: UserId) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        self.note_user(&user, "user.unlock", json!({}));
        Ok(())
    }

    /// Deletes a user for good: their tokens are deleted, their sessions and exemptions end, their name leaves all
    /// roles and is free. A user made again under that name gets nothing of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_user(&mut self, user: UserId) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        self.delete_grants_of(user.id).await?;
        self.end_sessions(user.id, None).await?;
        self.forget_reset_link(user.id).await?;
        self.forget_confirmation(user.id).await?;
        let key = PrincipalKey::of_user(&user.provider, &user.username);
        let stands_for_user = |principal: &Principal| PrincipalKey::from(principal) == key;
        for role in self.roles_naming(&key).await? {
            let principals: Vec<_> =
                role.principals.iter().filter(|principal| !stands_for_user(principal)).cloned().collect();
            self.update_role(&Role { principals, ..role }).await?;
        }
        for exemption in self.held_exemptions().await? {
            if stands_for_user(&exemption.principal) {
                self.end_exemption(exemption.id).await?;
            }
        }
        let update = Query::update()
            .table(Users::Table)
            .value(Users::DeletedAt, self.now.as_millisecond())
            .value(Users::PasswordHash, Option::<String>::None)
            .and_where(Expr::col(Users::Id).eq(user.id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.note_user(&user, "user.delete", json!({ "origin": user.origin, "provider": user.provider }));
        Ok(())
    }

    /// Follows a user to a new name: whoever gets the old one gets nothing of theirs with it.
    async fn rename_principals(&mut self, user: &User, name: &Username) -> Result<(), StoreError> {
        let key = PrincipalKey::of_user(&user.provider, &user.username);
        let stands_for_user = |principal: &Principal| PrincipalKey::from(principal) == key;
        for mut role in self.roles_naming(&key).await? {
            for principal in role.principals.iter_mut().filter(|principal| stands_for_user(principal)) {
                principal.username = name.clone();
            }
            self.update_role(&role).await?;
        }
        for exemption in self.held_exemptions().await? {
            if stands_for_user(&exemption.principal) {
                self.rename_exemption(exemption.id, name).await?;
            }
        }
        Ok(())
    }

    /// The roles that name a principal, by name.
    async fn roles_naming(&self, principal: &PrincipalKey) -> Result<Vec<Role>, StoreError> {
        let ids = crate::roles::roles_naming(&self.transaction, principal).await?;
        let mut roles = crate::roles::by_ids(&self.transaction, &ids).await?;
        roles.sort_by_key(|role| role.name.key());
        Ok(roles)
    }

    /// The user, or the refusal.
    pub(super) async fn present_user(&self, id: UserId) -> Result<User, StoreError> {
        self.user(id).await?.ok_or(StoreError::NotFound("user"))
    }

    async fn write_profiles(&mut self, users: &[&User]) -> Result<(), StoreError> {
        let rows = users.iter().map(|user| profile(user)).collect::<Result<Vec<_>, _>>()?;
        for update in updates(Users::Table, Users::Id, PROFILE, &rows) {
            self.execute(&update).await?;
        }
        Ok(())
    }

    async fn write_disabled(&mut self, user: UserId, at: Option<i64>) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Users::Table)
            .value(Users::DisabledAt, at)
            .and_where(Expr::col(Users::Id).eq(user.as_i64()))
            .take();
        self.execute(&update).await?;
        Ok(())
    }
}

/// What an update may change of a user.
const PROFILE: [Users; 7] = [
    Users::Username,
    Users::UsernameKey,
    Users::FullName,
    Users::FullNameKey,
    Users::Email,
    Users::EmailKey,
    Users::Groups,
];

/// The values of these columns, behind that of the key.
fn profile(user: &User) -> Result<Vec<Value>, StoreError> {
    Ok(vec![
        user.id.as_i64().into(),
        user.username.as_str().into(),
        user.username.key().into(),
        user.full_name.as_str().into(),
        user.full_name.to_lowercase().into(),
        user.email.as_str().into(),
        user.email.to_lowercase().into(),
        to_json(&user.groups, "groups")?.into(),
    ])
}

/// What is different about a user, for the audit log; nothing where all is as before.
fn differences(before: &User, user: &User) -> Option<serde_json::Value> {
    let mut detail = serde_json::Map::new();
    if before.username.as_str() != user.username.as_str() {
        detail.insert("username".into(), json!({ "from": before.username, "to": user.username }));
    }
    if before.full_name != user.full_name {
        detail.insert("fullName".into(), json!({ "from": before.full_name, "to": user.full_name }));
    }
    if before.email != user.email {
        detail.insert("email".into(), json!({ "from": before.email, "to": user.email }));
    }
    if before.groups != user.groups {
        detail.insert("groups".into(), json!({ "from": before.groups, "to": user.groups }));
    }
    (!detail.is_empty()).then(|| detail.into())
}
