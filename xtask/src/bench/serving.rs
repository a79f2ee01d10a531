//! A server under measurement: started on a core of its own, watched from `/proc`, stopped by its own process id.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use patgate_testkit::child::Process;
use patgate_testkit::{ports, wait};

use super::machine::TICKS;
use crate::failure::Failure;

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(120);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// A running server, stopped when dropped.
#[derive(Debug)]
pub(super) struct Serving {
    name: &'static str,
    process: Process,
    /// Its port of 127.0.0.1.
    pub(super) port: u16,
    /// Seconds from its start until the first answer with 200 or 204.
    pub(super) seconds_to_ready: f64,
}

impl Serving {
    /// Starts the program whose words `command` makes for a port, on one core or wherever it likes, and asks for
    /// `path` until the answer is 200 or 204. What the program writes goes to a file in `folder`.
    ///
    /// # Errors
    /// When it ends, or does not answer; the text ends with what it wrote.
    pub(super) fn start(
        name: &'static str,
        core: Option<usize>,
        folder: &Path,
        path: &str,
        command: impl FnOnce(u16) -> Result<Vec<OsString>, Failure>,
    ) -> Result<Self, Failure> {
        let port = ports::free();
        let mut words = command(port)?;
        if let Some(core) = core {
            // taskset becomes the program, so that it stays our child.
            words.splice(0..0, ["taskset".into(), "-c".into(), core.to_string().into()]);
        }
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).map_err(Failure::file(&log))?;
        let other = file.try_clone().map_err(Failure::file(&log))?;
        let mut command = Command::new(&words[0]);
        // No setting of the shell that calls us may change what is measured.
        command.args(&words[1..]).current_dir(folder).env_clear();
        command.stdin(Stdio::null()).stdout(file).stderr(other);
        let start = now();
        let mut process = Process::start(command);
        let is_ready = wait::until(START, || {
            if process.ended().is_some() {
                Some(false)
            } else {
                ask(port, path, None)?.is_good().then_some(true)
            }
        });
        let seconds_to_ready = seconds_since(start);
        if is_ready == Some(true) {
            return Ok(Self { name, process, port, seconds_to_ready });
        }
        let log = fs::read_to_string(&log).unwrap_or_default();
        Err(Failure::Found(format!("{name} does not answer on port {port}:\n{log}")))
    }

    /// Asks for `path` with this token.
    ///
    /// # Errors
    /// When no answer comes.
    pub(super) fn ask(&self, path: &str, token: &str) -> Result<Answer, Failure> {
        let silent = || Failure::Found(format!("{} does not answer", self.name));
        ask(self.port, path, Some(token)).ok_or_else(silent)
    }

    /// Sends a body of this type with this token.
    ///
    /// # Errors
    /// When no answer comes.
    pub(super) fn send(
        &self,
        (method, path): (&str, &str),
        token: &str,
        (kind, body): (&str, &str),
    ) -> Result<Answer, Failure> {
        let silent = || Failure::Found(format!("{} does not answer", self.name));
        let length = body.len();
        let more =
            format!("Authorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
        exchange(self.port, &format!("{method} {path}"), &more, body).ok_or_else(silent)
    }

    /// Seconds on a processor so far of the process that answers (nginx's is its worker): its own, and the system's
    /// for it.
    ///
    /// # Errors
    /// When `/proc` does not tell.
    pub(super) fn cpu_seconds(&self) -> Result<(f64, f64), Failure> {
        let path = self.proc().join("stat");
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        // The name, in parentheses, may have blanks in it; the times are the 14th and 15th word of all (proc(5)).
        let words: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let seconds =
            |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).map(|ticks| ticks / TICKS);
        let unreadable = || Failure::Found(format!("`{}` cannot be read", path.display()));
        seconds(11).zip(seconds(12)).ok_or_else(unreadable)
    }

    /// The process that was started.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it holds in memory now, and held at most, in megabytes (proc(5), `VmRSS` and `VmHWM`).
    ///
    /// # Errors
    /// When `/proc` does not tell.
    pub(super) fn memory(&self) -> Result<(f64, f64), Failure> {
        let path = self.proc().join("status");
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok().map(|kibibytes| kibibytes * 1_024.0 / 1e6)
        };
        match (value("VmRSS:"), value("VmHWM:")) {
            (Some(now), Some(most)) => Ok((now, most)),
            _ => Err(Failure::Found(format!("`{}` cannot be read", path.display()))),
        }
    }

    /// Lets what it held at most begin anew with what it holds now (proc(5), `clear_refs`).
    ///
    /// # Errors
    /// When `/proc` does not allow it.
    pub(super) fn forget_most_memory(&self) -> Result<(), Failure> {
        let path = self.proc().join("clear_refs");
        fs::write(&path, "5").map_err(Failure::file(&path))
    }

    /// Stops it as an operator would, and tells how many seconds that took.
    pub(super) fn stop(mut self) -> f64 {
        let start = now();
        self.process.stop();
        seconds_since(start)
    }

    fn proc(&self) -> PathBuf {
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let worker = children.split_whitespace().next().map_or_else(|| id.to_string(), str::to_owned);
        Path::new("/proc").join(worker)
    }
}

/// An answer: the status and all that came with it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// 200 or 204.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.status, 200 | 204)
    }
}

fn ask(port: u16, path: &str, token: Option<&str>) -> Option<Answer> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    exchange(port, &format!("GET {path}"), &authorization, "")
}

/// One request on a connection of its own.
fn exchange(port: u16, call: &str, headers: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    let request = format!("{call} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, text })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(super) fn seconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}
