//! The verification index: the whole token set of the node, ready to be read without a lock that a writer holds.
//!
//! It is no cache: nothing expires from it and a miss is an answer. The node's change log feeds it; the verification
//! path reads it through a [`View`].

mod classes;
mod entry;
mod key;
mod owner;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use jiff::Timestamp;
use papaya::{LocalGuard, ResizeMode};

use self::classes::Classes;
use self::entry::Entry;
pub use self::entry::{FoundGrant, GrantRecord, Standing};
use self::key::{Key, Mixed, PassThrough};
pub use self::owner::{Identity, OwnerFacts, encode_list};
use crate::confirmation::{Confirmation, FreshnessWindows};
use crate::grant::SuspensionReason;
use crate::identifier::{GrantId, UserId};
use crate::policy::OriginPolicy;
use crate::token::{Digest, DigestKeys, TokenText};

/// All grants by the digests of their secrets, and all owners.
///
/// Writers are serialised by their caller (the node applies one change after the other); readers never wait.
#[derive(Debug)]
pub struct Index {
    keys: DigestKeys,
    grants: papaya::HashMap<Key, Entry, PassThrough>,
    owners: papaya::HashMap<UserId, Arc<OwnerFacts>, Mixed>,
    classes: Classes,
    origin_policy: AtomicU16,
    freshness: AtomicU32,
}

impl Index {
    /// An empty index whose tokens are digested with these keys.
    #[must_use]
    pub fn new(keys: DigestKeys) -> Self {
        // One collector, so that one guard serves a whole verdict. A table grows at once, by its one writer: growing
        // a bit with each change would leave two tables to look in, for as long as there is no change.
        let collector = Arc::new(seize::Collector::new());
        Self {
            keys,
            grants: papaya::HashMap::builder()
                .hasher(PassThrough)
                .shared_collector(Arc::clone(&collector))
                .resize_mode(ResizeMode::Blocking)
                .build(),
            owners: papaya::HashMap::builder()
                .hasher(Mixed)
                .shared_collector(Arc::clone(&collector))
                .resize_mode(ResizeMode::Blocking)
                .build(),
            classes: Classes::new(collector),
            origin_policy: AtomicU16::new(OriginPolicy::default().to_bits()),
            freshness: AtomicU32::new(FreshnessWindows::default().to_bits()),
        }
    }

    /// The keys: the newest makes the digest of a new token.
    #[must_use]
    pub fn keys(&self) -> &DigestKeys {
        &self.keys
    }

    /// Puts an owner, or what has become of one. In force for the next request.
    pub fn put_owner(&self, id: UserId, facts: OwnerFacts) {
        let facts = Arc::new(facts);
        self.owners.pin().insert(id, Arc::clone(&facts));
        self.classes.put_owner(id, Some(&facts));
    }

    /// Takes an owner away: none of their tokens passes any more.
    pub fn remove_owner(&self, id: UserId) {
        self.owners.pin().remove(&id);
        self.classes.put_owner(id, None);
    }

    /// Puts a grant under each digest of its secrets, in place of what stood there. Its time of last use survives.
    ///
    /// An owner who is not known yet counts as disabled until [`Index::put_owner`].
    pub fn put_grant<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>, record: &GrantRecord) {
        let class = self.classes.number(record, self.owners.pin().get(&record.owner));
        let grants = self.grants.pin();
        for digest in digests {
            let key = Key::from(digest);
            let used = grants.get(&key).map_or(0, Entry::last_used_second);
            grants.insert(key, Entry::new(record, class, used));
        }
    }

    /// Forgets digests: to their holders the token is then unknown.
    pub fn remove_grant<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) {
        let grants = self.grants.pin();
        digests.into_iter().for_each(|digest| {
            grants.remove(&Key::from(digest));
        });
    }

    /// Puts the origin policy in force.
    pub fn put_origin_policy(&self, policy: &OriginPolicy) {
        self.origin_policy.store(policy.to_bits(), Ordering::Release);
    }

    /// Puts the freshness windows in force.
    pub fn put_freshness(&self, windows: FreshnessWindows) {
        self.freshness.store(windows.to_bits(), Ordering::Release);
    }

    /// How many digests are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grants.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Calls `visit` with each grant used at or after `since`, and when: what the sweep writes to the database.
    pub fn used_since(&self, since: Timestamp, mut visit: impl FnMut(GrantId, Timestamp)) {
        for (_, entry) in &self.grants.pin() {
            let second = i64::from(entry.last_used_second());
            if second != 0 && second >= since.as_second() {
                visit(entry.id(), Timestamp::from_second(second).unwrap_or_default());
            }
        }
    }

    /// A view for one verdict. Short-lived: while it lives, nothing that was replaced is freed.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { index: self, guard: self.grants.guard() }
    }
}

/// A consistent look at the index for one verdict.
pub struct View<'i> {
    index: &'i Index,
    guard: LocalGuard<'i>,
}

impl View<'_> {
    /// The grant of a token, tried under each live key, newest first.
    #[must_use]
    pub fn find(&self, token: TokenText<'_>) -> Option<FoundGrant<'_>> {
        self.index.keys.iter().find_map(|key| self.find_digest(&key.digest(token)))
    }

    /// The grant of a digest.
    #[must_use]
    pub fn find_digest(&self, digest: &Digest) -> Option<FoundGrant<'_>> {
        let entry = self.index.grants.get(&Key::from(digest), &self.guard)?;
        let class = self.index.classes.get(entry.class(), &self.guard)?;
        Some(FoundGrant { entry, class })
    }

    /// What is true of an owner now.
    #[must_use]
    pub fn owner(&self, id: UserId) -> Option<&Arc<OwnerFacts>> {
        self.index.owners.get(&id, &self.guard)
    }

    /// Why no token of an owner passes at this time, if so: what their provider said, and when.
    #[must_use]
    pub fn suspends(&self, owner: &OwnerFacts, now: Timestamp) -> Option<SuspensionReason> {
        // Internal users need no look at the windows.
        if owner.confirmation == Confirmation::Own {
            return None;
        }
        let windows = FreshnessWindows::from_bits(self.index.freshness.load(Ordering::Acquire));
        owner.confirmation.suspends(windows.of(owner.origin), now)
    }

    /// The origin policy in force.
    #[must_use]
    pub fn origin_policy(&self) -> OriginPolicy {
        OriginPolicy::from_bits(self.index.origin_policy.load(Ordering::Acquire))
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("View")
    }
}

#[cfg(test)]
mod tests;
