//! Starting a release of a template by an event from outside: a request that a webhook endpoint accepted.
//!
//! An event chooses neither which variables it sets nor as whom the release runs: it has three values, whose names are
//! fixed, and a template that has a variable of such a name says by *asked for at the start* whether they may be set.

use http::StatusCode;
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::release::{Release, ReleaseId, VariableValue};
use patgate_store::{Change, ClaimedDelivery};

use super::Sort;
use super::credential;
use super::draft::closed_to;
use super::start::{StartDraft, Then, from_template};
use crate::problem::Problem;
use crate::state::AppState;

/// A release that an event starts.
#[derive(Clone, Debug)]
pub struct EventStart {
    /// The event, on its way.
    pub delivery: ClaimedDelivery,
    /// The version of its endpoint that this node knows, which says of which template.
    pub endpoint_version: i64,
    /// The template.
    pub template: ReleaseId,
    /// What the event says, by the keys of variables. One that the template does not have is made.
    pub values: Vec<(&'static str, VariableValue)>,
}

impl EventStart {
    /// The name of its release, by which the event starts no second one while that is there.
    pub(super) fn id(&self) -> Result<ReleaseId, Problem> {
        let name = format!("{}{:016x}", self.family(), self.delivery.request.as_i64());
        name.parse().map_err(|_| Problem::internal("an event that names no release"))
    }

    /// What the names of all releases of its endpoint begin with.
    pub(super) fn family(&self) -> String {
        format!("Release{:016x}", self.delivery.endpoint.as_i64())
    }

    /// Demands that the endpoint starts releases as it did when it accepted the event, in the transaction that starts this one.
    ///
    /// # Errors
    /// 409 when this node knows an older version of the endpoint; 410 when the event was accepted before the endpoint was
    /// changed, or not to start a release.
    pub(super) async fn require_accepted(&self, change: &Change) -> Result<(), Problem> {
        let since = change.starts_since(self.delivery.endpoint).await?;
        if since > self.endpoint_version {
            return Err(Problem::conflict("The endpoint was changed just now"));
        }
        // An older program noted no version. Of an endpoint that was not changed since then all versions count, also that one.
        if self.delivery.starts_by.unwrap_or(0) < since {
            let detail = "The request was accepted before the endpoint was changed; *Redeliver* starts a release by it";
            return Err(Problem::new(StatusCode::GONE, "accepted_before", detail));
        }
        Ok(())
    }
}

/// Why no event that says something like this starts a release of a template, as far as its variables tell; `None`: one may.
pub(crate) fn refuses(template: &Release, values: &[(&'static str, VariableValue)]) -> Option<String> {
    values.iter().find_map(|(key, value)| {
        let declared = template.variables.iter().find(|variable| variable.key == *key)?;
        closed_to(declared, value)
    })
}

/// What the delivery of an event says whose release is this one.
#[must_use]
pub fn started(release: &ReleaseId) -> String {
    format!("started {release}")
}

/// Starts a release of a template as the template's user for automated tasks, who must be allowed to, and marks the event in
/// the same transaction; when its release is there, nothing happens. Its name.
///
/// # Errors
/// 400 when the template has no user for automated tasks, or that one does not pass; 403 without `release#create`; 409 for
/// what passes by itself; 410 when the event was accepted before the endpoint was changed; otherwise as when a person starts a
/// release of it.
pub async fn start_by_event(state: &AppState, start: EventStart) -> Result<ReleaseId, Problem> {
    let id = start.id()?;
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
    let started = from_template(state, &caller, &template, draft, Then::Start).await?;
    Ok(started.release.id)
}
