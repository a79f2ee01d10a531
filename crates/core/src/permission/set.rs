//! A set of permissions as bits, so that "what the token may do of what its owner may do now" is four ANDs.

/// The place of a permission in the [`Catalog`](super::Catalog) of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PermissionSlot(pub(super) u8);

/// Permissions by their slots. Only meaningful together with the catalog that gave the slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet([u64; 4]);

impl PermissionSet {
    /// How many different permissions a node can know.
    pub const CAPACITY: usize = 256;
    /// No permission.
    pub const NONE: Self = Self([0; 4]);
    /// Every permission there is or will be: what `admin` means.
    pub const EVERY: Self = Self([u64::MAX; 4]);

    /// Adds one.
    pub fn insert(&mut self, slot: PermissionSlot) {
        self.0[usize::from(slot.0) / 64] |= 1 << (slot.0 % 64);
    }

    /// Whether it holds this one.
    #[must_use]
    pub fn contains(&self, slot: PermissionSlot) -> bool {
        self.0[usize::from(slot.0) / 64] & (1 << (slot.0 % 64)) != 0
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// What either holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// Whether `other` holds all of these.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.intersection(other) == *self
    }
}

impl FromIterator<PermissionSlot> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = PermissionSlot>>(slots: I) -> Self {
        let mut set = Self::NONE;
        slots.into_iter().for_each(|slot| set.insert(slot));
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(slots: &BTreeSet<u8>) -> PermissionSet {
        slots.iter().copied().map(PermissionSlot).collect()
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_set(one: BTreeSet<u8>, other: BTreeSet<u8>, probe: u8) {
            let (a, b) = (set(&one), set(&other));
            prop_assert_eq!(a.contains(PermissionSlot(probe)), one.contains(&probe));
            prop_assert_eq!(a.intersection(&b), set(&(&one & &other)));
            prop_assert_eq!(a.union(&b), set(&(&one | &other)));
            prop_assert_eq!(a.is_subset(&b), one.is_subset(&other));
            prop_assert!(a.is_subset(&PermissionSet::EVERY));
        }
    }
}
