//! Everybody's tokens, for administrators: listing them, the whole life of one, deleting several at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use patgate_core::grant::{Grant, SuspensionReason};
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::index::OwnerFacts;
use patgate_core::permission::names::{AUDIT_VIEW, TOKEN_DELETE_ALL, TOKEN_VIEW_ALL};
use patgate_core::user::Username;
use patgate_store::{AuditCursor, AuditEvent, AuditFilter, GrantCursor, GrantFilter, Seek, SubjectKind};

use super::{manages_only_itself, no_such_token};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// The permission to see other people's tokens.
const SEES: &str = TOKEN_VIEW_ALL;
/// The permission to read the log, of which the life of a token is a part.
const READS_LOG: &str = AUDIT_VIEW;
/// The permission to delete them.
const DELETES: &str = TOKEN_DELETE_ALL;

/// A token, and whose it is.
#[derive(Clone, Debug)]
pub struct SeenGrant {
    /// What the token is.
    pub grant: Grant,
    /// What is true of the owner now; `None` for an owner who was deleted.
    pub owner: Option<Arc<OwnerFacts>>,
    /// What suspends all of the owner's tokens now.
    pub owner_suspends: Option<SuspensionReason>,
}

impl SeenGrant {
    pub(in crate::service) fn new(state: &AppState, grant: Grant) -> Self {
        let owner = state.index.view().owner(grant.owner).map(Arc::clone);
        let owner_suspends = state.suspends(grant.owner);
        Self { grant, owner, owner_suspends }
    }
}

/// Tokens that were found.
#[derive(Clone, Debug)]
pub struct FoundTokens {
    /// Those that fit.
    pub tokens: Vec<SeenGrant>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for.
    pub reached: Option<GrantCursor>,
}

/// At most `limit` of the tokens that are not deleted, from a place on, as a page shows them: quickly, and as far as
/// was looked.
///
/// # Errors
/// 403 without `token#view_all`.
pub async fn search_all(
    state: &AppState,
    caller: &Caller,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<FoundTokens, Problem> {
    manages_only_itself(caller, None)?;
    caller.require(state, SEES)?;
    let found = state.store.search_grants(filter, seek, limit).await?;
    let tokens = found.grants.into_iter().map(|grant| SeenGrant::new(state, grant)).collect();
    Ok(FoundTokens { tokens, reached: found.reached })
}

/// At most `limit` of the tokens that are not deleted, from a place on, however far they are.
///
/// # Errors
/// 403 without `token#view_all`.
pub async fn list_all(
    state: &AppState,
    caller: &Caller,
    filter: &GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Vec<SeenGrant>, Problem> {
    manages_only_itself(caller, None)?;
    caller.require(state, SEES)?;
    let grants = state.store.list_grants(filter, seek, limit).await?;
    Ok(grants.into_iter().map(|grant| SeenGrant::new(state, grant)).collect())
}

/// Tokens by their identifiers, in this order; deleted ones and unknown ones are left out.
///
/// # Errors
/// 403 without `token#view_all`.
pub async fn read_several(
    state: &AppState,
    caller: &Caller,
    ids: &[GrantId],
) -> Result<Vec<SeenGrant>, Problem> {
    manages_only_itself(caller, None)?;
    caller.require(state, SEES)?;
    let mut seen = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(grant) = state.store.grant(*id).await? {
            seen.push(SeenGrant::new(state, grant));
        }
    }
    Ok(seen)
}

/// A token, deleted or not.
///
/// # Errors
/// 403 without `token#view_all`; 404 when there never was one.
pub async fn read_with_history(state: &AppState, caller: &Caller, id: GrantId) -> Result<SeenGrant, Problem> {
    manages_only_itself(caller, None)?;
    caller.require(state, SEES)?;
    let grant = state.store.grant_with_history(id).await?.ok_or_else(no_such_token)?;
    Ok(SeenGrant::new(state, grant))
}

/// Whose tokens are asked for by a log-in name; `None`: nobody has it.
///
/// # Errors
/// 403 without `token#view_all`.
pub async fn owner_named(
    state: &AppState,
    caller: &Caller,
    name: &Username,
) -> Result<Option<UserId>, Problem> {
    caller.require(state, SEES)?;
    Ok(state.store.user_by_name(name).await?.map(|user| user.id))
}

/// Whether the caller may read what happened to tokens.
#[must_use]
pub fn may_read_life(state: &AppState, caller: &Caller) -> bool {
    caller.may(state, SEES) && caller.may(state, READS_LOG)
}

/// At most `limit` of the things that happened to a token, newest first, from a place on.
///
/// # Errors
/// 403 without `token#view_all` and `audit#view`.
pub async fn life(
    state: &AppState,
    caller: &Caller,
    id: GrantId,
    seek: &Seek<AuditCursor>,
    limit: u64,
) -> Result<Vec<AuditEvent>, Problem> {
    manages_only_itself(caller, None)?;
    caller.require(state, SEES)?;
    caller.require(state, READS_LOG)?;
    let subject = Some((SubjectKind::Grant, id.to_string()));
    let filter = AuditFilter { subject, ..AuditFilter::default() };
    Ok(state.store.list_audit_events(&filter, seek, limit).await?)
}

/// Deletes tokens in one change, all that are still there or none. Returns how many it were: one that is gone already
/// is no fault.
///
/// # Errors
/// 403 without `token#delete_all`.
pub async fn delete_several(
    state: &AppState,
    caller: &Caller,
    ids: &BTreeSet<GrantId>,
) -> Result<usize, Problem> {
    manages_only_itself(caller, None)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(DELETES)?;
    let mut deleted = 0;
    for id in ids {
        let Some(grant) = change.grant(*id).await? else { continue };
        let gone = grant.state.delete(state.clock.now()).map_err(|_| no_such_token())?;
        change.set_grant_state(*id, gone).await?;
        deleted += 1;
    }
    state.commit(change).await?;
    Ok(deleted)
}
