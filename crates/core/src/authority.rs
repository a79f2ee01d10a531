//! Who holds what, right now: users and roles of a node, and which users a change touches.
//!
//! A node keeps one of these beside its index. A role of ten thousand principals, or ten thousand users in a group,
//! costs a change as many steps as there are people it touches.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::identifier::{RoleId, UserId};
use crate::permission::PermissionId;
use crate::role::{PrincipalKey, Role};
use crate::user::User;

/// All users and roles of a node.
#[derive(Debug, Default)]
pub struct Authority {
    users: HashMap<UserId, User>,
    roles: HashMap<RoleId, Role>,
    users_by_key: HashMap<PrincipalKey, HashSet<UserId>>,
    roles_by_key: HashMap<PrincipalKey, HashSet<RoleId>>,
}

impl Authority {
    /// Puts a user in place of what was known of them.
    pub fn put_user(&mut self, user: User) {
        self.remove_user(user.id);
        for key in PrincipalKey::standing_for(&user) {
            self.users_by_key.entry(key).or_default().insert(user.id);
        }
        self.users.insert(user.id, user);
    }

    /// Forgets a user.
    pub fn remove_user(&mut self, id: UserId) {
        if let Some(user) = self.users.remove(&id) {
            for key in PrincipalKey::standing_for(&user) {
                forget(&mut self.users_by_key, &key, &id);
            }
        }
    }

    /// Puts a role in place of what was known of it, and says whom that touches.
    pub fn put_role(&mut self, role: Role) -> BTreeSet<UserId> {
        let mut touched = self.remove_role(role.id);
        for key in role.principals.iter().map(PrincipalKey::from) {
            touched.extend(self.users_by_key.get(&key).into_iter().flatten());
            self.roles_by_key.entry(key).or_default().insert(role.id);
        }
        self.roles.insert(role.id, role);
        touched
    }

    /// Forgets a role, and says whom that touches.
    pub fn remove_role(&mut self, id: RoleId) -> BTreeSet<UserId> {
        let mut touched = BTreeSet::new();
        if let Some(role) = self.roles.remove(&id) {
            for key in role.principals.iter().map(PrincipalKey::from) {
                touched.extend(self.users_by_key.get(&key).into_iter().flatten());
                forget(&mut self.roles_by_key, &key, &id);
            }
        }
        touched
    }

    /// Puts users and roles that changed together in place of what was known of them, and says whom that touches. `changed` are
    /// the roles that did; those of which none is given are gone.
    pub fn put_together(
        &mut self,
        users: Vec<User>,
        changed: &[RoleId],
        roles: Vec<Role>,
    ) -> BTreeSet<UserId> {
        let mut touched = BTreeSet::new();
        // Whom a role named until now is told by the names that users had until now.
        for &id in changed {
            touched.extend(self.remove_role(id));
        }
        for user in users {
            touched.insert(user.id);
            self.put_user(user);
        }
        for role in roles {
            touched.extend(self.put_role(role));
        }
        touched
    }

    /// A user as last put.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users.
    pub fn user_ids(&self) -> impl Iterator<Item = UserId> {
        self.users.keys().copied()
    }

    /// All that a user's roles give them.
    #[must_use]
    pub fn permissions_of(&self, user: &User) -> BTreeSet<PermissionId> {
        PrincipalKey::standing_for(user)
            .filter_map(|key| self.roles_by_key.get(&key))
            .flatten()
            .filter_map(|id| self.roles.get(id))
            .flat_map(|role| &role.permissions)
            // Thousands of roles may hold the same.
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect()
    }
}

fn forget<T: std::hash::Hash + Eq>(map: &mut HashMap<PrincipalKey, HashSet<T>>, key: &PrincipalKey, id: &T) {
    if let Some(ids) = map.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::confirmation::Confirmation;
    use crate::user::{Origin, Principal, PrincipalKind, UserState};

    fn user(id: i64, name: u8, provider: bool, groups: &BTreeSet<u8>) -> User {
        User {
            id: UserId::from_i64(id),
            origin: Origin::Internal,
            provider: if provider { "internal" } else { "corp" }.into(),
            subject: id.to_string(),
            username: format!("User{name}").parse().unwrap(),
            full_name: String::new(),
            email: String::new(),
            groups: groups.iter().map(|group| format!("group{group}")).collect(),
            state: UserState::Enabled,
            confirmation: Confirmation::Own,
            created_at: Timestamp::UNIX_EPOCH,
            last_active_at: None,
        }
    }

    /// What a plain walk over all roles says: the rule in one line, without the reverse index.
    fn permissions_of<'a>(roles: impl Iterator<Item = &'a Role>, user: &User) -> BTreeSet<PermissionId> {
        let covers = |principal: &Principal| principal.covers(&user.username, &user.provider, &user.groups);
        roles
            .filter(|role| role.principals.iter().any(covers))
            .flat_map(|role| role.permissions.clone())
            .collect()
    }

    fn role(id: i64, principals: &[(bool, bool, u8)], permission: u8) -> Role {
        let principal = |&(provider, group, name): &(bool, bool, u8)| Principal {
            username: format!("{}{name}", if group { "group" } else { "user" }).parse().unwrap(),
            fullname: None,
            kind: if group { PrincipalKind::Group } else { PrincipalKind::User },
            provider: if provider { "internal" } else { "corp" }.into(),
        };
        Role {
            id: RoleId::from_i64(id),
            name: format!("role{id}").parse().unwrap(),
            principals: principals.iter().map(principal).collect(),
            permissions: [format!("area#a{permission}").parse().unwrap()].into(),
        }
    }

    fn principals() -> impl Strategy<Value = Vec<(bool, bool, u8)>> {
        proptest::collection::vec((any::<bool>(), any::<bool>(), 0_u8..4), 0..4)
    }

    proptest! {
        /// However users and roles came about, each user holds what a plain walk over all roles says,
        /// and whoever holds something else than before a role changed was named.
        #[test]
        fn the_reverse_index_agrees_with_a_plain_walk(
            users in proptest::collection::vec((0_u8..4, any::<bool>(), proptest::collection::btree_set(0_u8..4, 0..3)), 1..6),
            roles in proptest::collection::vec((0_i64..3, principals(), 0_u8..3, any::<bool>()), 1..8),
        ) {
            let mut authority = Authority::default();
            let users: Vec<User> =
                users.iter().enumerate().map(|(id, (name, provider, groups))| user(id as i64, *name, *provider, groups)).collect();
            users.iter().cloned().for_each(|user| authority.put_user(user));
            let mut plain: HashMap<i64, Role> = HashMap::new();
            for (id, principals, permission, remove) in roles {
                let before: Vec<_> = users.iter().map(|user| authority.permissions_of(user)).collect();
                let touched = if remove {
                    plain.remove(&id);
                    authority.remove_role(RoleId::from_i64(id))
                } else {
                    plain.insert(id, role(id, &principals, permission));
                    authority.put_role(role(id, &principals, permission))
                };
                for (user, before) in users.iter().zip(before) {
                    let held = authority.permissions_of(user);
                    prop_assert_eq!(&held, &permissions_of(plain.values(), user));
                    prop_assert!(held == before || touched.contains(&user.id));
                }
            }
        }

        /// So it is when users get other names while roles change.
        #[test]
        fn whoever_holds_something_else_after_users_and_roles_changed_together_is_named(
            users in proptest::collection::vec((0_u8..4, any::<bool>(), proptest::collection::btree_set(0_u8..4, 0..3)), 1..6),
            roles in proptest::collection::vec((principals(), 0_u8..3), 3),
            renamed in proptest::collection::btree_map(0_usize..6, 0_u8..4, 0..4),
            changed in proptest::collection::btree_map(0_i64..3, proptest::option::of((principals(), 0_u8..3)), 0..4),
        ) {
            let mut authority = Authority::default();
            let mut users: Vec<User> =
                users.iter().enumerate().map(|(id, (name, provider, groups))| user(id as i64, *name, *provider, groups)).collect();
            users.iter().cloned().for_each(|user| authority.put_user(user));
            let mut plain: HashMap<i64, Role> = HashMap::new();
            for (id, (principals, permission)) in (0..).zip(&roles) {
                plain.insert(id, role(id, principals, *permission));
                authority.put_role(role(id, principals, *permission));
            }
            let before: Vec<_> = users.iter().map(|user| authority.permissions_of(user)).collect();
            let mut put = Vec::new();
            for (&at, name) in &renamed {
                let Some(user) = users.get_mut(at) else { continue };
                user.username = format!("User{name}").parse().unwrap();
                put.push(user.clone());
            }
            let mut roles = Vec::new();
            for (&id, wanted) in &changed {
                plain.remove(&id);
                if let Some((principals, permission)) = wanted {
                    plain.insert(id, role(id, principals, *permission));
                    roles.push(role(id, principals, *permission));
                }
            }
            let ids: Vec<_> = changed.keys().map(|id| RoleId::from_i64(*id)).collect();
            let touched = authority.put_together(put, &ids, roles);
            for (user, before) in users.iter().zip(before) {
                let held = authority.permissions_of(user);
                prop_assert_eq!(&held, &permissions_of(plain.values(), user));
                prop_assert!(held == before || touched.contains(&user.id));
            }
        }
    }
}
