//! Scripts that nobody would write, in real workers.

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::tree;

/// The trial, which is a test that runs fewer of them otherwise.
const TRIAL: &str = "scripts::fuzzed::scripts_that_nobody_would_write_harm_nobody";

/// The server within the trial is made quick: it runs twice as many scripts so. All packages are chosen, because what is built
/// for one alone has other features; the server and its tests are then all that is built anew.
const OPTIMISED: &str = "profile.dev.package.patgate-server.opt-level=1";

/// Runs so many scripts from the one of this number on, and prints what became of them as a table for `docs/reference/reliability.md`.
///
/// # Errors
/// When one of them harmed more than its worker, or the program does not build.
pub(super) fn run(first: u32, count: u32) -> Result<(), Failure> {
    step("build", || {
        let mut build = cargo();
        process::run(build.current_dir(tree::root()).args([
            "build",
            "--package",
            "patgate",
            "--release",
            "--locked",
        ]))
    })?;
    step("scripts", || {
        let mut trial = cargo();
        trial.current_dir(tree::root()).args(["test", "--workspace", "--test", "it", "--locked"]);
        trial.args(["--config", OPTIMISED, "--", "--exact", TRIAL, "--nocapture"]);
        trial.env("PATGATE_TEST_BINARY", tree::root().join("target/release/patgate"));
        trial.env("PATGATE_TEST_FIRST_SCRIPT", first.to_string());
        process::run(trial.env("PATGATE_TEST_SCRIPTS", count.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_is_there_under_its_name() {
        // A name that fits no test would be a trial that ends well at once.
        let text = include_str!("../../../crates/cli/tests/it/scripts/fuzzed.rs");
        let name = TRIAL.strip_prefix("scripts::fuzzed::").unwrap();
        assert_eq!(text.matches(&format!("\nasync fn {name}()")).count(), 1, "{TRIAL}");
    }
}
