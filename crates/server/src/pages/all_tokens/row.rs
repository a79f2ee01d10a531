//! A token of anybody, as these pages show it.

use jiff::Timestamp;
use patgate_core::grant::GrantState;

use crate::pages::Moment;
use crate::pages::beginning::{LISTED, SPOKEN, beginning};
use crate::pages::tokens::row::Row;
use crate::service::tokens::overview::SeenGrant;
use crate::state::AppState;

/// A token, and whose it is.
pub(super) struct SeenRow {
    pub(super) token: Row,
    /// Empty for an owner who was deleted.
    pub(super) owner: String,
    pub(super) origin: &'static str,
    pub(super) owner_is_disabled: bool,
    pub(super) deleted: Option<Moment>,
}

impl SeenRow {
    pub(super) fn new(state: &AppState, seen: &SeenGrant, now: Timestamp) -> Self {
        let owner = seen.owner.as_deref();
        Self {
            token: Row::new(state, &seen.grant, seen.owner_suspends, now),
            owner: owner.map_or_else(String::new, |owner| owner.username.to_string()),
            origin: owner.map_or("", |owner| owner.origin.as_str()),
            owner_is_disabled: owner.is_some_and(|owner| !owner.enabled),
            deleted: match seen.grant.state {
                GrantState::Deleted { at } => Some(at.into()),
                GrantState::Active | GrantState::Suspended { .. } => None,
            },
        }
    }

    /// The same in a list: of long names their beginning.
    pub(super) fn listed(self) -> Self {
        Self { token: self.token.listed(), owner: beginning(&self.owner, LISTED), ..self }
    }

    /// What its box says of it to who does not see the row.
    pub(super) fn spoken(&self) -> String {
        format!("{} of {}", beginning(&self.token.name, SPOKEN), beginning(&self.owner, SPOKEN))
    }
}
