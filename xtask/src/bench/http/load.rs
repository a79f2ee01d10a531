//! One turn of one server: load from the other core, and what it cost this one.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{CORE, FREE_CORE};
use crate::bench::machine::busy_seconds;
use crate::bench::serving::Serving;
use crate::failure::Failure;
use crate::{process, tree};

/// Connections that stay open; each asks again as soon as it is answered.
pub(super) const CONNECTIONS: usize = 64;
/// Seconds of load before a turn is measured, the next ones when the ones before did not reach every token.
const WARM_UPS: [u32; 4] = [2, 4, 8, 16];
/// How long a server is left alone then. Patgate writes where its tokens were used first in this minute, which a token
/// that is used a hundred times a minute pays for once.
const REST: Duration = Duration::from_secs(2);

/// What one turn showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Answers.
    pub(super) answers: f64,
    /// Answers a second.
    pub(super) per_second: f64,
    /// Microseconds that half of the answers took at most.
    pub(super) p50: f64,
    /// Microseconds that 99 of 100 answers took at most.
    pub(super) p99: f64,
    /// Microseconds of processor time of the server for one answer: its own.
    pub(super) user: f64,
    /// Microseconds of processor time of the system for one answer of the server.
    pub(super) system: f64,
    /// The part of the free core that others took, 0 to 1.
    pub(super) others: f64,
}

/// Loads a server until it has been asked with each of so many tokens of the file, and lets it come to rest.
///
/// # Errors
/// As [`load`], and when the server is too slow for that.
#[expect(clippy::disallowed_methods, reason = "a server at rest shows nothing that one could wait for")]
pub(super) fn warm_up(serving: &Serving, file: &Path, tokens: usize) -> Result<(), Failure> {
    for seconds in WARM_UPS {
        if load(serving, file, seconds)?.answers >= tokens as f64 {
            std::thread::sleep(REST);
            return Ok(());
        }
    }
    Err(Failure::Found(format!("this machine is too busy: no {tokens} answers in {WARM_UPS:?} seconds")))
}

/// Loads a server for so many seconds with the tokens of the file in turn.
///
/// # Errors
/// When an answer was not good, or a connection broke.
pub(super) fn load(serving: &Serving, file: &Path, seconds: u32) -> Result<Turn, Failure> {
    let (before, busy) = (serving.cpu_seconds()?, busy_seconds(Some(FREE_CORE))?);
    let figures = wrk(serving.port, file, seconds)?;
    let (after, busy) = (serving.cpu_seconds()?, busy_seconds(Some(FREE_CORE))? - busy);
    let [answers, microseconds, p50, p99, refused, broken] = figures;
    if refused > 0.0 || broken > 0.0 {
        return Err(Failure::Found(format!("{refused} answers were errors and {broken} connections broke")));
    }
    let elapsed = microseconds / 1e6;
    let (user, system) = (after.0 - before.0, after.1 - before.1);
    Ok(Turn {
        answers,
        per_second: answers / elapsed,
        p50,
        p99,
        user: user * 1e6 / answers,
        system: system * 1e6 / answers,
        others: (busy / elapsed).max(0.0),
    })
}

impl Turn {
    /// Microseconds of processor time for one answer, its own and the system's.
    pub(super) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// Runs wrk, and returns the figures that `tokens.lua` prints.
fn wrk(port: u16, tokens: &Path, seconds: u32) -> Result<[f64; 6], Failure> {
    let output = tokens.with_file_name("wrk.log");
    let file = File::create(&output).map_err(Failure::file(&output))?;
    let mut command = Command::new("taskset");
    command.args(["-c", &CORE.to_string(), "wrk", "-t1", "--latency", "--timeout", "10s"]);
    command.arg(format!("-c{CONNECTIONS}")).arg(format!("-d{seconds}s"));
    command.arg("-s").arg(tree::root().join("xtask/src/bench/http/tokens.lua"));
    command.arg(format!("http://127.0.0.1:{port}/auth")).arg("--").arg(tokens);
    process::run(command.stdin(Stdio::null()).stdout(file))?;
    let output = fs::read_to_string(&output).map_err(Failure::file(&output))?;
    figures(&output).ok_or_else(|| Failure::Found(format!("wrk printed no figures:\n{output}")))
}

fn figures(output: &str) -> Option<[f64; 6]> {
    let line = output.lines().find_map(|line| line.strip_prefix("figures "))?;
    let figures: Vec<f64> = line.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    figures.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_figures_is_found() {
        let output = "Running 5s test\n  Latency 1ms\nfigures 10 20 30 40 0 0\n";
        assert_eq!(figures(output), Some([10.0, 20.0, 30.0, 40.0, 0.0, 0.0]));
        assert_eq!(figures("figures 10 20\n"), None);
        assert_eq!(figures("unable to connect\n"), None);
    }
}
