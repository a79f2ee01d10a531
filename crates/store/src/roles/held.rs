//! What users hold: the roles that name them or one of their groups, found by these names and read without who else is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use patgate_core::identifier::{RoleId, UserId};
use patgate_core::permission::PermissionId;
use patgate_core::role::PrincipalKey;
use patgate_core::user::User;
use sea_orm::ConnectionTrait;

use super::{RoleSummary, principals, read_summary, summary_selection};
use crate::error::StoreError;
use crate::rows::of_each;
use crate::tables::Roles;

/// The roles of the users who were asked about.
#[derive(Clone, Debug, Default)]
pub struct HeldRoles {
    /// By name.
    roles: Vec<RoleSummary>,
    /// Of each user, the places of theirs among these.
    of_users: HashMap<UserId, BTreeSet<usize>>,
}

impl HeldRoles {
    /// Those of a user, by name; `None` for one who was not asked about.
    pub fn of(&self, user: UserId) -> Option<impl Iterator<Item = &RoleSummary>> {
        let places = self.of_users.get(&user)?;
        Some(places.iter().filter_map(|&at| self.roles.get(at)))
    }

    /// All that the roles of a user give them; `None` for one who was not asked about.
    #[must_use]
    pub fn permissions_of(&self, user: UserId) -> Option<BTreeSet<&PermissionId>> {
        Some(self.of(user)?.flat_map(|role| &role.permissions).collect())
    }
}

/// The roles that these users hold, by themselves or through a group.
pub(crate) async fn held(
    connection: &impl ConnectionTrait,
    users: &[&User],
) -> Result<HeldRoles, StoreError> {
    let keys: Vec<(UserId, Vec<PrincipalKey>)> =
        users.iter().map(|user| (user.id, PrincipalKey::standing_for(user).collect())).collect();
    let naming = principals::naming(connection, keys.iter().flat_map(|(_, keys)| keys)).await?;
    let ids: BTreeSet<RoleId> = naming.values().flatten().copied().collect();
    let ids = ids.into_iter().map(|id| id.as_i64()).collect();
    let mut roles = of_each(connection, &summary_selection(), Roles::Id, ids, read_summary).await?;
    roles.sort_by_key(|role| role.name.key());
    let places: BTreeMap<RoleId, usize> = roles.iter().enumerate().map(|(at, role)| (role.id, at)).collect();
    let of_user = |keys: &[PrincipalKey]| {
        let ids = keys.iter().filter_map(|key| naming.get(key)).flatten();
        ids.filter_map(|id| places.get(id).copied()).collect()
    };
    let of_users = keys.iter().map(|(user, keys)| (*user, of_user(keys))).collect();
    Ok(HeldRoles { roles, of_users })
}
