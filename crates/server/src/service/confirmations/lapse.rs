//! When the word of a provider grows old: the owner is told in time, and the audit log when it was too late.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::MailId;
use patgate_core::policy::Days;
use patgate_core::user::Origin;
use patgate_store::{LapseStep, MailKind};

use super::actor;
use crate::problem::Problem;
use crate::state::AppState;

/// How long before the window ends its owner is told, at most; a short window leaves a third of itself.
const LEAD: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How many people one change is about.
const AT_ONCE: u64 = 100;

/// Tells those whose window ends soon, when mails can be sent, and notes whose has ended. Each once.
///
/// # Errors
/// When the database does not answer.
pub async fn note_lapses(state: &AppState) -> Result<(), Problem> {
    let settings = state.node.settings();
    for origin in [Origin::Ldap, Origin::Sso] {
        let Some(window) = settings.freshness.of(origin) else { continue };
        let length = length(window);
        if settings.email_notifications.server.is_some() {
            warn(state, origin, length - LEAD.min(length / 3)).await?;
        }
        note(state, origin, length).await?;
    }
    Ok(())
}

/// Puts a mail to each owner who was last confirmed so long ago into the outbox.
async fn warn(state: &AppState, origin: Origin, age: SignedDuration) -> Result<(), Problem> {
    loop {
        let now = state.clock.now();
        let lapsing = state.store.lapsing(origin, before(now, age), LapseStep::Warn, now, AT_ONCE).await?;
        if lapsing.is_empty() {
            return Ok(());
        }
        let mut change = state.change(&actor()).await?;
        for user in lapsing {
            if !change.note_warning(user.id).await? {
                continue;
            }
            let grants = change.grants_of(user.id).await?;
            let live: Vec<_> =
                grants.iter().filter(|it| !it.expires_at.is_expired(now)).map(|it| it.id).collect();
            let id = MailId::generate(&mut state.random.draw());
            change.enqueue_notice(id, MailKind::Unconfirmed, user.id, &live).await?;
        }
        state.commit(change).await?;
        state.mail_is_due.notify_one();
    }
}

/// Notes whose window has ended.
async fn note(state: &AppState, origin: Origin, age: SignedDuration) -> Result<(), Problem> {
    loop {
        let now = state.clock.now();
        let lapsed = state.store.lapsing(origin, before(now, age), LapseStep::Note, now, AT_ONCE).await?;
        if lapsed.is_empty() {
            return Ok(());
        }
        let mut change = state.change(&actor()).await?;
        for user in lapsed {
            change.note_lapse(user.id).await?;
        }
        state.commit(change).await?;
    }
}

fn length(window: Days) -> SignedDuration {
    SignedDuration::from_hours(i64::from(u32::from(window)) * 24)
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.saturating_sub(age).unwrap_or(Timestamp::MIN)
}
