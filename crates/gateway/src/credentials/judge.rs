//! From what a request shows to the verdict: the one thing that core cannot know is the name that came with a token.

use jiff::Timestamp;
use patgate_core::index::{OwnerFacts, View};
use patgate_core::token::TokenText;
use patgate_core::verify::{Demand, Denied, Permit, verify};

use super::{PresentedToken, Via};

/// Judges a token that a request shows.
///
/// A token with another user's name is answered like an unknown one, and leaves no trace of a use.
///
/// # Errors
/// As [`verify`].
pub fn judge<'v>(
    view: &'v View<'_>,
    token: &PresentedToken<'_>,
    demand: Demand,
    now: Timestamp,
) -> Result<Permit<'v>, Denied> {
    if let Via::BasicOwner(name) = token.via()
        && let Ok(text) = TokenText::parse(token.reveal())
        && let Some(entry) = view.find(text)
        && !is_name_of(name, &entry.owner().facts())
    {
        return Err(Denied::Unknown);
    }
    verify(view, token.reveal(), demand, now)
}

/// Names that differ only in case are one name. An owner who is gone has none left, and the verdict says so.
fn is_name_of(name: &str, owner: &OwnerFacts) -> bool {
    *name == *owner.username || owner.username_key.is_empty() || name.to_lowercase() == *owner.username_key
}
