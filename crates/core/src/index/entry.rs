//! What the index keeps of a grant: at most 72 bytes for a name of up to 24 bytes, key included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use compact_str::CompactString;
use jiff::Timestamp;

use super::owner::Owner;
use crate::application::ApplicationSlot;
use crate::expiry::Expiry;
use crate::grant::{GrantState, SuspensionReason};
use crate::identifier::{GrantId, UserId};
use crate::permission::PermissionSet;

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
#[derive(Debug)]
pub(super) struct Class {
    pub(super) owner: Arc<Owner>,
    pub(super) application: ApplicationSlot,
    pub(super) permissions: Option<PermissionSet>,
}

/// What makes two grants share a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassKey {
    pub(super) owner: UserId,
    pub(super) application: ApplicationSlot,
    pub(super) permissions: Option<PermissionSet>,
}

/// A grant in the index.
#[derive(Debug)]
pub struct Entry {
    id: GrantId,
    class: Arc<Class>,
    name: CompactString,
    expires_at: Expiry,
    /// Seconds since 1970; 0: not used since the node started.
    last_used: AtomicU32,
    standing: Standing,
}

impl Entry {
    pub(super) fn new(record: &GrantRecord, class: Arc<Class>, last_used: u32) -> Self {
        Self {
            id: record.id,
            class,
            name: CompactString::new(&record.name),
            expires_at: record.expires_at,
            last_used: AtomicU32::new(last_used),
            standing: record.standing,
        }
    }

    /// The row.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.id
    }

    /// The token's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For whom the token speaks.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.class.owner
    }

    /// For which application it is.
    #[must_use]
    pub fn application(&self) -> ApplicationSlot {
        self.class.application
    }

    /// Its permissions; `None`: all of its owner's.
    #[must_use]
    pub fn permissions(&self) -> Option<PermissionSet> {
        self.class.permissions
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Expiry {
        self.expires_at
    }

    /// Whether it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    pub(super) fn last_used_second(&self) -> u32 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Notes a use; true for the first one in a minute, which is the one whose address is worth a sample.
    pub(crate) fn touch(&self, now: Timestamp) -> bool {
        let second = u32::try_from(now.as_second()).unwrap_or(0);
        let before = self.last_used_second();
        if before == second {
            return false;
        }
        self.last_used.store(second, Ordering::Relaxed);
        before / 60 != second / 60
    }
}
