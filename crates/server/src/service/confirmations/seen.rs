//! What people are shown of a confirmation: what the provider said last, until when it counts, and when it is asked.

use jiff::Timestamp;
use patgate_core::confirmation::Confirmation;
use patgate_core::grant::SuspensionReason;
use patgate_core::user::{Origin, User};
use patgate_store::ConfirmationRecord;

use crate::problem::Problem;
use crate::state::AppState;

/// How a user from outside stands with their provider.
#[derive(Clone, Debug)]
pub struct SeenConfirmation {
    /// What the provider said last.
    pub last: Confirmation,
    /// When the next confirmation is due, or their tokens are suspended; `None`: there is no window, or no good word.
    pub counts_until: Option<Timestamp>,
    /// Whether that time is over.
    pub has_lapsed: bool,
    /// When the provider is asked next, and what came of the last time when it was in vain.
    pub record: Option<ConfirmationRecord>,
    /// Whether there is nothing to ask it with: only a sign-in confirms them.
    pub is_never_asked: bool,
    /// Whether its word confirms them when it is asked; otherwise only a sign-in does.
    pub recheck_confirms: bool,
}

/// How a user stands with their provider; `None` for an internal user, about whom nobody else is asked.
///
/// # Errors
/// When the database does not answer.
pub async fn seen(state: &AppState, user: &User) -> Result<Option<SeenConfirmation>, Problem> {
    if user.origin == Origin::Internal {
        return Ok(None);
    }
    let window = state.node.settings().freshness.of(user.origin);
    let record = state.store.confirmation_record(user.id).await?;
    let has_refresh_token = record.as_ref().is_some_and(|record| record.has_refresh_token);
    Ok(Some(SeenConfirmation {
        is_never_asked: user.origin == Origin::Sso && !has_refresh_token,
        recheck_confirms: recheck_confirms(state, user),
        last: user.confirmation,
        counts_until: user.confirmation.counts_until(window),
        has_lapsed: user.confirmation.suspends(window, state.clock.now())
            == Some(SuspensionReason::OwnerUnconfirmed),
        record,
    }))
}

/// Whether it confirms a user that their provider vouches for them when it is asked again. One that is not in the
/// configuration is not asked.
fn recheck_confirms(state: &AppState, user: &User) -> bool {
    match user.origin {
        Origin::Internal => false,
        Origin::Ldap => state.directories.find(&user.provider).is_some_and(|it| it.recheck_confirms()),
        Origin::Sso => state.oidc.find(&user.provider).is_some_and(|it| it.recheck_confirms()),
    }
}
