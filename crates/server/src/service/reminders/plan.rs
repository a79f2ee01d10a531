//! Runs: at night by themselves, and when somebody asks.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::policy::EmailNotifications;
use patgate_core::reminder::{Candidate, Night, Plan, due_night, plan};
use patgate_store::{Planning, ReminderRun, RunNote, StoreError};

use super::RUNS;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// How many tokens are looked at together.
pub(super) const LOOK: u64 = 1_000;
/// How far back a run looks, at least, for tokens that expired before they could be told of.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Runs the night that is due, if one is. The first of all is noted and plans nothing: reminders begin with the night
/// that follows.
///
/// # Errors
/// When the database fails; the night is due again then.
pub async fn run_due(state: &AppState) -> Result<Option<ReminderRun>, StoreError> {
    let now = state.clock.now();
    let last = last_night(state, now).await?;
    let Some(night) = due_night(last.as_ref().and_then(|run| run.night), now, &state.zone) else {
        return Ok(None);
    };
    let id = RunId::generate(&mut state.random.draw());
    let Some(planning) = state.store.begin_reminder_run(id, night, now).await? else { return Ok(None) };
    let run = match last {
        Some(last) => fill(state, planning, last.at, now).await?,
        None => planning.commit(Some(RunNote::FirstStart)).await?,
    };
    tracing::info!(planned = run.planned, skipped = run.skipped, "reminders are planned");
    Ok(Some(run))
}

/// Runs now, whatever the hour; the nights come as they would have come.
///
/// # Errors
/// 403 without `security#edit`.
pub async fn run_now(state: &AppState, caller: &Caller) -> Result<ReminderRun, Problem> {
    let now = state.clock.now();
    let since = last_night(state, now).await?.map_or(now, |run| run.at);
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(RUNS)?;
    let planning = change.plan_reminders(RunId::generate(&mut state.random.draw()));
    let run = fill(state, planning, since, now).await?;
    state.commit(change).await?;
    tracing::info!(by = run.by, planned = run.planned, skipped = run.skipped, "reminders are run by hand");
    state.mail_is_due.notify_one();
    Ok(run)
}

/// Plans: the tokens that are due since a moment, or nothing for a reason.
async fn fill(
    state: &AppState,
    mut planning: Planning<'_>,
    since: Timestamp,
    now: Timestamp,
) -> Result<ReminderRun, StoreError> {
    let settings = state.store.token_settings().await?.email_notifications;
    if let Some(reason) = reason_for_none(&settings) {
        return planning.commit(Some(reason)).await;
    }
    let between = between(&settings, since, now);
    let mut looks = Looks::default();
    while let Some(after) = looks.next() {
        let found = looks.whole_owners(planning.candidates(between, after, LOOK).await?);
        let plan: Plan = plan(&settings.schedule(), &found, now);
        planning.write(&plan, || MailId::generate(&mut state.random.draw())).await?;
    }
    planning.commit(None).await
}

/// The run of the last night that was run.
pub(super) async fn last_night(state: &AppState, now: Timestamp) -> Result<Option<ReminderRun>, StoreError> {
    state.store.last_reminder_night(Night::latest(now, &state.zone)).await
}

/// Why a run would plan nothing.
pub(super) fn reason_for_none(settings: &EmailNotifications) -> Option<RunNote> {
    match (settings.enabled, &settings.server) {
        (false, _) => Some(RunNote::SwitchedOff),
        (true, None) => Some(RunNote::NoServer),
        (true, Some(_)) => None,
    }
}

/// The tokens that a run looks at end in this time: those that ended since the last night could not be told of, and what
/// ends after the longest threshold is not due.
pub(super) fn between(
    settings: &EmailNotifications,
    since: Timestamp,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let until = now.saturating_add(settings.schedule().longest().length()).unwrap_or(Timestamp::MAX);
    (since.min(now.saturating_sub(DAY).unwrap_or(since)), until)
}

/// Looks at many tokens, by owner, a thousand at a time, so that an owner's tokens are planned together.
#[derive(Default)]
pub(super) struct Looks {
    after: Option<(UserId, GrantId)>,
    is_done: bool,
}

impl Looks {
    /// From where to look next; the outer `None`: nowhere.
    #[expect(clippy::option_option, reason = "the first look begins at no token")]
    pub(super) fn next(&self) -> Option<Option<(UserId, GrantId)>> {
        (!self.is_done).then_some(self.after)
    }

    /// Those of these whose owner has no more behind them: the last owner's are looked at again with the rest.
    pub(super) fn whole_owners(&mut self, mut found: Vec<Candidate>) -> Vec<Candidate> {
        self.is_done = (found.len() as u64) < LOOK;
        if !self.is_done
            && let Some(last) = found.last().map(|token| token.owner)
        {
            let first_of_last = found.partition_point(|token| token.owner < last);
            // One owner alone has as many: then they are told of them in several mails.
            if first_of_last > 0 {
                found.truncate(first_of_last);
            }
        }
        self.after = found.last().map(|token| (token.owner, token.grant)).or(self.after);
        found
    }
}

#[cfg(test)]
mod tests {
    use patgate_core::expiry::Expiry;

    use super::*;

    /// Looks at these owners' tokens, a thousand at a time: how many tokens each look took, and each owner's in it.
    fn look_at(owners: &[usize]) -> Vec<Vec<(i64, usize)>> {
        let mut all = Vec::new();
        for (owner, tokens) in (1..).zip(owners) {
            for _ in 0..*tokens {
                all.push(Candidate {
                    grant: GrantId::from_i64(all.len() as i64 + 1),
                    owner: UserId::from_i64(owner),
                    expires_at: Expiry::NEVER,
                    owner_enabled: true,
                    address: String::new(),
                    marks: Vec::new(),
                });
            }
        }
        let (mut looks, mut taken) = (Looks::default(), Vec::new());
        while let Some(after) = looks.next() {
            let behind =
                all.iter().filter(|token| after.is_none_or(|after| (token.owner, token.grant) > after));
            let found = looks.whole_owners(behind.take(LOOK as usize).cloned().collect());
            let mut counts = std::collections::BTreeMap::new();
            for token in &found {
                *counts.entry(token.owner.as_i64()).or_insert(0) += 1;
            }
            taken.push(counts.into_iter().collect());
        }
        taken
    }

    #[test]
    fn an_owners_tokens_are_looked_at_together_at_the_end_of_a_look() {
        assert_eq!(look_at(&[]), [[]]);
        assert_eq!(look_at(&[999]), [[(1, 999)]]);
        // A whole look may be all there is, or not: nobody knows before the next.
        assert_eq!(look_at(&[1_000]), [vec![(1, 1_000)], vec![]]);
        assert_eq!(look_at(&[999, 1]), [vec![(1, 999)], vec![(2, 1)]]);
        assert_eq!(look_at(&[999, 2]), [vec![(1, 999)], vec![(2, 2)]]);
        assert_eq!(look_at(&[500, 499, 3]), [vec![(1, 500), (2, 499)], vec![(3, 3)]]);
        // Who has more than a look holds is told in several mails, and nobody is forgotten.
        assert_eq!(look_at(&[1, 1_001]), [vec![(1, 1)], vec![(2, 1_000)], vec![(2, 1)]]);
        assert_eq!(look_at(&[2_500, 1]), [vec![(1, 1_000)], vec![(1, 1_000)], vec![(1, 500), (2, 1)]]);
    }
}
