//! A token as the pages show it.

use jiff::Timestamp;
use patgate_core::grant::{Grant, GrantPermissions, GrantStatus};

use super::label;
use crate::pages::{Moment, Pill};

/// A token.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) application: String,
    pub(super) permissions: Permissions,
    pub(super) created: Moment,
    pub(super) last_use: Option<LastUse>,
    /// `None`: never.
    pub(super) expires: Option<Moment>,
    pub(super) pill: Pill,
    pub(super) is_expired: bool,
    pub(super) is_suspended: bool,
}

/// What a token carries.
pub(super) enum Permissions {
    All,
    /// As they are written, none of them twice.
    Chosen(Vec<String>),
}

/// When a token last passed, from where, and with what.
pub(super) struct LastUse {
    pub(super) at: Moment,
    pub(super) address: String,
    pub(super) user_agent: String,
}

impl Row {
    pub(super) fn new(grant: &Grant, now: Timestamp) -> Self {
        let status = grant.status(now);
        Self {
            id: grant.id.to_string(),
            name: grant.name.as_str().to_owned(),
            application: label(&grant.application),
            permissions: match &grant.permissions {
                GrantPermissions::All => Permissions::All,
                GrantPermissions::Chosen(ids) => {
                    Permissions::Chosen(ids.iter().map(ToString::to_string).collect())
                }
            },
            created: grant.created_at.into(),
            last_use: grant.last_use.as_ref().map(|used| LastUse {
                at: used.at.into(),
                address: used.address.clone().unwrap_or_default(),
                user_agent: used.user_agent.clone().unwrap_or_default(),
            }),
            expires: grant.expires_at.timestamp().map(Moment::from),
            pill: Pill::new(grant.expires_at, now),
            is_expired: status == GrantStatus::Expired,
            is_suspended: status == GrantStatus::Suspended,
        }
    }
}
