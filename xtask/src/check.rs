//! `cargo xtask check`: everything that can be said about the code without running it.

use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::tools::CARGO_DENY;
use crate::{generate, tidy, tree};

/// One of them.
type Check = fn() -> Result<(), Failure>;

/// Runs every check, even after one has failed, so that a person sees all there is to mend.
///
/// # Errors
/// When a check failed, naming all that did.
pub(crate) fn run() -> Result<(), Failure> {
    let checks: [(&str, Check); 8] = [
        ("format", format),
        ("tidy", tidy::run),
        ("licences, bans, sources", deny),
        ("advisories", advisories),
        ("clippy", clippy),
        ("fuzz targets", fuzz_targets),
        ("documentation", documentation),
        ("generated files", generate::check),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        match step(name, check) {
            Ok(()) => {}
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(failure) => {
                eprintln!("{name}: {failure}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::Found(format!("failed: {}", failed.join("; ")))) }
}

fn format() -> Result<(), Failure> {
    process::run(cargo().current_dir(tree::root()).args(["fmt", "--all", "--check"]))?;
    // The fuzz targets are a workspace of their own.
    process::run(cargo().current_dir(tree::root().join("fuzz")).args(["fmt", "--check"]))
}

fn clippy() -> Result<(), Failure> {
    let words = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ];
    process::run(cargo().current_dir(tree::root()).args(words))
}

/// Compiles them, also against their lock file, which nothing else looks at between two `soak`s.
fn fuzz_targets() -> Result<(), Failure> {
    let manifest = tree::root().join("fuzz/Cargo.toml");
    // A folder of its own: the flags of `cargo fuzz` differ, and each would undo what the other built.
    let target = tree::root().join("target/fuzz-check");
    let mut command = cargo();
    command.args(["check", "--locked", "--quiet", "--manifest-path"]).arg(manifest);
    process::run(command.arg("--target-dir").arg(target))
}

fn documentation() -> Result<(), Failure> {
    let mut command = cargo();
    command.current_dir(tree::root()).args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny() -> Result<(), Failure> {
    let tool = CARGO_DENY.find()?;
    // Offline, because what is judged is on the disk already, and an answer must not depend on the network.
    process::run(cargo().current_dir(tree::root()).args(["fetch", "--locked", "--quiet"]))?;
    let words = [
        "--offline",
        "--log-level",
        "error",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    process::run(Command::new(tool).current_dir(tree::root()).args(words))
}

fn advisories() -> Result<(), Failure> {
    let Ok(tool) = CARGO_DENY.find() else {
        println!("SKIPPED: advisories are NOT checked, there is no cargo-deny here");
        return Ok(());
    };
    let mut probe = Command::new("git");
    probe.args(["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=10", "ls-remote", "--quiet"]);
    probe.args(["https://github.com/RustSec/advisory-db", "HEAD"]).env("GIT_TERMINAL_PROMPT", "0");
    let is_reachable =
        process::output(probe.stderr(Stdio::null())).is_ok_and(|output| output.status.success());
    if !is_reachable {
        println!("SKIPPED: advisories are NOT checked, the RustSec database cannot be reached from here");
        return Ok(());
    }
    process::run(Command::new(tool).current_dir(tree::root()).args([
        "--log-level",
        "error",
        "check",
        "advisories",
    ]))
}
