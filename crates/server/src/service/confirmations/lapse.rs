//! When the word of a provider grows old: the owner is told in time, and the audit log when it was too late.

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::{Confirmation, FreshnessWindows};
use patgate_core::identifier::MailId;
use patgate_core::policy::Days;
use patgate_core::policy::decision::lowers;
use patgate_core::user::Origin;
use patgate_store::{LapseStep, MailKind};

use super::actor;
use crate::problem::Problem;
use crate::state::AppState;

/// How long before the window ends its owner is told, at most; a short window leaves a third of itself.
const LEAD: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How many people one change is about.
const AT_ONCE: u64 = 100;

/// Tells those whose window ends soon, when mails can be sent, and notes whose has ended. Each once, and once more when
/// administrators make the window longer meanwhile.
///
/// # Errors
/// When the database does not answer.
pub async fn note_lapses(state: &AppState) -> Result<(), Problem> {
    let settings = state.node.settings();
    for origin in [Origin::Ldap, Origin::Sso] {
        let Some(window) = settings.freshness.of(origin) else { continue };
        let length = window.length();
        if settings.email_notifications.server.is_some() {
            warn(state, origin, length - lead(length)).await?;
        }
        note(state, origin, length).await?;
    }
    Ok(())
}

/// Of which moment an owner is to be warned now: when the last word of their provider ends to count. `None` when that is
/// not soon, or never, or when the provider withdrew them.
#[must_use]
pub fn warned_of(last: Confirmation, window: Option<Days>, now: Timestamp) -> Option<Timestamp> {
    let window = window?;
    let end = last.counts_until(Some(window))?;
    (now >= ago(end, lead(window.length()))).then_some(end)
}

/// How many owners of tokens other windows suspend at once, whom those of `before` do not; `None` when none became
/// shorter.
///
/// # Errors
/// When the database does not answer.
pub async fn suspended_by(
    state: &AppState,
    before: &FreshnessWindows,
    after: &FreshnessWindows,
) -> Result<Option<u64>, Problem> {
    let now = state.clock.now();
    let mut owners = None;
    for origin in [Origin::Ldap, Origin::Sso] {
        let (known, window) = (before.of(origin), after.of(origin));
        let Some(window) = window.filter(|_| lowers(known, window)) else { continue };
        let (since, until) = (known.map(|known| ago(now, known.length())), ago(now, window.length()));
        let more = state.store.count_confirmed_between(origin, since, until, now).await?;
        owners = Some(owners.unwrap_or(0) + more);
    }
    Ok(owners)
}

/// Puts a mail to each owner who was last confirmed so long ago into the outbox.
async fn warn(state: &AppState, origin: Origin, age: SignedDuration) -> Result<(), Problem> {
    loop {
        let now = state.clock.now();
        let lapsing = state.store.lapsing(origin, age, LapseStep::Warn, now, AT_ONCE).await?;
        if lapsing.is_empty() {
            return Ok(());
        }
        let mut change = state.change(&actor()).await?;
        for user in lapsing {
            if !change.note_warning(user.id, age).await? {
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
        let lapsed = state.store.lapsing(origin, age, LapseStep::Note, now, AT_ONCE).await?;
        if lapsed.is_empty() {
            return Ok(());
        }
        let mut change = state.change(&actor()).await?;
        for user in lapsed {
            change.note_lapse(user.id, age).await?;
        }
        state.commit(change).await?;
    }
}

fn lead(length: SignedDuration) -> SignedDuration {
    LEAD.min(length / 3)
}

fn ago(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.saturating_sub(age).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_warned_five_days_before_or_a_third_of_the_window() {
        let start: Timestamp = "2026-05-03T12:00:00Z".parse().unwrap();
        let warned = |days: u32, hours: i64| {
            let now = start + SignedDuration::from_hours(hours);
            let end = warned_of(Confirmation::At(start), Days::try_from(days).ok(), now);
            end.map(|end| end.duration_since(start).as_hours())
        };
        assert_eq!((warned(30, 25 * 24 - 1), warned(30, 25 * 24)), (None, Some(30 * 24)));
        assert_eq!((warned(30, 31 * 24), warned(3, 47), warned(3, 48)), (Some(30 * 24), None, Some(72)));
        assert_eq!(warned_of(Confirmation::At(start), None, Timestamp::MAX), None);
        let gone =
            Confirmation::Withdrawn { at: start, reason: patgate_core::confirmation::Withdrawal::Gone };
        assert_eq!(warned_of(gone, Days::try_from(30).ok(), Timestamp::MAX), None);
    }
}
