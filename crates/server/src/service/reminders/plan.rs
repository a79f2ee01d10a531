//! Runs: at night by themselves, and when somebody asks.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::policy::EmailNotifications;
use patgate_core::reminder::{Candidate, Night, Plan, SkipReason, due_night, plan};
use patgate_store::{Planning, ReminderRun, RunNote, StoreError};

use super::{RUNS, SEES};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// How many tokens are looked at together.
const LOOK: u64 = 1_000;
/// How many mails, and how many skipped tokens, a preview names; it counts all.
const NAMED: usize = 200;
/// How far back a run looks, at least, for tokens that expired before they could be told of.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What a run would do now.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Why it would plan nothing, when that has a reason beyond the tokens.
    pub note: Option<RunNote>,
    /// How many mails it would plan.
    pub planned: u64,
    /// How many tokens it would leave out.
    pub skipped: u64,
    /// The first of the mails.
    pub mails: Vec<PreviewedMail>,
    /// The first of the skipped tokens.
    pub left_out: Vec<SkippedToken>,
}

/// A mail of a preview.
#[derive(Clone, Debug)]
pub struct PreviewedMail {
    /// The owner's log-in name.
    pub owner: String,
    /// Where it would go.
    pub address: String,
    /// Its tokens' names.
    pub tokens: Vec<String>,
}

/// A token about which no mail would be written.
#[derive(Clone, Debug)]
pub struct SkippedToken {
    /// The owner's log-in name.
    pub owner: String,
    /// The token's name.
    pub token: String,
    /// Why.
    pub reason: SkipReason,
}

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
    match last {
        Some(last) => run(state, Some(night), last.at, now).await,
        None => note(state, Some(night), RunNote::FirstStart, now).await,
    }
}

/// Runs now, whatever the hour; the nights come as they would have come.
///
/// # Errors
/// 403 without `security#edit`.
pub async fn run_now(state: &AppState, caller: &Caller) -> Result<ReminderRun, Problem> {
    let change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(RUNS)?;
    drop(change);
    let now = state.clock.now();
    let since = last_night(state, now).await?.map_or(now, |run| run.at);
    tracing::info!(by = caller.actor().name, "reminders are run by hand");
    let run = run(state, None, since, now).await?;
    state.mail_is_due.notify_one();
    run.ok_or_else(|| Problem::internal("a run without a night was taken"))
}

/// What [`run_now`] would do.
///
/// # Errors
/// 403 without one of the permissions that see settings.
pub async fn preview(state: &AppState, caller: &Caller) -> Result<Preview, Problem> {
    caller.require_any(state, &SEES)?;
    let now = state.clock.now();
    let settings = state.store.token_settings().await?.email_notifications;
    let mut preview = Preview { note: reason_for_none(&settings), ..Preview::default() };
    // Who may not see other people's tokens is told how many, not which.
    let named = if caller.may(state, TOKEN_VIEW_ALL) { NAMED } else { 0 };
    if preview.note.is_some() {
        return Ok(preview);
    }
    let since = last_night(state, now).await?.map_or(now, |run| run.at);
    let between = between(&settings, since, now);
    let mut looks = Looks::default();
    while let Some(after) = looks.next() {
        let found = state.store.reminder_candidates(between, after, LOOK).await?;
        let found = looks.whole_owners(found);
        let plan = plan(&settings.schedule(), &found, now);
        preview.planned += plan.mails.len() as u64;
        preview.skipped += plan.skipped.len() as u64;
        for mail in plan.mails.into_iter().take(named - preview.mails.len()) {
            let address =
                found.iter().find(|token| token.owner == mail.owner).map(|token| token.address.clone());
            let mut tokens = Vec::new();
            for (grant, _) in &mail.tokens {
                tokens.push(token_name(state, *grant).await?);
            }
            let owner = owner_name(state, mail.owner);
            preview.mails.push(PreviewedMail { owner, address: address.unwrap_or_default(), tokens });
        }
        for (grant, owner, reason) in plan.skipped.into_iter().take(named - preview.left_out.len()) {
            let (owner, token) = (owner_name(state, owner), token_name(state, grant).await?);
            preview.left_out.push(SkippedToken { owner, token, reason });
        }
    }
    Ok(preview)
}

async fn run(
    state: &AppState,
    night: Option<Night>,
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<ReminderRun>, StoreError> {
    let settings = state.store.token_settings().await?.email_notifications;
    if let Some(reason) = reason_for_none(&settings) {
        return note(state, night, reason, now).await;
    }
    let Some(mut planning) = begin(state, night, now).await? else { return Ok(None) };
    let between = between(&settings, since, now);
    let mut looks = Looks::default();
    while let Some(after) = looks.next() {
        let found = looks.whole_owners(planning.candidates(between, after, LOOK).await?);
        let plan: Plan = plan(&settings.schedule(), &found, now);
        planning.write(&plan, || MailId::generate(&mut state.random.draw())).await?;
    }
    let run = planning.commit(None).await?;
    tracing::info!(planned = run.planned, skipped = run.skipped, "reminders are planned");
    Ok(Some(run))
}

/// The run of the last night that was run.
async fn last_night(state: &AppState, now: Timestamp) -> Result<Option<ReminderRun>, StoreError> {
    state.store.last_reminder_night(Night::latest(now, &state.zone)).await
}

async fn note(
    state: &AppState,
    night: Option<Night>,
    note: RunNote,
    now: Timestamp,
) -> Result<Option<ReminderRun>, StoreError> {
    let Some(planning) = begin(state, night, now).await? else { return Ok(None) };
    planning.commit(Some(note)).await.map(Some)
}

async fn begin(
    state: &AppState,
    night: Option<Night>,
    now: Timestamp,
) -> Result<Option<Planning>, StoreError> {
    let id = RunId::generate(&mut state.random.draw());
    state.store.begin_reminder_run(id, night, now).await
}

/// Why a run would plan nothing.
fn reason_for_none(settings: &EmailNotifications) -> Option<RunNote> {
    match (settings.enabled, &settings.server) {
        (false, _) => Some(RunNote::SwitchedOff),
        (true, None) => Some(RunNote::NoServer),
        (true, Some(_)) => None,
    }
}

/// The tokens that a run looks at end in this time: those that ended since the last night could not be told of, and what
/// ends after the longest threshold is not due.
fn between(settings: &EmailNotifications, since: Timestamp, now: Timestamp) -> (Timestamp, Timestamp) {
    let days = i64::from(u32::from(settings.schedule().longest()));
    let until = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
    (since.min(now.saturating_sub(DAY).unwrap_or(since)), until)
}

/// Looks at many tokens, by owner, a thousand at a time, so that an owner's tokens are planned together.
#[derive(Default)]
struct Looks {
    after: Option<(UserId, GrantId)>,
    is_done: bool,
}

impl Looks {
    /// From where to look next; the outer `None`: nowhere.
    #[expect(clippy::option_option, reason = "the first look begins at no token")]
    fn next(&self) -> Option<Option<(UserId, GrantId)>> {
        (!self.is_done).then_some(self.after)
    }

    /// Those of these whose owner has no more behind them: the last owner's are looked at again with the rest.
    fn whole_owners(&mut self, mut found: Vec<Candidate>) -> Vec<Candidate> {
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

fn owner_name(state: &AppState, owner: UserId) -> String {
    state.username(owner).unwrap_or_else(|| owner.to_string())
}

async fn token_name(state: &AppState, grant: GrantId) -> Result<String, StoreError> {
    let found = state.store.grant(grant).await?;
    Ok(found.map_or_else(|| grant.to_string(), |found| found.name.as_str().to_owned()))
}
