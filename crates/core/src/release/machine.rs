//! How a release goes on.
//!
//! ```text
//! PLANNED ─Start─▶ IN_PROGRESS ─▶ (the next task: QUEUED ─Begin─▶ IN_PROGRESS ─▶ COMPLETED or FAILED) ─▶ COMPLETED
//!                      ▲              │ FAILED
//!                      └──Restart── FAILED ─Abort─▶ ABORTED      (from PLANNED and IN_PROGRESS as well)
//! ```
//!
//! One task at a time: the first one that is not done. A task is begun once; every further run is marked as a restart.

use jiff::Timestamp;

use super::document::{Phase, Release, Task, TaskKind};
use super::id::{PhaseId, TaskId};
use super::status::{PhaseStatus, ReleaseStatus, TaskStatus};
use super::variable::VariableValue;

/// How often in a row the server of a task that begins again by itself may go away until the task has failed: one that takes its
/// server along ends there. When a person restarts it, one counts anew.
pub const MOST_INTERRUPTED: u32 = 10;
/// How often a task is begun at all: what each run says is kept.
pub const MOST_RUNS: u32 = 100;

/// What happens to a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody starts it.
    Start,
    /// The task that is next begins to run.
    Begin,
    /// The script that ran has ended, and left these variables.
    Completed {
        /// Which task.
        task: TaskId,
        /// What it assigned. Keys that there are none of are left out.
        variables: Vec<(String, VariableValue)>,
    },
    /// The script that ran has failed.
    Failed {
        /// Which task.
        task: TaskId,
        /// Why, as a sentence.
        reason: String,
    },
    /// Who ran it is gone; what the script did until then is unknown.
    Interrupted,
    /// Somebody approves a gate.
    Approve {
        /// Which task.
        task: TaskId,
        /// The log-in name of who does.
        by: String,
        /// What they say.
        comment: Option<String>,
    },
    /// Somebody ends it.
    Abort {
        /// What they say.
        comment: Option<String>,
    },
    /// Somebody lets it go on after a failure.
    Restart(RestartFrom),
}

/// From where a failed release goes on. All that stands behind runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartFrom {
    /// From the task that failed.
    Failed,
    /// From the first task of a phase.
    Phase(PhaseId),
    /// From this task.
    Task(TaskId),
}

/// What is to be done when the release is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A script waits to be begun.
    Queue(TaskId),
    /// The script of this task runs now.
    Run(TaskId),
    /// The script of this task is stopped.
    Stop(TaskId),
}

/// Why a release cannot go on like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its status does not allow it.
    #[error("this cannot be done with a release that is {}", .0.as_str())]
    Status(ReleaseStatus),
    /// There is no such phase or task in it.
    #[error("there is no such phase or task in this release; read it again")]
    NotInIt,
    /// The task does not wait for this.
    #[error("this task is {}, and does not wait for this", .0.as_str())]
    Task(TaskStatus),
    /// It is not behind the task that failed.
    #[error("a release goes on from the task that failed, or from one before it")]
    Ahead,
    /// A task in it was begun too often.
    #[error("a task of this release was begun {MOST_RUNS} times; make a new release")]
    TooOften,
}

/// **The** rule how a release goes on: the release as it is after the event, and what to do once that is stored.
///
/// # Errors
/// [`Refused`]; nothing has changed then.
pub fn step(release: &Release, event: Event, now: Timestamp) -> Result<(Release, Vec<Effect>), Refused> {
    let mut next = release.clone();
    let effects = match event {
        Event::Start => next.start(now)?,
        Event::Begin => next.begin(now)?,
        Event::Completed { task, variables } => next.complete(&task, variables, now)?,
        Event::Failed { task, reason } => {
            next.running(&task)?;
            next.fail(reason, now)
        }
        Event::Interrupted => next.interrupt(now)?,
        Event::Approve { task, by, comment } => next.approve(&task, by, comment, now)?,
        Event::Abort { comment } => next.abort(comment, now)?,
        Event::Restart(from) => next.restart(&from, now)?,
    };
    Ok((next, effects))
}

impl Release {
    /// The task that is next, under way, or has failed.
    #[must_use]
    pub fn active_task(&self) -> Option<&Task> {
        self.tasks().find(|task| task.status.is_active())
    }

    fn start(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::Planned)?;
        self.status = ReleaseStatus::InProgress;
        self.started_at = Some(now);
        Ok(self.advance(now))
    }

    fn begin(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::InProgress)?;
        let (_, task) = self.active().ok_or(Refused::NotInIt)?;
        if task.status != TaskStatus::Queued {
            return Err(Refused::Task(task.status));
        }
        task.status = TaskStatus::InProgress;
        task.runs += 1;
        (task.started_at, task.ended_at, task.status_line) = (Some(now), None, None);
        Ok(vec![Effect::Run(task.id.clone())])
    }

    fn complete(
        &mut self,
        id: &TaskId,
        variables: Vec<(String, VariableValue)>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        let task = self.running(id)?;
        (task.status, task.ended_at) = (TaskStatus::Completed, Some(now));
        for (key, value) in variables {
            if let Some(variable) = self.variables.iter_mut().find(|variable| variable.key == key) {
                variable.value = Some(value);
            }
        }
        Ok(self.advance(now))
    }

    /// The script that runs; nothing else does.
    fn running(&mut self, id: &TaskId) -> Result<&mut Task, Refused> {
        self.demand(self.status == ReleaseStatus::InProgress)?;
        let (_, task) = self.active().filter(|(_, task)| task.id == *id).ok_or(Refused::NotInIt)?;
        let is_script = matches!(task.kind, TaskKind::Script { .. });
        if is_script && task.status == TaskStatus::InProgress {
            Ok(task)
        } else {
            Err(Refused::Task(task.status))
        }
    }

    fn fail(&mut self, reason: String, now: Timestamp) -> Vec<Effect> {
        if let Some((phase, task)) = self.active() {
            (task.status, task.ended_at, task.status_line) = (TaskStatus::Failed, Some(now), Some(reason));
            *phase = PhaseStatus::Failed;
        }
        self.status = ReleaseStatus::Failed;
        if self.abort_on_failure {
            self.end_all(None, now);
        }
        Vec::new()
    }

    fn interrupt(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::InProgress)?;
        let (_, task) = self.active().ok_or(Refused::NotInIt)?;
        if !matches!(task.kind, TaskKind::Script { .. }) || task.status != TaskStatus::InProgress {
            return Err(Refused::Task(task.status));
        }
        task.interruptions += 1;
        if let Some(reason) = task.given_up() {
            return Ok(self.fail(reason, now));
        }
        task.status = TaskStatus::Queued;
        task.restarts = task.runs;
        Ok(vec![Effect::Queue(task.id.clone())])
    }

    fn approve(
        &mut self,
        id: &TaskId,
        by: String,
        comment: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::InProgress)?;
        let task = self.phases.iter_mut().flat_map(|phase| &mut phase.tasks).find(|task| task.id == *id);
        let task = task.ok_or(Refused::NotInIt)?;
        if task.kind != TaskKind::Gate || task.status != TaskStatus::InProgress {
            return Err(Refused::Task(task.status));
        }
        (task.status, task.ended_at) = (TaskStatus::Completed, Some(now));
        (task.completed_by, task.status_line) = (Some(by), comment);
        Ok(self.advance(now))
    }

    fn abort(&mut self, comment: Option<String>, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::Planned || self.status.is_active())?;
        let running = self.active_task().filter(|task| {
            task.status == TaskStatus::InProgress && matches!(task.kind, TaskKind::Script { .. })
        });
        let effects = running.map(|task| Effect::Stop(task.id.clone())).into_iter().collect();
        self.end_all(comment, now);
        Ok(effects)
    }

    fn end_all(&mut self, comment: Option<String>, now: Timestamp) {
        self.status = ReleaseStatus::Aborted;
        (self.ended_at, self.abort_comment) = (Some(now), comment);
        for phase in self.phases.iter_mut().filter(|phase| phase.status != PhaseStatus::Completed) {
            (phase.status, phase.ended_at) = (PhaseStatus::Aborted, phase.started_at.map(|_| now));
            for task in &mut phase.tasks {
                if !matches!(task.status, TaskStatus::Completed | TaskStatus::Failed) {
                    (task.status, task.ended_at) = (TaskStatus::Aborted, task.started_at.map(|_| now));
                }
            }
        }
    }

    fn restart(&mut self, from: &RestartFrom, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.demand(self.status == ReleaseStatus::Failed)?;
        let failed = self.place(|task| task.status == TaskStatus::Failed).ok_or(Refused::NotInIt)?;
        let first = match from {
            RestartFrom::Failed => failed,
            RestartFrom::Phase(id) => {
                (self.phases.iter().position(|phase| phase.id == *id).ok_or(Refused::NotInIt)?, 0)
            }
            RestartFrom::Task(id) => self.place(|task| task.id == *id).ok_or(Refused::NotInIt)?,
        };
        if first > failed {
            return Err(Refused::Ahead);
        }
        if self.tasks().any(|task| task.runs >= MOST_RUNS) {
            return Err(Refused::TooOften);
        }
        for (at, phase) in self.phases.iter_mut().enumerate().skip(first.0) {
            let skipped = if at == first.0 { first.1 } else { 0 };
            phase.tasks.iter_mut().skip(skipped).for_each(Task::again);
            (phase.status, phase.ended_at) = (PhaseStatus::Planned, None);
        }
        self.status = ReleaseStatus::InProgress;
        Ok(self.advance(now))
    }

    /// Lets the first task that is not done be next; without one the release is done.
    fn advance(&mut self, now: Timestamp) -> Vec<Effect> {
        for phase in &mut self.phases {
            let next = phase.tasks.iter_mut().find(|task| task.status != TaskStatus::Completed);
            if let Some(task) = next {
                phase.status = PhaseStatus::InProgress;
                phase.started_at.get_or_insert(now);
                if task.kind == TaskKind::Gate {
                    task.status = TaskStatus::InProgress;
                    task.runs += 1;
                    (task.started_at, task.ended_at) = (Some(now), None);
                    return Vec::new();
                }
                task.status = TaskStatus::Queued;
                return vec![Effect::Queue(task.id.clone())];
            }
            if phase.status != PhaseStatus::Completed {
                phase.started_at.get_or_insert(now);
                (phase.status, phase.ended_at) = (PhaseStatus::Completed, Some(now));
            }
        }
        (self.status, self.ended_at) = (ReleaseStatus::Completed, Some(now));
        Vec::new()
    }

    /// The active task, and the status of its phase.
    fn active(&mut self) -> Option<(&mut PhaseStatus, &mut Task)> {
        self.phases.iter_mut().find_map(|phase| {
            let task = phase.tasks.iter_mut().find(|task| task.status.is_active())?;
            Some((&mut phase.status, task))
        })
    }

    fn place(&self, is: impl Fn(&Task) -> bool) -> Option<(usize, usize)> {
        let within = |phase: &Phase| phase.tasks.iter().position(&is);
        self.phases.iter().enumerate().find_map(|(at, phase)| Some((at, within(phase)?)))
    }

    fn demand(&self, is_so: bool) -> Result<(), Refused> {
        if is_so { Ok(()) } else { Err(Refused::Status(self.status)) }
    }
}

impl Task {
    /// Why it does not begin again by itself, now that its server went away; `None`: it does.
    fn given_up(&self) -> Option<String> {
        if !self.restarts_when_interrupted {
            let reason = "The server that ran this task went away; what the script did until then is \
                          unknown. Look, and restart the release.";
            Some(reason.to_owned())
        } else if self.runs >= MOST_RUNS {
            Some(format!(
                "The server that ran this task went away, and no task is begun more than {MOST_RUNS} times. \
                 Look, and make a new release."
            ))
        } else if self.interruptions >= MOST_INTERRUPTED {
            Some(format!(
                "The server that ran this task went away {MOST_INTERRUPTED} times in a row: the script may \
                 be what takes it along. Look, and restart the release."
            ))
        } else {
            None
        }
    }

    /// Waits for its turn again, because a person wants it; a run that there was is marked.
    fn again(&mut self) {
        self.status = TaskStatus::Planned;
        (self.restarts, self.interruptions) = (self.runs, 0);
        (self.status_line, self.completed_by) = (None, None);
        (self.started_at, self.ended_at) = (None, None);
    }
}
