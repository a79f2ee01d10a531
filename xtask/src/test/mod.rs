//! `cargo xtask test`: every test, against the real servers.

pub(crate) mod cluster;
pub(crate) mod machine;

use std::num::NonZero;
use std::process::{Command, Stdio};

use patgate_testkit::browser;
use patgate_testkit::servers::{mail, oidc, patgate, postgres};

use crate::failure::Failure;
use crate::process::{self, cargo, step};
use crate::tools::{
    AXE, CANAILLE, MAIL_SERVER, OIDC_LIAR, OIDC_PROVIDER, STANDARD_WEBHOOKS, VENDOR_CLIENTS, modules,
};
use crate::tree;
use cluster::Cluster;

/// The slots of a test that works, as `.config/nextest.toml` says; one that waits takes one.
const WORKING: usize = 4;
/// The slots for tests that wait beside those that work.
const WAITING: usize = 3;
/// Options of nextest that say themselves how many tests run at once, or that none does.
const CHOICES: [&str; 6] = ["-j", "--jobs", "--test-threads", "--no-capture", "--nocapture", "--no-run"];

/// What `cargo xtask test` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For the runner (`cargo nextest run`, else `cargo test`), for example `-p patgate-store` or a part of a test's
    /// name. With any of them documentation tests are left out
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    runner: Vec<String>,
}

/// Runs them: installs what is missing, starts PostgreSQL once, builds the program once.
///
/// # Errors
/// When something is missing and cannot be installed, when the tests do not build, or when one fails.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what the tests need", || {
        machine::prepare()?;
        for script in [AXE, OIDC_PROVIDER, OIDC_LIAR, STANDARD_WEBHOOKS] {
            script.find()?;
        }
        CANAILLE.find()?;
        for client in VENDOR_CLIENTS {
            client.find()?;
        }
        MAIL_SERVER.find().map(drop)
    })?;
    let is_whole = arguments.runner.is_empty();
    if is_whole {
        // In one go with the tests, so that everything below them is built once, with one set of features.
        step("build", || {
            process::run(workspace("build").args(["--lib", "--bins", "--tests", "--examples"]))
        })?;
    }
    let cluster = step("PostgreSQL", Cluster::start)?;
    let outcome = run_tests(arguments, is_whole, &cluster);
    drop(cluster);
    outcome
}

fn run_tests(arguments: &Arguments, is_whole: bool, cluster: &Cluster) -> Result<(), Failure> {
    step("tests", || {
        let mut command = runner(arguments);
        prepare(&mut command, is_whole, cluster);
        process::run(&mut command)
    })?;
    if !is_whole {
        return Ok(());
    }
    step("documentation tests", || {
        let mut command = workspace("test");
        prepare(command.arg("--doc"), is_whole, cluster);
        process::run(&mut command)
    })
}

/// nextest when the machine has it: it runs every test in a process of its own, and reads better.
fn runner(arguments: &Arguments) -> Command {
    let mut nextest = cargo();
    nextest.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    let has_nextest = process::output(&mut nextest).is_ok_and(|output| output.status.success());
    let mut command = cargo();
    command.current_dir(tree::root());
    if has_nextest {
        command.args(["nextest", "run"]);
        let chooses = |word: &String| CHOICES.iter().any(|choice| word.starts_with(choice));
        if !arguments.runner.iter().any(chooses) {
            let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
            command.arg(format!("--test-threads={}", processors * WORKING + WAITING));
        }
    } else {
        // What `cargo test` runs by default, less the documentation tests, which have a step of their own.
        command.args(["test", "--lib", "--bins", "--tests"]);
    }
    let names_packages =
        arguments.runner.iter().any(|word| word.starts_with("-p") || word.starts_with("--package"));
    if !names_packages {
        command.arg("--workspace");
    }
    command.arg("--locked").args(&arguments.runner);
    command
}

fn workspace(verb: &str) -> Command {
    let mut command = cargo();
    command.current_dir(tree::root()).args([verb, "--workspace", "--locked"]);
    command
}

/// What the tests are told. Without the binary here, the test kit builds one when it needs it.
fn prepare(command: &mut Command, is_whole: bool, cluster: &Cluster) {
    command.env(postgres::VARIABLE, cluster.url());
    command.env(browser::AXE_VARIABLE, AXE.path()).env(mail::VARIABLE, MAIL_SERVER.path());
    command.env(oidc::NODE_VARIABLE, modules()).env(oidc::CANAILLE_VARIABLE, CANAILLE.path());
    for client in VENDOR_CLIENTS {
        command.env(client.client.variable(), client.path());
    }
    if is_whole {
        command.env(patgate::VARIABLE, binary());
    }
}

/// The program that the build has made: beside this one, because both are built by the same profile.
pub(crate) fn binary() -> std::path::PathBuf {
    let ours = std::env::current_exe().unwrap_or_default();
    ours.with_file_name("patgate")
}
