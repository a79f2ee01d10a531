//! A process that the test started, and that ends with it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// How long a server may take to stop when asked politely.
const PATIENCE: Duration = Duration::from_secs(20);

/// A direct child: signalled by its own process id, waited for, and gone when this value is.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts it. Its output goes where the command says.
    pub fn start(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("`{name}` does not start: {error}; `cargo xtask test` installs what is missing")
        });
        Self { name, child }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|error| panic!("cannot wait for `{}`: {error}", self.name))
    }

    /// Sends a signal, unless it has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            // It cannot have been reaped between the two calls: only this value waits for it.
            let sent = kill_process(Pid::from_child(&self.child), signal);
            sent.unwrap_or_else(|error| panic!("cannot signal `{}`: {error}", self.name));
        }
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait::until(limit, || self.ended())
    }

    /// Asks it to stop (SIGTERM) and waits; panics when it does not.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        match self.wait(PATIENCE) {
            Some(status) => status,
            None => {
                self.kill();
                panic!("`{}` did not stop within {PATIENCE:?} of SIGTERM", self.name)
            }
        }
    }

    /// Ends it at once, as a crash would (SIGKILL), and reaps it.
    pub fn kill(&mut self) {
        // An error means that it has ended by itself, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            if self.wait(PATIENCE).is_none() {
                self.kill();
            }
        }
    }
}

/// Where a program is: on the `PATH`, or in the folders for administrators, which people's `PATH` often lacks.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the search path is the machine's, not a setting of ours")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administrators = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(administrators)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Where a program is that the tests cannot do without.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    find_program(name).unwrap_or_else(|| {
        panic!("`{name}` is not on this machine; `cargo xtask test` installs what is missing")
    })
}

/// Runs a program to its end and returns what it wrote to its output; panics with its complaint when it fails.
pub fn run(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let name = program.as_ref().to_string_lossy().into_owned();
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("`{name}` does not start: {error}; `cargo xtask test` installs what is missing")
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{name}` failed ({}): {complaint}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command to its end with a text on its input, and returns all it wrote, whether it succeeded or not.
pub fn run_with_input(mut command: Command, input: &str) -> Output {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("`{name}` does not start: {error}"));
    let pipe = child.stdin.take();
    thread::scope(|scope| {
        // Beside the reading: who answers each line would wait for its reader, and the writer for it.
        scope.spawn(move || {
            if let Some(mut pipe) = pipe {
                // It may end without reading.
                let _ = pipe.write_all(input.as_bytes());
            }
        });
        child.wait_with_output().unwrap_or_else(|error| panic!("cannot wait for `{name}`: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_answered_while_it_is_written() {
        let text = "a line of some length\n".repeat(100_000);
        let output = run_with_input(Command::new("cat"), &text);
        assert!(output.stdout == text.as_bytes());
    }

    #[test]
    fn a_process_is_gone_when_its_value_is() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = Process::start(command);
        let id = process.id();
        drop(process);
        assert!(!PathBuf::from(format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_killed_process_tells_by_which_signal() {
        use std::os::unix::process::ExitStatusExt;
        let mut command = Command::new("sleep");
        command.arg("600");
        let mut process = Process::start(command);
        assert_eq!(process.ended(), None);
        assert_eq!(process.stop().signal(), Some(15));
        assert_eq!(process.ended().and_then(|status| status.signal()), Some(15));
    }

    #[test]
    fn a_failed_run_shows_the_complaint() {
        let failure = std::panic::catch_unwind(|| run("ls", ["/no-such-folder"])).unwrap_err();
        assert!(failure.downcast_ref::<String>().unwrap().contains("no-such-folder"));
    }
}
