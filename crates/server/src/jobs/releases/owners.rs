//! Whose releases are under way: no owner takes all places, however many releases they have started.

use std::collections::HashMap;
use std::sync::Arc;

use patgate_core::identifier::UserId;

/// So many releases under way are an owner's share: of who has them, no other is claimed while they go on.
const SHARE: usize = 48;

/// The owners of the releases under way.
#[derive(Default)]
pub(super) struct Owners(HashMap<UserId, Arc<()>>);

impl Owners {
    /// Notes that a release of somebody is under way, until what is returned is dropped.
    pub(super) fn begin(&mut self, owner: UserId) -> Arc<()> {
        Arc::clone(self.0.entry(owner).or_default())
    }

    /// Who has their share.
    pub(super) fn with_their_share(&mut self) -> Vec<UserId> {
        // One count is the map's own.
        self.0.retain(|_, counted| Arc::strong_count(counted) > 1);
        let with_share = self.0.iter().filter(|(_, counted)| Arc::strong_count(counted) > SHARE);
        with_share.map(|(owner, _)| *owner).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_their_share_is_told_until_one_of_theirs_ends() {
        let (ann, bob) = (UserId::from_i64(1), UserId::from_i64(2));
        let mut owners = Owners::default();
        let mut of_ann: Vec<_> = (1..SHARE).map(|_| owners.begin(ann)).collect();
        let of_bob = owners.begin(bob);
        assert!(owners.with_their_share().is_empty());
        of_ann.push(owners.begin(ann));
        assert_eq!(owners.with_their_share(), [ann]);
        of_ann.pop();
        assert!(owners.with_their_share().is_empty());
        drop((of_ann, of_bob));
        assert!(owners.with_their_share().is_empty() && owners.0.is_empty(), "nobody is remembered");
    }
}
