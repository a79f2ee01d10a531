//! Reading the audit log.

use jiff::Timestamp;
use patgate_core::permission::names::AUDIT_VIEW;
use patgate_core::user::Username;
use patgate_store::{AuditCursor, AuditEvent, AuditFilter, FoundEvents, Seek};

use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// The permission to read the log.
const SEES: &str = AUDIT_VIEW;

/// Which events are asked for; empty texts ask nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditAsked {
    /// Who did it: a log-in name, whatever the case; or the name of an account of the host, or of a job.
    pub actor: String,
    /// What was done, as `subject.verb`.
    pub action: String,
    /// To what: its identifier, or what it was called then.
    pub subject: String,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// What is asked, as the store takes it.
///
/// # Errors
/// 403 without `audit#view`.
pub async fn filter(state: &AppState, caller: &Caller, asked: &AuditAsked) -> Result<AuditFilter, Problem> {
    caller.require(state, SEES)?;
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    // The log has names as they are written; people write them as they like.
    let known = match asked.actor.parse::<Username>() {
        Ok(name) => state.store.user_by_name(&name).await?.map(|user| user.username.to_string()),
        Err(_) => None,
    };
    Ok(AuditFilter {
        actor: known.or_else(|| given(&asked.actor)),
        action: given(&asked.action),
        about: given(&asked.subject),
        since: asked.since,
        until: asked.until,
        ..AuditFilter::default()
    })
}

/// At most `limit` events, newest first, from a place on.
///
/// # Errors
/// 403 without `audit#view`.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &AuditFilter,
    seek: &Seek<AuditCursor>,
    limit: u64,
) -> Result<Vec<AuditEvent>, Problem> {
    caller.require(state, SEES)?;
    Ok(state.store.list_audit_events(filter, seek, limit).await?)
}

/// As [`list`], but as far as can be looked quickly.
///
/// # Errors
/// 403 without `audit#view`.
pub async fn search(
    state: &AppState,
    caller: &Caller,
    filter: &AuditFilter,
    seek: &Seek<AuditCursor>,
    limit: u64,
) -> Result<FoundEvents, Problem> {
    caller.require(state, SEES)?;
    Ok(state.store.search_audit_events(filter, seek, limit).await?)
}
