//! Running other programs, and telling how long they took.

use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// The program that runs in the foreground now; 0 when there is none.
static FOREGROUND: AtomicI32 = AtomicI32::new(0);
/// Whether somebody has asked us to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What Cargo says of the package whose program it runs. The build of `ring` looks at it, and counts as another one with ours.
const OF_THIS_PACKAGE: [&str; 6] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Cargo, as it called us: the same toolchain for every step, and the same builds as when somebody calls it by hand.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for name in OF_THIS_PACKAGE {
        command.env_remove(name);
    }
    command
}

/// Runs a command in the foreground and waits for it.
///
/// From the first call on a signal does not end us before the command: it ends the command, and then this fails, so
/// that whatever was started around it is stopped in order.
///
/// # Errors
/// When it does not start, fails, or a signal came.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(Failure::Refused { command: words(command), status }) }
}

/// Runs a command in the foreground and tells how it ended.
///
/// # Errors
/// When it does not start, or a signal came.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    watch_signals()?;
    let mut child =
        command.spawn().map_err(|source| Failure::DoesNotStart { command: words(command), source })?;
    FOREGROUND.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    let status = child.wait();
    FOREGROUND.store(0, Ordering::SeqCst);
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err(Failure::Interrupted);
    }
    status.map_err(|source| Failure::DoesNotStart { command: words(command), source })
}

/// Runs a command and returns all it wrote, whether it succeeded or not.
///
/// # Errors
/// When it does not start.
pub(crate) fn output(command: &mut Command) -> Result<Output, Failure> {
    command.stdin(Stdio::null());
    command.output().map_err(|source| Failure::DoesNotStart { command: words(command), source })
}

/// Runs a command that must succeed and returns what it wrote to its output.
///
/// # Errors
/// When it does not start or fails; its complaint is shown.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    let output = output(command)?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Refused { command: words(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Does one step under a heading, and says how long it took.
///
/// # Errors
/// Those of the step.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    println!("── {name}");
    #[expect(clippy::disallowed_methods, reason = "people are told how long each step took")]
    let start = Instant::now();
    let outcome = work();
    #[expect(clippy::disallowed_methods, reason = "people are told how long each step took")]
    let seconds = start.elapsed().as_secs_f64();
    match &outcome {
        Ok(_) => println!("── {name}: {seconds:.1} s"),
        Err(_) => println!("── {name}: FAILED after {seconds:.1} s"),
    }
    outcome
}

/// A command as somebody would type it.
fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn watch_signals() -> Result<(), Failure> {
    static WATCHING: OnceLock<bool> = OnceLock::new();
    let is_watching = *WATCHING.get_or_init(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return false };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                INTERRUPTED.store(true, Ordering::SeqCst);
                // A terminal sends Ctrl-C to the command as well; the others reach us alone.
                let child = Pid::from_raw(FOREGROUND.load(Ordering::SeqCst));
                if let Some(child) = child.filter(|_| signal != SIGINT) {
                    // It may have ended in the meantime, which is what was wanted.
                    let _ = kill_process(child, Signal::TERM);
                }
            }
        });
        true
    });
    if is_watching { Ok(()) } else { Err(Failure::Found("cannot listen to signals".to_owned())) }
}
