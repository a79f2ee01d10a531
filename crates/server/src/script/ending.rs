//! How a worker ended, which tells what its script did.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr};

/// For how long one waits for a process whose pipe is closed to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much of its last words is looked at, in bytes.
const WORDS: u64 = 4_096;

/// Why a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It had no more memory.
    Memory,
    /// It had no more time of the processor.
    Processor,
    /// It had no more stack.
    Stack,
    /// Something else: a signal or an exit code.
    Other(String),
}

/// Waits for the end of a worker, and judges it.
pub(super) async fn of(child: &mut Child, mut errors: ChildStderr) -> Ending {
    let Ok(Ok(status)) = tokio::time::timeout(PATIENCE, child.wait()).await else {
        // It is killed when it is dropped.
        return Ending::Other("it closed its pipe and went on".to_owned());
    };
    let mut words = Vec::new();
    let mut errors = (&mut errors).take(WORDS);
    // What cannot be read is missing, and the signal is enough for most.
    let _ = tokio::time::timeout(PATIENCE, errors.read_to_end(&mut words)).await;
    judge(status, &String::from_utf8_lossy(&words))
}

/// By its status and its last words, which are Rust's own and those of the libraries that it is made of.
fn judge(status: ExitStatus, words: &str) -> Ending {
    let is_said = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) {
        Ending::Processor
    } else if is_said(&[
        "memory allocation of",
        "out of memory",
        "capacity overflow",
        "must not exceed u32::MAX",
    ]) {
        Ending::Memory
    } else if signal == Some(Signal::SEGV.as_raw()) || is_said(&["has overflowed its stack"]) {
        Ending::Stack
    } else if let Some(signal) = signal {
        Ending::Other(format!("signal {signal}"))
    } else {
        Ending::Other(format!("exit code {}", status.code().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_told_by_signal_and_last_words() {
        let signal = |signal: Signal| ExitStatus::from_raw(signal.as_raw());
        let code = |code: i32| ExitStatus::from_raw(code << 8);
        for (status, words, expected) in [
            (signal(Signal::XCPU), "", Ending::Processor),
            (signal(Signal::ABORT), "memory allocation of 1073741824 bytes failed", Ending::Memory),
            (code(101), "thread 'main' panicked at lib.rs:1:1:\nout of memory", Ending::Memory),
            (signal(Signal::ABORT), "thread 'main' has overflowed its stack", Ending::Stack),
            (signal(Signal::SEGV), "", Ending::Stack),
            (signal(Signal::KILL), "", Ending::Other("signal 9".to_owned())),
            (
                code(101),
                "thread 'main' panicked at lib.rs:1:1:\nodd",
                Ending::Other("exit code 101".to_owned()),
            ),
        ] {
            assert_eq!(judge(status, words), expected, "{status} {words}");
        }
    }
}
