//! A token as the pages show it.

use jiff::Timestamp;
use patgate_core::grant::{Grant, GrantPermissions, GrantStatus, SuspensionReason};

use crate::pages::beginning::{LISTED, beginning};
use crate::pages::{Moment, Pill};
use crate::state::AppState;

/// A token.
pub(in crate::pages) struct Row {
    pub(in crate::pages) id: String,
    pub(in crate::pages) name: String,
    pub(in crate::pages) application: String,
    /// What it carries, as written, none twice; `None`: all that its owner has.
    pub(in crate::pages) permissions: Option<Vec<String>>,
    pub(in crate::pages) created: Moment,
    pub(in crate::pages) last_use: Option<LastUse>,
    /// `None`: never.
    pub(in crate::pages) expires: Option<Moment>,
    pub(in crate::pages) pill: Pill,
    pub(in crate::pages) is_expired: bool,
    /// Why it does not pass for now.
    pub(in crate::pages) suspended: Option<&'static str>,
}

/// When a token last passed, from where, and with what.
pub(in crate::pages) struct LastUse {
    pub(in crate::pages) at: Moment,
    pub(in crate::pages) address: String,
    pub(in crate::pages) user_agent: String,
}

impl Row {
    pub(in crate::pages) fn new(
        state: &AppState,
        grant: &Grant,
        owner: Option<SuspensionReason>,
        now: Timestamp,
    ) -> Self {
        let status = grant.status(owner, now);
        Self {
            id: grant.id.to_string(),
            name: grant.name.as_str().to_owned(),
            application: state.application_label(&grant.application).to_owned(),
            permissions: match &grant.permissions {
                GrantPermissions::All => None,
                GrantPermissions::Chosen(ids) => Some(ids.iter().map(ToString::to_string).collect()),
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
            suspended: grant
                .suspended_for(owner)
                .filter(|_| status == GrantStatus::Suspended)
                .map(SuspensionReason::explanation),
        }
    }

    /// The same in a list: of a long name its beginning.
    pub(in crate::pages) fn listed(mut self) -> Self {
        self.name = beginning(&self.name, LISTED);
        self
    }
}
