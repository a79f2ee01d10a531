//! Confirmations: what follows from what providers say, when they are asked again about the owners of tokens.
//!
//! Good news and bad are changes, in force on every node. No news is none: an owner stays as they were until their
//! freshness window ends, and it is the verdict that ends it.

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::identifier::UserId;
use patgate_core::policy::Days;
use patgate_core::user::User;
use patgate_store::{Actor, ActorKind};
use rand_core::Rng;

use super::sign_in::take_over;
use crate::problem::Problem;
use crate::provider::Answer;
use crate::state::AppState;

/// A word that only repeats the last is written down when that one is older than this part of the window.
const PARTS: i64 = 30;
/// At least this old.
const YOUNGEST: SignedDuration = SignedDuration::from_hours(1);
/// What a provider that vouches for nobody is recorded with.
const NO_WORD: &str = "the provider does not confirm them now; a sign-in would";

/// When a user about whom there was news just now is asked about again: after the interval, up to a tenth sooner, so
/// that not all are asked about at once.
pub(super) fn next_look(state: &AppState) -> Timestamp {
    let interval = state.recheck.interval;
    let tenth = u64::try_from(interval.as_millis() / 10).unwrap_or(0).max(1);
    let sooner = SignedDuration::from_millis((state.random.draw().next_u64() % tenth) as i64);
    state.clock.now().saturating_add(interval - sooner).unwrap_or(Timestamp::MAX)
}

/// Puts in force what a provider said about users, as last known: all of it or nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn apply(state: &AppState, answers: &[(User, Answer)]) -> Result<(), Problem> {
    let now = state.clock.now();
    let due_at = next_look(state);
    let freshness = state.node.settings().freshness;
    let (mut confirmed, mut settled, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut change = state.change(&actor()).await?;
    for (user, answer) in answers {
        match answer {
            Answer::Present(person) => match take_over(&mut change, user, person).await {
                Ok(is_new) if is_new || is_due(user.confirmation, freshness.of(user.origin), now) => {
                    confirmed.push(user.id);
                }
                Ok(_) => settled.push(user.id),
                Err(reason) => {
                    tracing::warn!(user = %user.username, %reason, "what a provider says of a user is not taken over");
                    unknown.push(user.id);
                }
            },
            Answer::Disabled => {
                change.withdraw_user(user.id, Withdrawal::Disabled).await?;
                settled.push(user.id);
            }
            Answer::Gone => {
                change.withdraw_user(user.id, Withdrawal::Gone).await?;
                settled.push(user.id);
            }
            Answer::Unknown => unknown.push(user.id),
        }
    }
    change.confirm_users(&confirmed, due_at).await?;
    state.commit(change).await?;
    state.store.settle_confirmations(&settled, due_at).await?;
    if !unknown.is_empty() {
        state.store.postpone_confirmations(&unknown, due_at, NO_WORD).await?;
    }
    Ok(())
}

/// Notes that a provider could not be asked about these users: they are asked about again soon.
///
/// # Errors
/// When the database does not answer.
pub async fn postpone(state: &AppState, users: &[UserId], fault: &str) -> Result<(), Problem> {
    let soon = state.recheck.interval.min(SignedDuration::from_mins(5));
    let due_at = state.clock.now().saturating_add(soon).unwrap_or(Timestamp::MAX);
    Ok(state.store.postpone_confirmations(users, due_at, fault).await?)
}

/// In whose name this is done.
pub(crate) fn actor() -> Actor {
    Actor { kind: ActorKind::System, name: "confirmation".to_owned(), user: None, grant: None, address: None }
}

/// Whether a word that only repeats the last is written down.
fn is_due(last: Confirmation, window: Option<Days>, now: Timestamp) -> bool {
    let Confirmation::At(at) = last else { return true };
    let part = window.map_or(24, |days| i64::from(u32::from(days)) * 24 / PARTS);
    now.duration_since(at) >= SignedDuration::from_hours(part).max(YOUNGEST)
}
