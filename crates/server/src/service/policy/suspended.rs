//! Tokens that a rule suspended: listing them, and lifting it although the rule stands.

use std::collections::BTreeSet;

use patgate_core::grant::{GrantState, SuspensionReason};
use patgate_core::identifier::GrantId;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::policy::Cells;
use patgate_store::{Act, Change, GrantCursor, Seek, StoreError, Touched};

use super::decide::refuse_listed;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, Mandate};
use crate::service::tokens::overview::{FoundTokens, SeenGrant};
use crate::state::AppState;

/// The reasons of which an administrator can lift the suspension.
pub const LIFTED: [SuspensionReason; 2] = [SuspensionReason::OverMaximum, SuspensionReason::OriginClosed];

/// At most `limit` of the tokens that are suspended for a reason, from a place on; those that never end come first.
///
/// # Errors
/// 403 without `token#view_all`, and for a token with a permission list.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    reason: SuspensionReason,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Vec<SeenGrant>, Problem> {
    refuse_listed(caller)?;
    caller.require(state, TOKEN_VIEW_ALL)?;
    let grants = state.store.list_touched(&Touched::Suspended(reason), seek, limit).await?;
    Ok(grants.into_iter().map(|grant| SeenGrant::new(state, grant)).collect())
}

/// The same as a page shows it: quickly, and as far as was looked.
///
/// # Errors
/// As [`list`].
pub async fn search(
    state: &AppState,
    caller: &Caller,
    reason: SuspensionReason,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<FoundTokens, Problem> {
    refuse_listed(caller)?;
    caller.require(state, TOKEN_VIEW_ALL)?;
    let found = state.store.glance_at_touched(&Touched::Suspended(reason), 0, seek, limit).await?.found;
    let tokens = found.grants.into_iter().map(|grant| SeenGrant::new(state, grant)).collect();
    Ok(FoundTokens { tokens, reached: found.reached })
}

/// Lifts the suspension of all tokens that are suspended for a reason. Those whose origin is closed are left working from
/// then on. Returns how many they were.
///
/// # Errors
/// 403 without `security#edit`; 400 for a reason that only its cause can end.
pub async fn lift_all(state: &AppState, caller: &Caller, reason: SuspensionReason) -> Result<u64, Problem> {
    let mut change = begin(state, caller).await?;
    may_lift(reason)?;
    let act = lifting(reason, closed(&change).await?);
    let lifted = change.act(&Touched::Suspended(reason), act, None).await?.tokens;
    state.commit(change).await?;
    Ok(lifted)
}

/// Lifts the suspension of some tokens. One that is not there, or not suspended by a rule, is no fault. Returns how many
/// were lifted.
///
/// # Errors
/// 403 without `security#edit`.
pub async fn lift(state: &AppState, caller: &Caller, ids: &BTreeSet<GrantId>) -> Result<u64, Problem> {
    let mut change = begin(state, caller).await?;
    let closed = closed(&change).await?;
    let mut lifted = 0;
    for id in ids {
        let Some(grant) = change.grant(*id).await? else { continue };
        match grant.state {
            GrantState::Suspended { reason, .. } if LIFTED.contains(&reason) => {
                lifted += change.act(&Touched::One(*id), lifting(reason, closed), None).await?.tokens;
            }
            _ => {}
        }
    }
    state.commit(change).await?;
    Ok(lifted)
}

async fn begin(state: &AppState, caller: &Caller) -> Result<Change, Problem> {
    refuse_listed(caller)?;
    let change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    Ok(change)
}

fn may_lift(reason: SuspensionReason) -> Result<(), Problem> {
    if LIFTED.contains(&reason) {
        return Ok(());
    }
    Err(Problem::field("reason", "`reason` is `over_maximum` or `origin_closed`"))
}

/// What lifts a suspension, where these cells are closed by decisions: one act, so that each token has one event of it.
fn lifting(reason: SuspensionReason, closed: Cells) -> Act {
    // Else the verdict would refuse it by the table.
    match reason == SuspensionReason::OriginClosed && !closed.is_empty() {
        true => Act::ResumeLeftWorking(closed),
        false => Act::Resume,
    }
}

/// The cells that decisions closed and that are closed still: where a token could pass that was suspended for one.
async fn closed(change: &Change) -> Result<Cells, StoreError> {
    let policy = change.token_settings().await?.origins;
    Ok(change.decided_closings().await?.closed_in(&policy))
}
