//! Changes that a provider makes over SCIM: its groups, and who is in them.
//!
//! Who is in a group has its name among their groups, as if the provider had said so at a sign-in: roles know nothing
//! else.

use patgate_core::identifier::UserId;
use patgate_core::provider::ProviderName;
use patgate_core::user::User;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::rows::{AT_ONCE, to_json};
use crate::scim::{self, ScimGroup, ScimMembership, ScimProvider};
use crate::tables::{ScimGroups, ScimMembers, Users};

impl Change {
    /// One user of a provider, when it did not take them away.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn scim_user(
        &self,
        provider: ScimProvider<'_>,
        id: UserId,
    ) -> Result<Option<User>, StoreError> {
        scim::user(&self.transaction, provider, id).await
    }

    /// Those of these users who are a provider's.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_users_among(
        &self,
        provider: ScimProvider<'_>,
        ids: &[UserId],
    ) -> Result<Vec<User>, StoreError> {
        scim::users_among(&self.transaction, provider, ids).await
    }

    /// One group of a provider.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_group(
        &self,
        provider: &ProviderName,
        id: patgate_core::identifier::GroupId,
    ) -> Result<Option<ScimGroup>, StoreError> {
        scim::group(&self.transaction, provider, id).await
    }

    /// Who is in a group, by name.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_members(&self, group: &ScimGroup) -> Result<Vec<ScimMembership>, StoreError> {
        scim::members(&self.transaction, &[group.id]).await
    }

    /// In which groups a user is, by name.
    ///
    /// # Errors
    /// As above.
    pub async fn scim_memberships(&self, user: UserId) -> Result<Vec<ScimMembership>, StoreError> {
        scim::memberships(&self.transaction, &[user]).await
    }

    /// Makes a group, with nobody in it.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] when the provider has one of this name.
    pub async fn insert_scim_group(&mut self, group: &ScimGroup) -> Result<(), StoreError> {
        if scim::is_name_taken(&self.transaction, group).await? {
            return Err(StoreError::AlreadyThere("group"));
        }
        let insert = Query::insert()
            .into_table(ScimGroups::Table)
            .columns([
                ScimGroups::Id,
                ScimGroups::Provider,
                ScimGroups::ExternalId,
                ScimGroups::DisplayName,
                ScimGroups::NameKey,
                ScimGroups::CreatedAt,
                ScimGroups::ChangedAt,
            ])
            .values_panic([
                group.id.as_i64().into(),
                group.provider.as_str().into(),
                group.external_id.clone().into(),
                group.display_name.as_str().into(),
                group.display_name.to_lowercase().into(),
                group.created_at.as_millisecond().into(),
                group.changed_at.as_millisecond().into(),
            ])
            .take();
        self.execute(&insert).await?;
        self.note_group(group, "group.create", json!({ "provider": group.provider }));
        Ok(())
    }

    /// Takes over the name and the provider's own key; the members are in a group of the new name then. Returns
    /// whether anything was different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::AlreadyThere`] when the provider has another of this name.
    pub async fn update_scim_group(&mut self, group: &ScimGroup) -> Result<bool, StoreError> {
        let before = self.scim_group(&group.provider, group.id).await?;
        let before = before.ok_or(StoreError::NotFound("group"))?;
        let mut detail = serde_json::Map::new();
        if before.display_name != group.display_name {
            if scim::is_name_taken(&self.transaction, group).await? {
                return Err(StoreError::AlreadyThere("group"));
            }
            detail.insert("name".into(), json!({ "from": before.display_name, "to": group.display_name }));
        }
        if before.external_id != group.external_id {
            detail
                .insert("externalId".into(), json!({ "from": before.external_id, "to": group.external_id }));
        }
        if detail.is_empty() {
            return Ok(false);
        }
        let update = Query::update()
            .table(ScimGroups::Table)
            .value(ScimGroups::ExternalId, group.external_id.clone())
            .value(ScimGroups::DisplayName, group.display_name.as_str())
            .value(ScimGroups::NameKey, group.display_name.to_lowercase())
            .value(ScimGroups::ChangedAt, self.now.as_millisecond())
            .and_where(Expr::col(ScimGroups::Id).eq(group.id.as_i64()))
            .take();
        self.execute(&update).await?;
        if before.display_name != group.display_name {
            for user in self.members_of(&before).await? {
                self.regroup(&user, Some(&before.display_name), Some(&group.display_name)).await?;
            }
        }
        detail.insert("provider".into(), json!(group.provider));
        self.note_group(group, "group.update", detail.into());
        Ok(true)
    }

    /// Deletes a group: nobody is in a group of its name any more.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn delete_scim_group(&mut self, group: &ScimGroup) -> Result<(), StoreError> {
        for user in self.members_of(group).await? {
            self.regroup(&user, Some(&group.display_name), None).await?;
        }
        let members = Query::delete()
            .from_table(ScimMembers::Table)
            .and_where(Expr::col(ScimMembers::GroupId).eq(group.id.as_i64()))
            .take();
        self.execute(&members).await?;
        let delete = Query::delete()
            .from_table(ScimGroups::Table)
            .and_where(Expr::col(ScimGroups::Id).eq(group.id.as_i64()))
            .take();
        self.execute(&delete).await?;
        self.note_group(group, "group.delete", json!({ "provider": group.provider }));
        Ok(())
    }

    /// Takes users into a group of their provider; who is not its user is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn add_scim_members(
        &mut self,
        provider: ScimProvider<'_>,
        group: &ScimGroup,
        ids: &[UserId],
    ) -> Result<(), StoreError> {
        let users = self.scim_users_among(provider, ids).await?;
        let mut is_new = false;
        for users in users.chunks(AT_ONCE) {
            let mut insert = Query::insert()
                .into_table(ScimMembers::Table)
                .columns([ScimMembers::GroupId, ScimMembers::UserId])
                .take();
            for user in users {
                insert.values_panic([group.id.as_i64().into(), user.id.as_i64().into()]);
            }
            let mut there = OnConflict::columns([ScimMembers::GroupId, ScimMembers::UserId]);
            there.do_nothing();
            is_new |= self.execute(insert.on_conflict(there)).await? > 0;
        }
        for user in &users {
            is_new |= self.regroup(user, None, Some(&group.display_name)).await?;
        }
        if is_new { self.note_members(group, json!({ "added": users.len() })).await } else { Ok(()) }
    }

    /// Takes users out of a group of their provider. Who is not in it is left in no group of its name either.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn remove_scim_members(
        &mut self,
        provider: ScimProvider<'_>,
        group: &ScimGroup,
        ids: &[UserId],
    ) -> Result<(), StoreError> {
        let users = self.scim_users_among(provider, ids).await?;
        let mut is_new = false;
        for users in users.chunks(AT_ONCE) {
            let delete = Query::delete()
                .from_table(ScimMembers::Table)
                .and_where(Expr::col(ScimMembers::GroupId).eq(group.id.as_i64()))
                .and_where(Expr::col(ScimMembers::UserId).is_in(users.iter().map(|user| user.id.as_i64())))
                .take();
            is_new |= self.execute(&delete).await? > 0;
        }
        for user in &users {
            is_new |= self.regroup(user, Some(&group.display_name), None).await?;
        }
        if is_new { self.note_members(group, json!({ "removed": users.len() })).await } else { Ok(()) }
    }

    /// Takes a user out of all groups that their provider keeps here.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn leave_scim_groups(&mut self, user: UserId) -> Result<(), StoreError> {
        for membership in self.scim_memberships(user).await? {
            let user = self.present_user(user).await?;
            self.regroup(&user, Some(&membership.group_name), None).await?;
        }
        let delete = Query::delete()
            .from_table(ScimMembers::Table)
            .and_where(Expr::col(ScimMembers::UserId).eq(user.as_i64()))
            .take();
        self.execute(&delete).await?;
        Ok(())
    }

    /// The members as they are now.
    async fn members_of(&self, group: &ScimGroup) -> Result<Vec<User>, StoreError> {
        let ids: Vec<_> = self.scim_members(group).await?.iter().map(|member| member.user).collect();
        crate::users::by_ids(&self.transaction, &ids).await
    }

    /// Takes a user out of one group and into another, by their names. Returns whether anything is different.
    async fn regroup(
        &mut self,
        user: &User,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut groups: Vec<_> =
            user.groups.iter().filter(|group| Some(group.as_str()) != from).cloned().collect();
        groups.extend(to.map(str::to_owned));
        groups.sort();
        groups.dedup();
        if groups == user.groups {
            return Ok(false);
        }
        let update = Query::update()
            .table(Users::Table)
            .value(Users::Groups, to_json(&groups, "groups")?)
            .and_where(Expr::col(Users::Id).eq(user.id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.note_user(user, "user.update", json!({ "groups": { "from": user.groups, "to": groups } }));
        Ok(true)
    }

    async fn note_members(&mut self, group: &ScimGroup, detail: serde_json::Value) -> Result<(), StoreError> {
        let update = Query::update()
            .table(ScimGroups::Table)
            .value(ScimGroups::ChangedAt, self.now.as_millisecond())
            .and_where(Expr::col(ScimGroups::Id).eq(group.id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.note_group(group, "group.update", detail);
        Ok(())
    }

    fn note_group(&mut self, group: &ScimGroup, action: &'static str, detail: serde_json::Value) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Group,
            subject_id: group.id.to_string(),
            subject_name: group.display_name.clone(),
            detail,
        };
        self.note(ChangedKind::Group, group.id.as_i64(), event);
    }
}
