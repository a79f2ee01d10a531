//! One's own tokens, as their page reads and deletes them: what is deleted already is no fault there.

use http::StatusCode;
use jiff::Timestamp;
use patgate_core::grant::{Grant, GrantState};
use patgate_core::identifier::GrantId;
use patgate_store::{FoundGrants, GrantCursor, GrantFilter, GrantLife, GrantSort, Seek};

use super::{delete, no_such_token};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::require_present;
use crate::state::AppState;

/// How many tokens are deleted in one change: others wait for it no longer than a moment.
const AT_ONCE: u64 = 200;

/// A token of one's own.
#[derive(Clone, Debug)]
pub enum OwnToken {
    /// It is there.
    Present(Grant),
    /// It was deleted before.
    Deleted,
}

/// Lists at most `limit` of the caller's own tokens; whose the filter asks for makes no difference.
///
/// # Errors
/// When the database does not answer.
pub async fn list_own(
    state: &AppState,
    caller: &Caller,
    filter: GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Vec<Grant>, Problem> {
    let filter = GrantFilter { owner: Some(caller.user), ..filter };
    Ok(state.store.list_grants(&filter, seek, limit).await?)
}

/// As [`list_own`], but as far as can be looked quickly.
///
/// # Errors
/// As [`list_own`].
pub async fn search_own(
    state: &AppState,
    caller: &Caller,
    filter: GrantFilter,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<FoundGrants, Problem> {
    let filter = GrantFilter { owner: Some(caller.user), ..filter };
    Ok(state.store.search_grants(&filter, seek, limit).await?)
}

/// The caller's own tokens that have expired, the latest first.
///
/// # Errors
/// As [`list_own`].
pub async fn expired_own(
    state: &AppState,
    caller: &Caller,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Grant>, Problem> {
    let life = GrantLife::Expired(before);
    let filter = GrantFilter { life, sort: GrantSort::ExpiresAt, descending: true, ..GrantFilter::default() };
    list_own(state, caller, filter, &Seek::Start, limit).await
}

/// Reads a token of the caller's own.
///
/// # Errors
/// 404 when there never was one, or it is somebody else's.
pub async fn read_own(state: &AppState, caller: &Caller, id: GrantId) -> Result<OwnToken, Problem> {
    let grant = state.store.grant_with_history(id).await?.filter(|grant| grant.owner == caller.user);
    let grant = grant.ok_or_else(no_such_token)?;
    Ok(match grant.state {
        GrantState::Deleted { .. } => OwnToken::Deleted,
        GrantState::Active | GrantState::Suspended { .. } => OwnToken::Present(grant),
    })
}

/// Deletes a token of the caller's own, and tells how it was before.
///
/// # Errors
/// As [`read_own`]; 403 for who was logged out since they began to ask.
pub async fn delete_own(state: &AppState, caller: &Caller, id: GrantId) -> Result<OwnToken, Problem> {
    let token = read_own(state, caller, id).await?;
    if matches!(token, OwnToken::Deleted) {
        return Ok(token);
    }
    match delete(state, caller, id).await {
        Ok(()) => Ok(token),
        // Somebody else was a moment earlier.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => read_own(state, caller, id).await,
        Err(problem) => Err(problem),
    }
}

/// Deletes those of the caller's own tokens that had expired at `before`. Returns how many.
///
/// # Errors
/// 403 for who was logged out since they began to ask; when the database does not answer. Some may be deleted then.
pub async fn clear_expired(state: &AppState, caller: &Caller, before: Timestamp) -> Result<u64, Problem> {
    let mut cleared = 0;
    loop {
        let expired = expired_own(state, caller, before, AT_ONCE).await?;
        if expired.is_empty() {
            return Ok(cleared);
        }
        let now = state.clock.now();
        let mut change = state.change(&caller.actor()).await?;
        require_present(state, &change, caller).await?;
        let before_this = cleared;
        for grant in expired {
            // Deleted, or given another end, by somebody else meanwhile.
            let Some(grant) =
                change.grant(grant.id).await?.filter(|grant| grant.expires_at.is_expired(before))
            else {
                continue;
            };
            let deleted = grant.state.delete(now).map_err(|_| no_such_token())?;
            change.set_grant_state(grant.id, deleted).await?;
            cleared += 1;
        }
        state.commit(change).await?;
        if cleared == before_this {
            return Ok(cleared);
        }
    }
}
