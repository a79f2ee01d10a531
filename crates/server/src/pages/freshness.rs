//! How a user from outside stands with their provider, as pages tell it.

use patgate_core::confirmation::{Confirmation, Withdrawal};

use super::Moment;
use crate::service::confirmations::SeenConfirmation;

/// What is told.
pub(super) struct Freshness {
    /// When the provider last vouched for them.
    pub(super) confirmed: Option<Moment>,
    /// Until when that counts.
    pub(super) until: Option<Moment>,
    /// Since when they are no longer let in, and why not.
    pub(super) withdrawn: Option<(Moment, &'static str)>,
    /// Whether that is over.
    pub(super) has_lapsed: bool,
    /// When the provider is asked next.
    pub(super) next: Option<Moment>,
    /// What came of asking, when it was in vain.
    pub(super) in_vain: Option<String>,
    /// Whether there is nothing to ask it with.
    pub(super) is_never_asked: bool,
    /// Whether only a sign-in confirms them.
    pub(super) needs_sign_in: bool,
}

impl From<SeenConfirmation> for Freshness {
    fn from(seen: SeenConfirmation) -> Self {
        let (confirmed, withdrawn) = match seen.last {
            Confirmation::Own => (None, None),
            Confirmation::At(at) => (Some(at.into()), None),
            Confirmation::Withdrawn { at, reason } => {
                let reason = match reason {
                    Withdrawal::Gone => "gone at their provider",
                    Withdrawal::Disabled => "disabled at their provider",
                };
                (None, Some((at.into(), reason)))
            }
        };
        let (next, in_vain) = match seen.record {
            _ if seen.is_never_asked => (None, None),
            None => (None, None),
            Some(record) => (record.due_at.map(Moment::from), record.answer),
        };
        let (has_lapsed, is_never_asked) = (seen.has_lapsed, seen.is_never_asked);
        let until = seen.counts_until.map(Moment::from);
        let needs_sign_in = is_never_asked || !seen.recheck_confirms;
        Self { confirmed, until, has_lapsed, withdrawn, next, in_vain, is_never_asked, needs_sign_in }
    }
}
