//! Changes of roles.

use std::collections::{BTreeSet, HashSet};

use patgate_core::identifier::RoleId;
use patgate_core::role::{PrincipalKey, Role};
use patgate_core::user::{Principal, PrincipalKind};
use sea_orm::sea_query::{Expr, ExprTrait, Query, Value};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::roles::{deletion_of, deletions, insertions};
use crate::rows::{AT_ONCE, to_json, updates};
use crate::tables::Roles;

impl Change {
    /// Makes a role.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert_role(&mut self, role: &Role) -> Result<(), StoreError> {
        self.insert_roles(std::slice::from_ref(role)).await
    }

    /// Makes roles, all or none of them.
    ///
    /// # Errors
    /// As [`Change::insert_role`], for the first that is refused.
    pub async fn insert_roles(&mut self, roles: &[Role]) -> Result<(), StoreError> {
        let names: Vec<_> = roles.iter().map(|role| &role.name).collect();
        let mut taken: HashSet<_> = self.roles_by_names(&names).await?.into_keys().collect();
        for role in roles {
            if !taken.insert(role.name.key()) {
                return Err(StoreError::NameTaken(role.name.clone()));
            }
        }
        for some in roles.chunks(AT_ONCE) {
            let mut insert = Query::insert().into_table(Roles::Table).columns(COLUMNS).take();
            for role in some {
                insert.values_panic(row(role)?.into_iter().map(Expr::from));
            }
            self.execute(&insert).await?;
        }
        let rows: Vec<_> = roles.iter().flat_map(principal_rows).collect();
        for insert in insertions(&rows) {
            self.execute(&insert).await?;
        }
        for role in roles {
            let detail = json!({ "principals": role.principals, "permissions": role.permissions });
            self.note_role(role, "role.create", detail);
        }
        Ok(())
    }

    /// Takes over the name, the principals and the permissions. Returns whether anything was different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NameTaken`] by another role.
    pub async fn update_role(&mut self, role: &Role) -> Result<bool, StoreError> {
        let before = self.role_by_id(role.id).await?.ok_or(StoreError::NotFound("role"))?;
        if self.role(&role.name).await?.is_some_and(|other| other.id != role.id) {
            return Err(StoreError::NameTaken(role.name.clone()));
        }
        Ok(self.write_roles(&[(before, role)]).await? > 0)
    }

    /// Takes over the principals and the permissions of roles, which keep their names; no role may stand twice. Returns how many
    /// were different.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], when nothing was written yet.
    pub async fn update_roles(&mut self, roles: &[Role]) -> Result<usize, StoreError> {
        let names: Vec<_> = roles.iter().map(|role| &role.name).collect();
        let mut there = self.roles_by_names(&names).await?;
        let with_before = roles.iter().map(|role| {
            let before = there.remove(&role.name.key()).filter(|before| before.id == role.id);
            before.map(|before| (before, role)).ok_or(StoreError::NotFound("role"))
        });
        let with_before = with_before.collect::<Result<Vec<_>, _>>()?;
        self.write_roles(&with_before).await
    }

    /// Writes roles that are not as before. Returns how many they are.
    async fn write_roles(&mut self, roles: &[(Role, &Role)]) -> Result<usize, StoreError> {
        let is_other =
            |(before, role): &&(Role, &Role)| before != *role || before.name.as_str() != role.name.as_str();
        let changed: Vec<_> = roles.iter().filter(is_other).collect();
        let rows = changed.iter().map(|(_, role)| row(role)).collect::<Result<Vec<_>, _>>()?;
        let [key, columns @ ..] = COLUMNS;
        for update in updates(Roles::Table, key, columns, &rows) {
            self.execute(&update).await?;
        }
        // Of thousands of principals only those who came and went.
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (before, role) in &changed {
            let (there, here) = (principal_rows(before), principal_rows(role));
            gone.extend(there.difference(&here).cloned());
            new.extend(here.difference(&there).cloned());
        }
        for delete in deletions(&gone) {
            self.execute(&delete).await?;
        }
        for insert in insertions(&new) {
            self.execute(&insert).await?;
        }
        let only = |here: &Role, there: &Role| {
            let there: HashSet<_> = there.principals.iter().map(written).collect();
            let missing = here.principals.iter().filter(|one| !there.contains(&written(one)));
            missing.cloned().collect::<Vec<_>>()
        };
        for (before, role) in &changed {
            let detail = json!({
                "name": { "from": before.name, "to": role.name },
                "principals": { "added": only(role, before), "removed": only(before, role) },
                "permissions": { "from": before.permissions, "to": role.permissions },
            });
            self.note_role(role, "role.update", detail);
        }
        Ok(changed.len())
    }

    /// Deletes a role.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_role(&mut self, role: RoleId) -> Result<(), StoreError> {
        let role = self.role_by_id(role).await?.ok_or(StoreError::NotFound("role"))?;
        self.execute(&deletion_of(role.id)).await?;
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

/// The columns of a role, its key first.
const COLUMNS: [Roles; 5] = [Roles::Id, Roles::Name, Roles::NameKey, Roles::Principals, Roles::Permissions];

/// A role as it is written.
fn row(role: &Role) -> Result<Vec<Value>, StoreError> {
    Ok(vec![
        role.id.as_i64().into(),
        role.name.as_str().into(),
        role.name.key().into(),
        to_json(&role.principals, "principals")?.into(),
        to_json(&role.permissions, "permissions")?.into(),
    ])
}

/// The rows of a role's principals. Where somebody stands twice, as after they got the name of one who stood there too, they have
/// one row.
fn principal_rows(role: &Role) -> BTreeSet<(RoleId, PrincipalKey)> {
    role.principals.iter().map(|principal| (role.id, principal.into())).collect()
}

/// What of a principal is written in a role.
fn written(principal: &Principal) -> (bool, &str, &str, Option<&str>) {
    let Principal { username, fullname, kind, provider } = principal;
    (*kind == PrincipalKind::Group, provider, username.as_str(), fullname.as_deref())
}
