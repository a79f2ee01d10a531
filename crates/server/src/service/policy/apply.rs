//! A decision takes effect: the settings, every token that it touches then, and what became of it, in one change.

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::grant::SuspensionReason;
use patgate_core::identifier::{DecisionId, MailId};
use patgate_core::policy::decision::lowers;
use patgate_core::policy::{
    Cells, ClosingChoice, Decided, Decision, DecisionState, MaximumChoice, TokenSettings,
};
use patgate_store::{Act, Acted, Actor, Change, MailKind, StoreError, Touched};
use rand_core::Rng;

use crate::problem::Problem;
use crate::state::AppState;

/// The most tokens that one mail names.
const TOKENS_OF_A_MAIL: usize = 100;

/// Lets every decision take effect whose time has come, the earliest first. Returns how many did, or were overtaken.
///
/// One that fails, such as one that cannot be read, holds up none that comes after it: it is logged, and tried again the
/// next time. Several nodes may look at once: the change reads the decision again, and changes happen one after the other.
///
/// # Errors
/// When the database does not tell which they are.
pub async fn apply_due(state: &AppState) -> Result<usize, Problem> {
    let due = state.store.due_decisions(state.clock.now()).await?;
    let mut settled = 0;
    for id in due {
        match apply(state, id).await {
            Ok(is_settled) => settled += usize::from(is_settled),
            Err(error) => {
                tracing::error!(decision = %id, %error, "a decision about tokens cannot take effect");
            }
        }
    }
    Ok(settled)
}

/// Lets a decision take effect if it still waits, and its time has come.
async fn apply(state: &AppState, id: DecisionId) -> Result<bool, Problem> {
    let actor = Actor::system("decisions");
    let now = state.clock.now();
    let mut change = state.store.change(&actor, now).await?;
    let found = change.decision(id).await?;
    let Some(decision) = found.filter(|decision| decision.is_due(now)) else { return Ok(false) };
    let settings = change.token_settings().await?;
    let outcome = match decision.decided.settle(&settings) {
        Ok((left, settled)) => {
            change.put_token_settings(&settled).await?;
            let tokens = take_effect(&mut change, id, &left, &settled, &mut state.random.draw(), now).await?;
            DecisionState::Applied { at: now, tokens }
        }
        Err(overtaken) => DecisionState::Failed { at: now, reason: overtaken.to_string() },
    };
    let settled = Decision { state: outcome, ..decision };
    if !change.settle_decision(&settled).await? {
        return Ok(false);
    }
    state.commit(change).await?;
    Ok(true)
}

/// Does to the tokens what was decided, in the change that puts its rule in force: `after` are the rules then. Which
/// tokens that are is reckoned now. Returns how many were changed.
pub(super) async fn take_effect(
    change: &mut Change,
    id: DecisionId,
    decided: &Decided,
    after: &TokenSettings,
    random: &mut impl Rng,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let acted = match *decided {
        Decided::Maximum { to, choice, .. } => {
            let latest = to.latest_expiry(now);
            let act = match choice {
                MaximumChoice::Leave => return Ok(0),
                MaximumChoice::Shorten => Act::Shorten(latest),
                MaximumChoice::Suspend => Act::Suspend(SuspensionReason::OverMaximum),
                MaximumChoice::Delete => Act::Delete,
            };
            let exempt = change.exempt_owners().await?;
            let acted = change.act(&Touched::EndsAfter { latest, exempt }, act, Some(id)).await?;
            if choice == MaximumChoice::Shorten {
                tell_owners(change, &acted, random).await?;
            }
            acted
        }
        Decided::Closing { cells, choice: ClosingChoice::Leave } => {
            change.act(&Touched::Narrowed { cells, now }, Act::LeaveWorking(cells), Some(id)).await?
        }
        Decided::Closing { cells, choice: ClosingChoice::Suspend } => {
            let shut_out = Touched::ShutOut { cells, after: after.origins.clone(), now };
            let acted = change.act(&shut_out, Act::ShutOut(cells), Some(id)).await?;
            // Only what is not suspended just now is left working still, so that no token is noted twice.
            change.act(&Touched::LeftWorking { cells }, Act::EndLeftWorking(cells), Some(id)).await?;
            acted
        }
    };
    Ok(acted.tokens)
}

/// Puts mails into the outbox, in the same change: each owner is told which tokens end earlier.
async fn tell_owners(change: &mut Change, acted: &Acted, random: &mut impl Rng) -> Result<(), StoreError> {
    for (owner, tokens) in &acted.by_owner {
        for tokens in tokens.chunks(TOKENS_OF_A_MAIL) {
            change.enqueue_notice(MailId::generate(random), MailKind::Shortened, *owner, tokens).await?;
        }
    }
    Ok(())
}

/// Lifts the suspensions whose reason new rules end: a maximum that was raised or removed and covers the token, an origin
/// that opens.
pub(in crate::service) async fn lift(
    change: &mut Change,
    before: &TokenSettings,
    after: &TokenSettings,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (from, to) = (before.maximum_lifetime_days, after.maximum_lifetime_days);
    if from != to && !lowers(from, to) {
        let latest = to.map_or(Expiry::NEVER, |maximum| maximum.latest_expiry(now));
        change.act(&Touched::Covered { latest }, Act::Resume, None).await?;
    }
    let cells = Cells::closing(&after.origins, &before.origins);
    if !cells.is_empty() {
        change.act(&Touched::LetIn { cells }, Act::Resume, None).await?;
    }
    Ok(())
}
