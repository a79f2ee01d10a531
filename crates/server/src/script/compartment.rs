//! Which scripts may run in one process, one after the other.

use patgate_core::identifier::UserId;

/// Keeps these digests apart from all others that are made here.
const CONTEXT: &str = "patgate 2026-11-23 compartment of scripts";

/// What scripts have in common that may run in one process. One that takes over its process sees what is given to those that come
/// after it there, and speaks for them: what they have in common it has already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Compartment([u8; 32]);

impl Compartment {
    /// That of scripts that have all of these in common, in this order. Only a digest is kept: there are passwords among them.
    #[must_use]
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        for part in parts {
            // Where one ends and the next begins is part of it.
            hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// What a process is there for, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// To check texts of one person. Nothing is given to them, but one that took the process over would see those after it, and say
    /// what is wrong with them.
    Checks(UserId),
    /// To run scripts.
    Scripts(Compartment),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compartment_is_told_by_each_part_and_by_where_it_ends() {
        let is_same =
            |parts: &[&str]| Compartment::of(["ann", "bob"]) == Compartment::of(parts.iter().copied());
        assert!(is_same(&["ann", "bob"]));
        for other in [&["bob", "ann"][..], &["annb", "ob"], &["annbob"], &["ann", "bob", ""], &["ann"], &[]] {
            assert!(!is_same(other), "{other:?}");
        }
    }
}
