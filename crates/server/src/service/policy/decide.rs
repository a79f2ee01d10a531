//! Deciding: with new rules, and taking a decision back that waits.

use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::permission::names::TOKEN_DELETE_ALL;
use patgate_core::policy::decision::lowers;
use patgate_core::policy::{Cells, Decided, Decision, DecisionState, MaximumChoice, TokenSettings};
use patgate_store::{Change, Seek, StoreError, StoredDecision, TimeCursor};

use super::Choices;
use super::apply::take_effect;
use super::when::told;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, Mandate};
use crate::service::settings::SEES;
use crate::state::AppState;

/// Puts new rules in place inside a change, with what was chosen for the tokens that they touch. A lower maximum and
/// closed origins wait when they are scheduled; everything else is in force with this change. Returns the rules that are.
///
/// # Errors
/// 403 when tokens shall be deleted by somebody without `token#delete_all`; 409 when a decision about the same rule waits
/// already.
pub(in crate::service) async fn decide(
    state: &AppState,
    change: &mut Change,
    caller: &Caller,
    mandate: &Mandate,
    wanted: TokenSettings,
    choices: &Choices,
) -> Result<TokenSettings, Problem> {
    let now = state.clock.now();
    let before = change.token_settings().await?;
    let decided = decided(&before, &wanted, choices);
    for one in &decided {
        if matches!(one, Decided::Maximum { choice: MaximumChoice::Delete, .. }) {
            mandate.require(TOKEN_DELETE_ALL)?;
        }
    }
    let mut stored = wanted;
    if choices.when.is_some() {
        refuse_a_second(change, &decided).await?;
        for one in &decided {
            match one {
                Decided::Maximum { from, .. } => stored.maximum_lifetime_days = *from,
                Decided::Closing { cells, .. } => stored.origins = cells.open(&stored.origins),
            }
        }
    }
    let stored = stored.following(&before);
    change.put_token_settings(&stored).await?;
    super::lift(change, &before, &stored, now).await?;
    let mut random = state.random.draw();
    for one in decided {
        let id = DecisionId::generate(&mut random);
        let mut decision = made(id, one, choices, &caller.facts.username, now);
        if decision.state != DecisionState::Pending {
            let tokens = take_effect(change, id, &one, &stored, &mut random, now).await?;
            decision.state = DecisionState::Applied { at: now, tokens };
        }
        change.insert_decision(&decision).await?;
    }
    Ok(stored)
}

/// The decision of this identifier.
///
/// # Errors
/// 403 for who may not see the rules; 404 when there is none; 409 for one that this version cannot read.
pub async fn read(state: &AppState, caller: &Caller, id: DecisionId) -> Result<Decision, Problem> {
    caller.require_any(state, &SEES)?;
    readable(state.store.decision(id).await)
}

/// Takes a decision back that has not taken effect.
///
/// # Errors
/// 403 without `security#edit`; 404 when there is none; 409 when it does not wait any more, and for one that this version
/// cannot read.
pub async fn undo(state: &AppState, caller: &Caller, id: DecisionId) -> Result<Decision, Problem> {
    refuse_listed(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    let decision = readable(change.decision(id).await)?;
    let by = caller.facts.username.to_string();
    let undone = Decision { state: DecisionState::Undone { at: state.clock.now(), by }, ..decision };
    if !change.settle_decision(&undone).await? {
        return Err(Problem::conflict("The decision does not wait any more, so it cannot be undone"));
    }
    state.commit(change).await?;
    Ok(undone)
}

/// At most `limit` decisions, the newest first, from a place on.
///
/// # Errors
/// 403 for who may not see the rules.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    seek: &Seek<TimeCursor>,
    limit: u64,
) -> Result<Vec<StoredDecision>, Problem> {
    caller.require_any(state, &SEES)?;
    Ok(state.store.list_decisions(seek, limit).await?)
}

/// The decisions that wait, the one that takes effect first before the others.
///
/// # Errors
/// 403 for who may not see the rules.
pub async fn pending(state: &AppState, caller: &Caller) -> Result<Vec<StoredDecision>, Problem> {
    caller.require_any(state, &SEES)?;
    Ok(state.store.pending_decisions().await?)
}

/// Demands that new rules leave alone what decisions that wait are about: nobody undoes one unseen.
///
/// # Errors
/// 409 naming the decision.
pub(in crate::service) fn refuse_undoing(
    pending: &[StoredDecision],
    before: &TokenSettings,
    wanted: &TokenSettings,
) -> Result<(), Problem> {
    for decision in pending.iter().filter_map(StoredDecision::known) {
        let left = |rules: &TokenSettings| decision.decided.settle(rules).ok().map(|(left, _)| left);
        if left(before) != left(wanted) {
            let rule = rule(&decision.decided);
            let when = told(decision.effective_at, &decision.zone);
            let detail = format!(
                "The decision `{}` about the {rule} takes effect on {when}, and this would undo it unseen",
                decision.id
            );
            let hint = "Undo the decision first, or read the rules again and send their `ETag` in `If-Match`";
            return Err(Problem::conflict(detail).hint(hint));
        }
    }
    Ok(())
}

/// A token with a permission list manages no token but itself, and this is about all of them.
pub(in crate::service) fn refuse_listed(caller: &Caller) -> Result<(), Problem> {
    if caller.token().is_some_and(|token| token.permissions.is_some()) {
        return Err(Problem::forbidden(
            "A token with a permission list does not change the rules for tokens",
        ));
    }
    Ok(())
}

fn decided(before: &TokenSettings, wanted: &TokenSettings, choices: &Choices) -> Vec<Decided> {
    let (from, to) = (before.maximum_lifetime_days, wanted.maximum_lifetime_days);
    let maximum = to.filter(|_| lowers(from, to)).map(|to| {
        let choice = choices.over_maximum;
        Decided::Maximum { from, to, choice }
    });
    let cells = Cells::closing(&before.origins, &wanted.origins);
    let closing = (!cells.is_empty()).then_some(Decided::Closing { cells, choice: choices.origin_closed });
    maximum.into_iter().chain(closing).collect()
}

fn made(id: DecisionId, decided: Decided, choices: &Choices, by: &str, now: Timestamp) -> Decision {
    let (effective_at, zone) = match &choices.when {
        Some(when) => (when.at, when.zone.clone()),
        None => (now, "UTC".to_owned()),
    };
    let state = match choices.when {
        Some(_) => DecisionState::Pending,
        None => DecisionState::Applied { at: now, tokens: 0 },
    };
    Decision { id, decided, effective_at, zone, made_at: now, made_by: by.to_owned(), state }
}

async fn refuse_a_second(change: &Change, decided: &[Decided]) -> Result<(), Problem> {
    let pending = change.pending_decisions().await?;
    for one in decided {
        let mut known = pending.iter().filter_map(StoredDecision::known);
        if known.any(|waiting| waiting.decided.rule() == one.rule()) {
            let detail = format!("A decision about the {} waits already", rule(one));
            return Err(Problem::conflict(detail).hint("Undo it first"));
        }
    }
    Ok(())
}

/// The rule that a decision is about, in words.
fn rule(decided: &Decided) -> &'static str {
    match decided {
        Decided::Maximum { .. } => "maximum",
        Decided::Closing { .. } => "origins",
    }
}

fn readable(found: Result<Option<Decision>, StoreError>) -> Result<Decision, Problem> {
    match found {
        Ok(found) => found.ok_or_else(|| Problem::not_found("decision")),
        Err(StoreError::Unreadable(_)) => {
            let problem = Problem::conflict("This version of Patgate cannot read the decision");
            Err(problem.hint("A newer version made it: undo it with that one"))
        }
        Err(error) => Err(error.into()),
    }
}
