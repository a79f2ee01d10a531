//! All permissions a node knows: the built-in ones and those of its applications.
//!
//! The database keeps ids as text; the slots of a catalog live in one process and are never stored.

use std::collections::HashMap;

use super::id::PermissionId;
use super::names;
use super::set::{PermissionSet, PermissionSlot};

/// The built-in permissions, with what each lets one do.
pub const BUILT_IN: &[(&str, &str)] = &[
    (names::ADMIN, "everything"),
    (names::LOGIN, "sign in to the pages"),
    (names::SECURITY_EDIT, "change users, roles and policy"),
    (names::SECURITY_VIEW, "see users, roles and policy"),
    (names::TOKEN_VIEW_ALL, "see other people's tokens"),
    (names::TOKEN_DELETE_ALL, "delete other people's tokens"),
    (names::AUDIT_VIEW, "read the audit log"),
    (names::CONFIG_EDIT, "change configuration items and settings"),
    (names::CONFIG_VIEW, "see configuration items and settings"),
    (names::WEBHOOK_VIEW, "read webhook request logs"),
    (names::SCIM_PROVISION, "be the SCIM client of one provider"),
    (names::TEMPLATE_CREATE, "create templates"),
    (names::RELEASE_CREATE, "create releases"),
    (names::RELEASE_VIEW, "see releases"),
    (names::RELEASE_ABORT, "abort releases"),
    ("runner#registration", "register a runner"),
];

/// The permissions this node knows, each with its slot.
#[derive(Debug)]
pub struct Catalog {
    ids: Vec<PermissionId>,
    slots: HashMap<PermissionId, PermissionSlot>,
}

/// More different permissions than a set can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {0} different permissions, and at most 256 can be known")]
pub struct TooManyPermissions(pub usize);

impl Catalog {
    /// The built-in permissions and `additional` ones; what stands twice counts once.
    ///
    /// # Errors
    /// [`TooManyPermissions`] above [`PermissionSet::CAPACITY`].
    pub fn new(additional: impl IntoIterator<Item = PermissionId>) -> Result<Self, TooManyPermissions> {
        let built_in = BUILT_IN.iter().filter_map(|(id, _)| id.parse().ok());
        let mut ids: Vec<PermissionId> = Vec::new();
        for id in built_in.chain(additional) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.len() > PermissionSet::CAPACITY {
            return Err(TooManyPermissions(ids.len()));
        }
        let slots = ids.iter().enumerate().map(|(at, id)| (id.clone(), PermissionSlot(at as u8))).collect();
        Ok(Self { ids, slots })
    }

    /// The slot of an id, or `None` when this node does not know it.
    #[must_use]
    pub fn slot(&self, id: &PermissionId) -> Option<PermissionSlot> {
        self.slots.get(id).copied()
    }

    /// The ids as a set. Unknown ids are left out: what a node does not know, it does not allow.
    #[must_use]
    pub fn set<'a>(&self, ids: impl IntoIterator<Item = &'a PermissionId>) -> PermissionSet {
        ids.into_iter().filter_map(|id| self.slot(id)).collect()
    }

    /// What a user with these permissions may do: all that is known when `admin` is among them.
    #[must_use]
    pub fn effective(&self, held: PermissionSet) -> PermissionSet {
        if held.contains(self.admin()) { PermissionSet::EVERY } else { held }
    }

    /// The slot of `admin`.
    #[must_use]
    pub fn admin(&self) -> PermissionSlot {
        PermissionSlot(0)
    }

    /// The ids in a set, in the catalog's order.
    pub fn ids_in(&self, set: PermissionSet) -> impl Iterator<Item = &PermissionId> {
        self.ids
            .iter()
            .enumerate()
            .filter(move |(at, _)| set.contains(PermissionSlot(*at as u8)))
            .map(|(_, id)| id)
    }

    /// All ids, in the catalog's order: the built-in ones first.
    #[must_use]
    pub fn ids(&self) -> &[PermissionId] {
        &self.ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_id_is_well_formed_and_first_comes_admin() {
        let catalog = Catalog::new([]).unwrap();
        assert_eq!(catalog.ids().len(), BUILT_IN.len());
        assert_eq!(catalog.slot(&"admin".parse().unwrap()), Some(catalog.admin()));
    }

    #[test]
    fn admin_covers_what_is_known() {
        let catalog = Catalog::new(["shop#buy".parse().unwrap()]).unwrap();
        let admin = catalog.effective(catalog.set([&"admin".parse().unwrap()]));
        assert_eq!(catalog.ids_in(admin).count(), catalog.ids().len());
        assert!(admin.contains(catalog.slot(&"shop#buy".parse().unwrap()).unwrap()));
    }

    #[test]
    fn an_unknown_id_allows_nothing() {
        let catalog = Catalog::new([]).unwrap();
        assert_eq!(catalog.set([&"shop#buy".parse().unwrap()]), PermissionSet::NONE);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let many = (0..300).map(|n| format!("area#a{n}").parse().unwrap());
        assert_eq!(Catalog::new(many).err(), Some(TooManyPermissions(300 + BUILT_IN.len())));
    }
}
