//! Use cases of templates and releases: describing them, starting them, and looking at what they do.
//!
//! Running them is a matter of `jobs::releases`; which step follows which, of `core::release`.

mod act;
mod check;
mod credential;
mod draft;
mod event;
#[cfg(test)]
pub(crate) mod example;
mod read;
mod start;
mod variables;
mod write;

use patgate_core::permission::names::{RELEASE_CREATE, RELEASE_VIEW, TEMPLATE_CREATE};
use patgate_core::release::{Refused, ReleaseStatus, Unfit};
use patgate_store::StoredRelease;

pub use self::act::{abort, approve, restart, retry, start};
pub(crate) use self::check::ScriptChecks;
pub use self::check::require_readable;
pub(crate) use self::credential::HERE;
pub use self::credential::{Credential, require as require_run_as};
pub(crate) use self::draft::MASK;
pub use self::draft::{CredentialDraft, PhaseDraft, ReleaseDraft, TaskDraft, VariableDraft, VariableEntry};
pub(crate) use self::event::refuses;
pub use self::event::{EventStart, start_by_event, started};
pub use self::read::{count, listed, log, read, runs_as, search, watch};
pub use self::start::{StartDraft, Then, from_template};
pub(crate) use self::variables::{fit_together, known};
pub use self::write::{create_template, delete, update};
use crate::caller::Caller;
use crate::problem::{Problem, capitalised};
use crate::state::AppState;

/// Which of the two a use case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Templates.
    Template,
    /// Releases.
    Release,
}

impl Sort {
    /// What a refusal calls it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Release => "release",
        }
    }

    /// What one must be allowed to change one.
    const fn edits(self) -> &'static str {
        match self {
            Self::Template => TEMPLATE_CREATE,
            Self::Release => RELEASE_CREATE,
        }
    }

    /// Demands that the caller may see them.
    ///
    /// # Errors
    /// 403.
    pub fn require_sight(self, state: &AppState, caller: &Caller) -> Result<(), Problem> {
        match self {
            Self::Template => caller.require_any(state, &[RELEASE_VIEW, TEMPLATE_CREATE, RELEASE_CREATE]),
            Self::Release => caller.require(state, RELEASE_VIEW),
        }
    }

    /// What was found, when it is one of these.
    fn of(self, found: Option<StoredRelease>) -> Result<StoredRelease, Problem> {
        let is_template = |found: &StoredRelease| found.release.status == ReleaseStatus::Template;
        let found = found.filter(|found| is_template(found) == (self == Self::Template));
        found.ok_or_else(|| Problem::not_found(self.word()))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotInIt => Self::not_found("phase or task"),
            Refused::Status(_) | Refused::Task(_) | Refused::Ahead | Refused::TooOften => {
                Self::conflict(capitalised(&refused))
            }
        }
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        Self::new(http::StatusCode::BAD_REQUEST, "unfit_release", capitalised(&unfit))
    }
}
