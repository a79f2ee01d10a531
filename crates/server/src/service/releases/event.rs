//! Starting a release of a template by an event from outside.

use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::{ReleaseId, VariableValue};

use super::Sort;
use super::credential;
use super::start::{StartDraft, Then, from_template};
use crate::problem::Problem;
use crate::state::AppState;

/// A release that an event starts.
#[derive(Clone, Debug)]
pub struct EventStart {
    /// Its name, by which the event starts no second one.
    pub id: Option<ReleaseId>,
    /// The template.
    pub template: ReleaseId,
    /// What names the event, for the audit log.
    pub request: String,
    /// What the event says, by the keys of variables. One that the template does not have is made.
    pub values: Vec<(&'static str, VariableValue)>,
}

/// Starts a release of a template as the template's user for automated tasks, who must be allowed to; when it was started
/// before, nothing happens. Its name.
///
/// # Errors
/// 400 when the template has no user for automated tasks, or that one does not pass; 403 without `release#create`; otherwise
/// as when a person starts a release of it.
pub async fn start_by_event(state: &AppState, start: EventStart) -> Result<ReleaseId, Problem> {
    let id = start.id.clone().ok_or_else(|| Problem::internal("an event that names no release"))?;
    if let Some(there) = state.store.release(&id).await? {
        return match there.release.template {
            Some(template) if template == start.template => Ok(id),
            _ => {
                Err(Problem::field("template", "Another release has the name that this request's would have"))
            }
        };
    }
    let template = Sort::Template.of(state.store.release(&start.template).await?)?;
    let run_as = template.release.run_as.as_ref().ok_or_else(|| {
        Problem::field(
            "template",
            "The template has no user for automated tasks; set *Run automated tasks as user* on it",
        )
    })?;
    let caller = credential::require(state, run_as).await?;
    caller.require(state, RELEASE_CREATE)?;
    let template = start.template.clone();
    let draft = StartDraft { event: Some(start), ..StartDraft::default() };
    Ok(from_template(state, &caller, &template, draft, Then::Start).await?.release.id)
}
