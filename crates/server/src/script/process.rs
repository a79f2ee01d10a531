//! One worker: starts it, talks to it, and finds out how it ended.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, getpid, getpriority_process, setpriority_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::ending::{self, Ending};
use super::frame::{self, FROM_WORKER, TO_WORKER};
use super::message::{self, Said, ToWorker};

/// The name of the subcommand of the program.
const SUBCOMMAND: &str = "script-worker";
/// Makes the allocator ask the kernel for memory as it needs it, so that the limit on memory counts all of it.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");
/// The priority of one that takes long, or much memory: almost all of the processor goes to others first.
pub(super) const LAST: i32 = 19;

/// A worker that waits for a script, or runs one. It is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    /// Many lines that are printed at once are one look into the pipe.
    output: BufReader<ChildStdout>,
    errors: ChildStderr,
    /// The priority that it began with, when the system tells it.
    priority: Option<i32>,
    /// How many scripts it has run or checked.
    pub(super) scripts: u32,
}

/// Why a worker cannot be talked to.
pub(super) enum Silence {
    /// It has ended, or its pipes are closed.
    Ended,
    /// What it says is not understood.
    Garbled(String),
    /// What was to be said is too long for it.
    TooLong,
}

impl Process {
    /// Starts one.
    ///
    /// # Errors
    /// When the system starts none.
    pub(super) fn start(program: &Path, memory_bytes: u64) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg(SUBCOMMAND).arg("--memory-bytes").arg(memory_bytes.to_string());
        // Variables of the server's environment may be secrets.
        command.env_clear().env(ALLOCATOR.0, ALLOCATOR.1).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let priority = id_of(&child).and_then(priority_of);
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(input), Some(output), Some(errors)) => {
                Ok(Self { child, input, output: BufReader::new(output), errors, priority, scripts: 0 })
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Which it is, while it runs.
    pub(super) fn id(&self) -> Option<Pid> {
        id_of(&self.child)
    }

    /// Whether it comes as early as when it began. The system is asked, and not the worker, which may have lowered itself.
    pub(super) fn comes_as_before(&self) -> bool {
        self.id().and_then(priority_of) == self.priority
    }

    /// Says something to it.
    pub(super) async fn say(&mut self, message: &ToWorker) -> Result<(), Silence> {
        let message = serde_json::to_vec(message).map_err(|error| Silence::Garbled(error.to_string()))?;
        let head = frame::head(&message, TO_WORKER).map_err(|_| Silence::TooLong)?;
        self.input.write_all(&head).await.map_err(|_| Silence::Ended)?;
        self.input.write_all(&message).await.map_err(|_| Silence::Ended)?;
        self.input.flush().await.map_err(|_| Silence::Ended)
    }

    /// Hears what it says next.
    pub(super) async fn hear(&mut self) -> Result<Said, Silence> {
        let mut head = [0; 4];
        self.output.read_exact(&mut head).await.map_err(|_| Silence::Ended)?;
        let length =
            frame::length(head, FROM_WORKER).map_err(|too_long| Silence::Garbled(too_long.to_string()))?;
        let mut message = vec![0; length];
        self.output.read_exact(&mut message).await.map_err(|_| Silence::Ended)?;
        message::read(&message).map_err(Silence::Garbled)
    }

    /// Ends it, and finds out how it ended before that.
    pub(super) async fn end(mut self) -> Ending {
        drop(self.input);
        ending::of(&mut self.child, self.errors).await
    }
}

fn id_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
}

fn priority_of(process: Pid) -> Option<i32> {
    getpriority_process(Some(process)).ok()
}

/// Whether a worker holds more memory than so many bytes (proc(5), `VmRSS`). One that has ended does not, nor one of which the
/// system does not tell.
pub(super) fn holds_more_than(process: Option<Pid>, bytes: u64) -> bool {
    let held = process.and_then(status).and_then(|status| number(&status, "VmRSS:")?.checked_mul(1_024));
    held.is_some_and(|held| held > bytes)
}

/// Whether a worker has a filter of system calls (proc(5), `Seccomp_filters`): then it has more of them than this process, which has
/// those of a container. `None` when the system does not tell.
pub(super) fn is_filtered(process: Option<Pid>) -> Option<bool> {
    let (worker, own) = (status(process?)?, status(getpid())?);
    let filters = |status: &str| number(status, "Seccomp_filters:");
    match (filters(&worker), filters(&own)) {
        (Some(worker), Some(own)) => Some(worker > own),
        // Linux before 5.9 counts none, and one without them does not speak of them.
        _ => (number(&worker, "Seccomp:").unwrap_or_default() == 0).then_some(false),
    }
}

/// What the system tells of a process.
fn status(process: Pid) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// The number behind a name there.
fn number(status: &str, name: &str) -> Option<u64> {
    let number = status.lines().find_map(|line| line.strip_prefix(name))?;
    number.split_whitespace().next()?.parse().ok()
}

/// Lets all others go first from now on. A worker cannot be made quicker again: it is not used for another script.
pub(super) fn let_others_go_first(process: Option<Pid>) {
    if let Some(process) = process {
        // It may have ended just now; a system that refuses has its reasons.
        let _ = setpriority_process(Some(process), LAST);
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn the_system_tells_how_much_memory_a_process_holds() {
        let held = black_box(vec![1_u8; 64 << 20]);
        let own = Some(getpid());
        assert!(holds_more_than(own, held.len() as u64));
        assert!(!holds_more_than(own, u64::MAX) && !holds_more_than(None, 0));
    }

    #[test]
    fn a_process_has_no_filter_more_than_itself() {
        assert_eq!(is_filtered(Some(getpid())), Some(false));
        assert_eq!(is_filtered(None), None);
    }
}
