//! The workers of a node: started when they are needed, and used again for the same duty while they are well.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patgate_core::identifier::UserId;
use patgate_core::item::SecretText;
use patgate_core::release::LONGEST_SCRIPT;
use rustix::process::Pid;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::call::{Answer, Call, CallRefused};
use super::censor::Censor;
use super::compartment::{Compartment, Duty};
use super::conversation::{End, converse, syntax};
use super::ending::Ending;
use super::failure::{CheckFailed, Failure, SyntaxFault};
use super::idle::{Bound, Idle};
use super::limits::{Limits, VARIABLES_BYTES};
use super::message::{Job, Said, ToWorker};
use super::process::{Process, holds_more_than, is_filtered, let_others_go_first};
use super::shares::Shares;

/// How many scripts a worker runs or checks before a new one takes its place: what one leaves behind in memory ends some time.
const SCRIPTS: u32 = 200;
/// How long a worker waits for more of its duty: until then what its scripts left in memory stays with it.
const KEPT: Duration = Duration::from_secs(60);
/// How long a script runs like any other. One that takes longer comes last from then on, so that it slows down nobody,
/// and leaves its place to others when there is another for it.
const QUICK: Duration = Duration::from_millis(100);
/// When one looks at the memory of a script that still runs: a single statement may take all of it before anything else is seen.
const GLANCE: Duration = Duration::from_millis(25);
/// A script that holds more than this part of its memory by then comes last at once.
const MUCH: u64 = 4;
/// Checks at a time, and of one person.
const CHECKS: usize = 2;
const CHECKS_OF_ONE: usize = CHECKS - 1;
/// How long a check may take.
const CHECK: Duration = Duration::from_secs(10);

/// Processes that run scripts, one at a time each.
pub struct Workers {
    program: PathBuf,
    limits: Limits,
    places: Semaphore,
    /// For scripts that take long: those that come find the other places free.
    long: Semaphore,
    /// How many scripts of one owner run at a time: one fewer than there are places of both kinds.
    shares: Shares,
    /// For checks: who saves does not wait until scripts have ended.
    looks: Semaphore,
    /// How many checks of one person: who saves does not wait until those of another have ended either.
    shares_of_looks: Shares,
    /// For long texts in which passwords are looked for: one at a time.
    censors: Arc<Semaphore>,
    /// Those that wait; with those that work there are no more than places.
    idle: Arc<Mutex<Idle<Duty, Process>>>,
    /// Whether it was seen what keeps workers from system calls.
    is_seen: AtomicBool,
}

/// A worker with what it is there for.
type Worker = Bound<Duty, Process>;

/// A place in which one text of somebody is checked.
pub struct CheckPlace<'w> {
    workers: &'w Workers,
    whose: UserId,
    _share: Option<OwnedSemaphorePermit>,
    _place: Option<SemaphorePermit<'w>>,
}

/// A script, and all that it may know.
pub struct Script {
    /// Whose it is: all scripts of one owner together leave a place to those of others.
    pub owner: UserId,
    /// Which scripts may run in its process, before it and after it: none of another compartment ever does.
    pub compartment: Compartment,
    /// Its text, [`LONGEST_SCRIPT`] bytes at most.
    pub text: String,
    /// The variables of the release, which it may change; [`VARIABLES_BYTES`] at most as JSON.
    pub variables: Map<String, Value>,
    /// What may stand in no log: it is masked, also where the script has encoded it.
    pub secrets: Vec<SecretText>,
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It came to its end.
    Completed {
        /// The variables as it left them.
        variables: Map<String, Value>,
    },
    /// It did not.
    Failed {
        /// Why.
        reason: Failure,
    },
}

impl Workers {
    /// At most so many at a time, and one more than that of those that take long; of one owner twice as many together. The
    /// program is `patgate`; nothing is started yet.
    #[must_use]
    pub fn new(program: PathBuf, limits: Limits, count: usize) -> Self {
        let count = count.max(1);
        let long = count + 1;
        Self {
            program,
            limits,
            places: Semaphore::new(count),
            long: Semaphore::new(long),
            shares: Shares::new(2 * count),
            looks: Semaphore::new(CHECKS),
            shares_of_looks: Shares::new(CHECKS_OF_ONE),
            censors: Arc::new(Semaphore::new(1)),
            idle: Arc::new(Mutex::new(Idle::new(count + long + CHECKS))),
            is_seen: AtomicBool::default(),
        }
    }

    /// Runs a script as soon as a worker is free. `calls` makes the calls that it asks for, one after the other; `log` takes
    /// what it prints, line by line, masked. When the future is dropped, the script ends.
    pub async fn run<Fut>(
        &self,
        script: Script,
        calls: impl FnMut(Call) -> Fut,
        log: impl FnMut(String),
    ) -> Outcome
    where
        Fut: Future<Output = Result<Answer, CallRefused>>,
    {
        match self.try_run(script, calls, log).await {
            Ok(outcome) => outcome,
            Err(reason) => Outcome::Failed { reason },
        }
    }

    /// Waits until a text of somebody may be checked, for as long as others take. All checks of one person leave a place to those
    /// of others.
    pub async fn place_to_check(&self, whose: UserId) -> CheckPlace<'_> {
        // First, so that nobody waits in the place of another.
        let share = self.shares_of_looks.take(whose).await;
        let place = self.looks.acquire().await.ok();
        CheckPlace { workers: self, whose, _share: share, _place: place }
    }

    /// As [`CheckPlace::check`], as soon as there is a place.
    ///
    /// # Errors
    /// As there.
    pub async fn check(&self, whose: UserId, text: &str) -> Result<(), CheckFailed> {
        self.place_to_check(whose).await.check(text).await
    }

    async fn look(&self, whose: UserId, text: &str) -> Result<(), CheckFailed> {
        if text.len() > LONGEST_SCRIPT {
            return Err(CheckFailed::NotChecked(Failure::TooLong { what: "text", bytes: LONGEST_SCRIPT }));
        }
        let mut worker = self.take(Duty::Checks(whose)).map_err(CheckFailed::NotChecked)?;
        let message = ToWorker::Check { text: text.to_owned() };
        let heard = tokio::time::timeout(CHECK, async {
            worker.process.say(&message).await?;
            worker.process.hear().await
        });
        match heard.await {
            Ok(Ok(Said::Checked(fault))) => {
                self.give_back(worker);
                match fault {
                    Some(at) => Err(syntax(&at, self.censor(&[])).await.into()),
                    None => Ok(()),
                }
            }
            Err(_) => Err(CheckFailed::NotChecked(Failure::Wall { limit: CHECK })),
            Ok(_) => match worker.process.end().await {
                // So deep that nobody can say where.
                Ending::Stack => Err(SyntaxFault {
                    line: 1,
                    column: 1,
                    message: "the script is nested too deeply".to_owned(),
                }
                .into()),
                ending => Err(CheckFailed::NotChecked(self.failure(ending))),
            },
        }
    }

    async fn try_run<Fut>(
        &self,
        script: Script,
        calls: impl FnMut(Call) -> Fut,
        log: impl FnMut(String),
    ) -> Result<Outcome, Failure>
    where
        Fut: Future<Output = Result<Answer, CallRefused>>,
    {
        let censor = self.censor(&script.secrets);
        let (owner, duty) = (script.owner, Duty::Scripts(script.compartment));
        let job = self.job(script)?;
        let _share = self.shares.take(owner).await;
        let mut place = self.places.acquire().await.map_err(|_| no_worker("the server stops"))?;
        let mut worker = self.take(duty)?;
        let id = worker.process.id();
        let in_time = {
            let conversation = pin!(async {
                match worker.process.say(&job).await {
                    Ok(()) => converse(&mut worker.process, &self.limits, censor, calls, log).await,
                    Err(silence) => End::from(silence),
                }
            });
            tokio::time::timeout(self.limits.wall, self.watched(conversation, id, &mut place)).await
        };
        let end = in_time.map_err(|_| Failure::Wall { limit: self.limits.wall })?;
        match end {
            End::Outcome(outcome) => {
                self.give_back(worker);
                Ok(outcome)
            }
            End::Distrusted(failure) => Err(failure),
            End::Ended => Err(self.failure(worker.process.end().await)),
        }
    }

    /// Waits for the end of a script. One that takes long comes last from then on, and goes to another place as soon as there is
    /// one; one that takes much memory comes last earlier.
    async fn watched<'w, T>(
        &'w self,
        mut running: impl Future<Output = T> + Unpin,
        process: Option<Pid>,
        place: &mut SemaphorePermit<'w>,
    ) -> T {
        if let Ok(end) = tokio::time::timeout(GLANCE, &mut running).await {
            return end;
        }
        if holds_more_than(process, self.limits.memory_bytes / MUCH) {
            let_others_go_first(process);
        }
        if let Ok(end) = tokio::time::timeout(QUICK.saturating_sub(GLANCE), &mut running).await {
            return end;
        }
        let_others_go_first(process);
        tokio::select! {
            end = &mut running => return end,
            Ok(another) = self.long.acquire() => *place = another,
        }
        running.await
    }

    /// Who looks through what a script with these secrets says.
    fn censor(&self, secrets: &[SecretText]) -> Censor {
        Censor::new(secrets, self.limits.output_bytes, &self.censors)
    }

    fn job(&self, script: Script) -> Result<ToWorker, Failure> {
        if script.text.len() > LONGEST_SCRIPT {
            return Err(Failure::TooLong { what: "text", bytes: LONGEST_SCRIPT });
        }
        let variables = serde_json::to_string(&script.variables).map_or(usize::MAX, |text| text.len());
        if variables > VARIABLES_BYTES {
            return Err(Failure::TooLong { what: "variables", bytes: VARIABLES_BYTES });
        }
        let Limits { steps, memory_bytes, processor, output_bytes, calls, .. } = self.limits;
        Ok(ToWorker::Run(Job {
            text: script.text,
            variables: script.variables,
            steps,
            // The rest is for the process itself and for what stands outside of the heap.
            heap_bytes: memory_bytes / 2,
            output_bytes,
            calls,
            processor_seconds: processor.as_secs().max(1),
        }))
    }

    /// One that waits for this duty, or a new one, for which one of another duty may end.
    fn take(&self, duty: Duty) -> Result<Worker, Failure> {
        let mut idle = self.idle();
        while let Some(mut waiting) = idle.take(&duty) {
            // Somebody may have killed it meanwhile.
            if waiting.process.is_running() {
                return Ok(waiting);
            }
        }
        let room = idle.make_room();
        drop(idle);
        let process = Process::start(&self.program, self.limits.memory_bytes);
        Ok(room.bind(duty, process.map_err(|error| no_worker(&error.to_string()))?))
    }

    fn give_back(&self, mut worker: Worker) {
        let process = &mut worker.process;
        process.scripts += 1;
        self.see_filter(process.id());
        // One that was lowered stays so, and what took much memory may hold on to it.
        if process.comes_as_before() && process.scripts < SCRIPTS {
            let given_back = self.idle().give_back(worker);
            let idle = Arc::clone(&self.idle);
            tokio::spawn(async move {
                tokio::time::sleep(KEPT).await;
                locked(&idle).let_go(given_back);
            });
        }
    }

    /// Warns of a system on which workers have no filter of system calls, once: with the first worker that has done something, so that
    /// it has begun, and a server without scripts starts none to know.
    fn see_filter(&self, worker: Option<Pid>) {
        if !self.is_seen.swap(true, Ordering::Relaxed) && is_filtered(worker) == Some(false) {
            tracing::warn!(
                "scripts run without a filter of system calls: this system has no seccomp, or refuses it"
            );
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle<Duty, Process>> {
        locked(&self.idle)
    }

    fn failure(&self, ending: Ending) -> Failure {
        match ending {
            Ending::Memory => Failure::Memory { bytes: self.limits.memory_bytes },
            Ending::Processor => Failure::Processor { limit: self.limits.processor },
            Ending::Stack => Failure::Nesting,
            Ending::Other(how) => Failure::Died { how },
        }
    }
}

impl CheckPlace<'_> {
    /// Says whether a text is a script: its syntax, and whether every name in it exists. Runs nothing of it. The
    /// process that looks at it looks at nothing but texts of the same person.
    ///
    /// # Errors
    /// Where it is none, or that it was not checked.
    pub async fn check(self, text: &str) -> Result<(), CheckFailed> {
        self.workers.look(self.whose, text).await
    }
}

fn locked(idle: &Mutex<Idle<Duty, Process>>) -> MutexGuard<'_, Idle<Duty, Process>> {
    // Nothing that holds it can be half done.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_worker(message: &str) -> Failure {
    Failure::NoWorker { message: message.to_owned() }
}
