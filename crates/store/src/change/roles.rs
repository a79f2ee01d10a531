//! Changes of roles.

use std::collections::HashSet;

use patgate_core::identifier::RoleId;
use patgate_core::role::Role;
use patgate_core::user::{Principal, PrincipalKind};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::rows::to_json;
use crate::tables::Roles;

impl Change {
    /// Makes a role.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert_role(&mut self, role: &Role) -> Result<(), StoreError> {
        if self.role(&role.name).await?.is_some() {
            return Err(StoreError::NameTaken(role.name.clone()));
        }
        let insert = Query::insert()
            .into_table(Roles::Table)
            .columns([Roles::Id, Roles::Name, Roles::NameKey, Roles::Principals, Roles::Permissions])
            .values_panic([
                role.id.as_i64().into(),
                role.name.as_str().into(),
                role.name.key().into(),
                to_json(&role.principals, "principals")?.into(),
                to_json(&role.permissions, "permissions")?.into(),
            ])
            .take();
        self.execute(&insert).await?;
        let detail = json!({ "principals": role.principals, "permissions": role.permissions });
        self.note_role(role, "role.create", detail);
        Ok(())
    }

    /// Takes over the name, the principals and the permissions. Returns whether anything was different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NameTaken`] by another role.
    pub async fn update_role(&mut self, role: &Role) -> Result<bool, StoreError> {
        let before = self.role_by_id(role.id).await?.ok_or(StoreError::NotFound("role"))?;
        if before == *role && before.name.as_str() == role.name.as_str() {
            return Ok(false);
        }
        if self.role(&role.name).await?.is_some_and(|other| other.id != role.id) {
            return Err(StoreError::NameTaken(role.name.clone()));
        }
        let update = Query::update()
            .table(Roles::Table)
            .value(Roles::Name, role.name.as_str())
            .value(Roles::NameKey, role.name.key())
            .value(Roles::Principals, to_json(&role.principals, "principals")?)
            .value(Roles::Permissions, to_json(&role.permissions, "permissions")?)
            .and_where(Expr::col(Roles::Id).eq(role.id.as_i64()))
            .take();
        self.execute(&update).await?;
        // Of thousands of principals only those who came and went.
        let only = |here: &Role, there: &Role| {
            let there: HashSet<_> = there.principals.iter().map(written).collect();
            let missing = here.principals.iter().filter(|one| !there.contains(&written(one)));
            missing.cloned().collect::<Vec<_>>()
        };
        let detail = json!({
            "name": { "from": before.name, "to": role.name },
            "principals": { "added": only(role, &before), "removed": only(&before, role) },
            "permissions": { "from": before.permissions, "to": role.permissions },
        });
        self.note_role(role, "role.update", detail);
        Ok(true)
    }

    /// Deletes a role.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_role(&mut self, role: RoleId) -> Result<(), StoreError> {
        let role = self.role_by_id(role).await?.ok_or(StoreError::NotFound("role"))?;
        let delete = Query::delete()
            .from_table(Roles::Table)
            .and_where(Expr::col(Roles::Id).eq(role.id.as_i64()))
            .take();
        self.execute(&delete).await?;
        let detail = json!({ "principals": role.principals, "permissions": role.permissions });
        self.note_role(&role, "role.delete", detail);
        Ok(())
    }

    fn note_role(&mut self, role: &Role, action: &'static str, detail: serde_json::Value) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Role,
            subject_id: role.id.to_string(),
            subject_name: role.name.to_string(),
            detail,
        };
        self.note(ChangedKind::Role, role.id.as_i64(), event);
    }
}

/// What of a principal is written in a role.
fn written(principal: &Principal) -> (bool, &str, &str, Option<&str>) {
    let Principal { username, fullname, kind, provider } = principal;
    (*kind == PrincipalKind::Group, provider, username.as_str(), fullname.as_deref())
}
