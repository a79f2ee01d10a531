//! What the index keeps of a grant: 64 bytes for an encoded name of up to 24 bytes, key included, which is one cache line.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use compact_str::CompactString;
use jiff::Timestamp;

use super::owner::{OwnerFacts, encode_value};
use crate::application::ApplicationSlot;
use crate::expiry::Expiry;
use crate::grant::{GrantState, SuspensionReason};
use crate::identifier::{GrantId, UserId};
use crate::permission::PermissionSet;
use crate::policy::origin::Rows;

/// A grant as the change log hands it to the index.
#[derive(Clone, Debug)]
pub struct GrantRecord {
    /// The row.
    pub id: GrantId,
    /// For whom the token speaks.
    pub owner: UserId,
    /// The token's name.
    pub name: Box<str>,
    /// For which application it is.
    pub application: ApplicationSlot,
    /// Its permissions; `None`: all of its owner's.
    pub permissions: Option<PermissionSet>,
    /// When it ends.
    pub expires_at: Expiry,
    /// Whether it stands, dates left aside.
    pub standing: Standing,
    /// Where it passes although its owner's origin is closed.
    pub left_working: Rows,
}

/// A [`GrantState`] without its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It passes, if all else allows.
    Active,
    /// It does not pass for now.
    Suspended(SuspensionReason),
    /// It never passes again.
    Deleted,
}

impl From<GrantState> for Standing {
    fn from(state: GrantState) -> Self {
        match state {
            GrantState::Active => Self::Active,
            GrantState::Suspended { reason, .. } => Self::Suspended(reason),
            GrantState::Deleted { .. } => Self::Deleted,
        }
    }
}

/// What grants of one owner with the same application and permissions share.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) key: ClassKey,
    /// `None`: there is no such owner (any more).
    pub(super) facts: Option<Arc<OwnerFacts>>,
}

/// What makes two grants share a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassKey {
    pub(super) owner: UserId,
    pub(super) application: ApplicationSlot,
    pub(super) permissions: Option<PermissionSet>,
}

/// A grant in the index, without what its class says.
#[derive(Debug)]
pub(super) struct Entry {
    id: GrantId,
    /// As an identity header tells it: encoded once for all requests.
    encoded_name: CompactString,
    class: u32,
    expires_at: Expiry,
    /// Seconds since 1970; 0: not used since the node started.
    last_used: AtomicU32,
    standing: Standing,
    left_working: Rows,
}

impl Entry {
    pub(super) fn new(record: &GrantRecord, class: u32, last_used: u32) -> Self {
        Self {
            id: record.id,
            encoded_name: CompactString::new(encode_value(&record.name)),
            class,
            expires_at: record.expires_at,
            last_used: AtomicU32::new(last_used),
            standing: record.standing,
            left_working: record.left_working,
        }
    }

    pub(super) fn id(&self) -> GrantId {
        self.id
    }

    pub(super) fn class(&self) -> u32 {
        self.class
    }

    pub(super) fn last_used_second(&self) -> u32 {
        self.last_used.load(Ordering::Relaxed)
    }
}

/// A grant that was found, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct FoundGrant<'v> {
    pub(super) entry: &'v Entry,
    pub(super) class: &'v Class,
}

impl<'v> FoundGrant<'v> {
    /// The row.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.entry.id
    }

    /// The token's name, percent-encoded as an identity header tells it (RFC 3986 §2.1).
    #[must_use]
    pub fn encoded_name(&self) -> &'v str {
        &self.entry.encoded_name
    }

    /// For whom the token speaks.
    #[must_use]
    pub fn owner(&self) -> UserId {
        self.class.key.owner
    }

    /// What is true of the owner now; nothing when there is no such user.
    #[must_use]
    pub fn facts(&self) -> Option<&'v Arc<OwnerFacts>> {
        self.class.facts.as_ref()
    }

    /// For which application it is.
    #[must_use]
    pub fn application(&self) -> ApplicationSlot {
        self.class.key.application
    }

    /// Its permissions; `None`: all of its owner's.
    #[must_use]
    pub fn permissions(&self) -> Option<PermissionSet> {
        self.class.key.permissions
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Expiry {
        self.entry.expires_at
    }

    /// Whether it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.entry.standing
    }

    /// Where it passes although its owner's origin is closed.
    #[must_use]
    pub fn left_working(&self) -> Rows {
        self.entry.left_working
    }

    /// Notes a use; true for the first one in a minute, which is the one whose address is worth a sample.
    pub(crate) fn touch(&self, now: Timestamp) -> bool {
        let second = u32::try_from(now.as_second()).unwrap_or(0);
        let before = self.entry.last_used_second();
        if before == second {
            return false;
        }
        self.entry.last_used.store(second, Ordering::Relaxed);
        before / 60 != second / 60
    }
}
