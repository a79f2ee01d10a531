//! Roles: who (principals) may do what (permissions).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::identifier::RoleId;
use crate::permission::PermissionId;
use crate::user::{Principal, Username};

/// A named set of permissions and the principals who hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The row.
    pub id: RoleId,
    /// Unique without regard to case; the rules of a [`Username`].
    pub name: Username,
    /// Who holds the role.
    pub principals: Vec<Principal>,
    /// What it lets them do.
    pub permissions: BTreeSet<PermissionId>,
}

/// All permissions that these roles give to one user.
pub fn permissions_of<'a>(
    roles: impl IntoIterator<Item = &'a Role>,
    username: &Username,
    provider: &str,
    groups: &[String],
) -> BTreeSet<PermissionId> {
    roles
        .into_iter()
        .filter(|role| role.principals.iter().any(|principal| principal.covers(username, provider, groups)))
        .flat_map(|role| role.permissions.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::INTERNAL_PROVIDER;

    #[test]
    fn a_user_holds_what_all_their_roles_give() {
        let role = |id, who: &str, what: &[&str]| Role {
            id: RoleId::from_i64(id),
            name: format!("role{id}").parse().unwrap(),
            principals: vec![Principal::internal(who.parse().unwrap())],
            permissions: what.iter().map(|id| id.parse().unwrap()).collect(),
        };
        let roles =
            [role(1, "ann", &["login"]), role(2, "bob", &["admin"]), role(3, "Ann", &["release#view"])];
        let held = permissions_of(&roles, &"ann".parse().unwrap(), INTERNAL_PROVIDER, &[]);
        assert_eq!(held.iter().map(PermissionId::as_str).collect::<Vec<_>>(), ["login", "release#view"]);
    }
}
