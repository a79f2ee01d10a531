//! A release with all that is in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{PhaseId, ReleaseId, TaskId, TaskPlace};
use super::status::{PhaseStatus, ReleaseStatus, TaskStatus};
use super::variable::Variable;
use crate::identifier::{GrantId, UserId};

/// A release, or a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Names it.
    pub id: ReleaseId,
    /// What people call it.
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who made it. It is stored beside the text of a release and not in it. Nobody has the identifier 0: it stands where an older
    /// program noted a name by which nobody is known.
    #[serde(skip, default = "nobody")]
    pub owner: UserId,
    /// Its phases, in the order in which they run.
    pub phases: Vec<Phase>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Whose the passwords among the variables of a template are: of the one who made it, or of who entered others in their place.
    /// `None`: an older program did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwords_of: Option<UserId>,
    /// Whether somebody else has entered passwords beside those: together they are nobody's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passwords_of_others: bool,
    /// As whom its scripts call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_as: Option<RunAs>,
    /// Whether it is aborted when a task fails, instead of waiting for somebody.
    #[serde(default)]
    pub abort_on_failure: bool,
    /// What who aborted it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_comment: Option<String>,
    /// The template it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<ReleaseId>,
    /// How many releases stand one behind the other before it, of which a script of each has made or started the next: 0 for what
    /// a person or an event has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// Some tasks, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Names it within its release.
    pub id: PhaseId,
    /// What people call it.
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// Where it stands.
    pub status: PhaseStatus,
    /// Its tasks, in the order in which they run.
    pub tasks: Vec<Task>,
    /// When its release first came to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Names it within its release.
    pub id: TaskId,
    /// What people call it.
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// What it does.
    pub kind: TaskKind,
    /// Where it stands.
    pub status: TaskStatus,
    /// Whether it begins again by itself when the server that ran it went away. Otherwise it has failed then.
    #[serde(default)]
    pub restarts_when_interrupted: bool,
    /// How often it was begun.
    #[serde(default)]
    pub runs: u32,
    /// How many of these may have left something behind: each was followed by a restart.
    #[serde(default)]
    pub restarts: u32,
    /// How often in a row its server went away, since a person started or restarted it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interruptions: u32,
    /// Why it failed, or what who approved it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_line: Option<String>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<String>,
    /// When it was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TaskKind {
    /// Runs a script.
    Script {
        /// Its text.
        script: String,
    },
    /// Waits until somebody approves.
    Gate,
}

/// As whom scripts call, and what proved it. No copy of a credential is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum RunAs {
    /// With a personal access token: as its owner, with its permissions, for as long as it passes.
    Token {
        /// The grant.
        grant: GrantId,
        /// Its owner.
        user: UserId,
        /// Who entered it.
        entered_by: UserId,
    },
    /// With a password: as this user, until the password changes.
    Password {
        /// The user.
        user: UserId,
        /// The version of the password.
        version: i64,
        /// Who entered it.
        entered_by: UserId,
    },
}

impl RunAs {
    /// As whom.
    #[must_use]
    pub const fn user(&self) -> UserId {
        match self {
            Self::Token { user, .. } | Self::Password { user, .. } => *user,
        }
    }

    /// Who entered the credential: scripts that anybody else changes do not run with it.
    #[must_use]
    pub const fn entered_by(&self) -> UserId {
        match self {
            Self::Token { entered_by, .. } | Self::Password { entered_by, .. } => *entered_by,
        }
    }
}

impl Release {
    /// All tasks, in the order in which they run.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.phases.iter().flat_map(|phase| &phase.tasks)
    }

    /// A task, with its phase.
    #[must_use]
    pub fn task(&self, id: &TaskId) -> Option<(&Phase, &Task)> {
        let mut tasks =
            self.phases.iter().flat_map(|phase| phase.tasks.iter().map(move |task| (phase, task)));
        tasks.find(|(_, task)| task.id == *id)
    }

    /// The task at a place, with its phase; `None` where the place is in another release or another phase.
    #[must_use]
    pub fn task_at(&self, place: &TaskPlace) -> Option<(&Phase, &Task)> {
        let found = self.task(&place.task)?;
        (self.id == place.release && found.0.id == place.phase).then_some(found)
    }

    /// The variable of this key.
    #[must_use]
    pub fn variable(&self, key: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.key == key)
    }

    /// Whether it does the same as another with its credential and its passwords: the same scripts and gates in the same order,
    /// which begin again by themselves alike, over the same variables. Who changes that changes what they are used for. Of a
    /// variable that is asked for at the start, the value alone does not count: others may set that, and nothing else of it.
    #[must_use]
    pub fn does_the_same_as(&self, other: &Self) -> bool {
        let (own, others) = (self.variables.iter(), other.variables.iter());
        self.tasks().map(Task::steering).eq(other.tasks().map(Task::steering))
            && own.map(Variable::steering).eq(others.map(Variable::steering))
    }

    /// A new release of a template: nothing in it has begun.
    #[must_use]
    pub fn of_template(&self, id: ReleaseId, title: String, owner: UserId, now: Timestamp) -> Self {
        let mut release = Self {
            id,
            title,
            owner,
            status: ReleaseStatus::Planned,
            passwords_of: None,
            passwords_of_others: false,
            template: Some(self.id.clone()),
            generation: 0,
            created_at: now,
            started_at: None,
            ended_at: None,
            abort_comment: None,
            ..self.clone()
        };
        release.phases.iter_mut().for_each(Phase::reset);
        release
    }
}

impl Task {
    /// What it does, and whether it may do that twice by itself.
    const fn steering(&self) -> (&TaskKind, bool) {
        (&self.kind, self.restarts_when_interrupted)
    }
}

impl Phase {
    /// As if nothing had happened.
    fn reset(&mut self) {
        self.status = PhaseStatus::Planned;
        (self.started_at, self.ended_at) = (None, None);
        for task in &mut self.tasks {
            task.status = TaskStatus::Planned;
            (task.runs, task.restarts, task.interruptions) = (0, 0, 0);
            (task.status_line, task.completed_by) = (None, None);
            (task.started_at, task.ended_at) = (None, None);
        }
    }
}

const fn nobody() -> UserId {
    UserId::from_i64(0)
}

const fn is_zero(count: &u32) -> bool {
    *count == 0
}
