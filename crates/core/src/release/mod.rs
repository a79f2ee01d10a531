//! Releases: phases of tasks that run one after the other, made from templates.
//!
//! A template is a release that never starts: its status is [`ReleaseStatus::Template`], as with the vendor.
//! [`step`] is the one rule for how a release goes on. It is pure: whoever has an effect stores the release first.

mod document;
mod id;
mod limits;
mod machine;
mod status;
#[cfg(test)]
mod tests;
mod variable;

pub use self::document::{Phase, Release, RunAs, Task, TaskKind};
pub use self::id::{NotAReleaseId, PhaseId, ReleaseId, TaskId, TaskPlace, VariableId};
pub use self::limits::{
    LONGEST_LINE, LONGEST_SCRIPT, LONGEST_TITLE, LONGEST_VALUE, MOST_LINES, Unfit, check_description,
    check_key, check_tags, check_title, check_value,
};
pub use self::machine::{Effect, Event, MOST_INTERRUPTED, MOST_RUNS, Refused, RestartFrom, step};
pub use self::status::{PhaseStatus, ReleaseStatus, TaskStatus};
pub use self::variable::{Variable, VariableKind, VariableValue};
