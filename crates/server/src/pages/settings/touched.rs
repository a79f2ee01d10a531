//! A token that a stricter rule touches, as these pages show it.

use jiff::Timestamp;

use crate::pages::beginning::{LISTED, SPOKEN, beginning};
use crate::pages::tokens::row::Row;
use crate::service::policy::TouchedToken;
use crate::service::tokens::overview::SeenGrant;
use crate::state::AppState;

/// A token, and whose it is; of long names their beginning.
pub(super) struct TouchedRow {
    pub(super) token: Row,
    /// Empty for an owner who was deleted.
    pub(super) owner: String,
    pub(super) origin: &'static str,
    pub(super) owner_is_disabled: bool,
    /// Made under an exemption that is over.
    pub(super) needs_review: bool,
    /// It passes elsewhere still.
    pub(super) is_narrowed: bool,
}

impl TouchedRow {
    pub(super) fn of_seen(state: &AppState, seen: &SeenGrant, now: Timestamp) -> Self {
        let owner = seen.owner.as_deref();
        Self {
            token: Row::new(state, &seen.grant, seen.owner_suspends, now).listed(),
            owner: owner.map_or_else(String::new, |owner| beginning(&owner.username, LISTED)),
            origin: owner.map_or("", |owner| owner.origin.as_str()),
            owner_is_disabled: owner.is_some_and(|owner| !owner.enabled),
            needs_review: false,
            is_narrowed: false,
        }
    }

    pub(super) fn of_touched(state: &AppState, token: &TouchedToken, now: Timestamp) -> Self {
        Self {
            needs_review: token.needs_review,
            is_narrowed: token.is_narrowed,
            ..Self::of_seen(state, &token.seen, now)
        }
    }

    /// What its box says of it to who does not see the row.
    pub(super) fn spoken(&self) -> String {
        format!("{} of {}", beginning(&self.token.name, SPOKEN), beginning(&self.owner, SPOKEN))
    }
}
