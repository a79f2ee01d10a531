//! Real identity providers: one that is certified ([`Certified`]), one that lies ([`Liar`]), and one of another family
//! ([`Canaille`]). Each takes people to `http://localhost:PORT`, on a port that is chosen before, so that Patgate can be
//! started with its issuer; and [`Visitor`] signs in there without a browser.

mod canaille;
mod certified;
mod liar;
mod visitor;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

pub use canaille::{Canaille, VARIABLE as CANAILLE_VARIABLE};
pub use certified::{AUDIENCE, Certified, SECRET};
pub use liar::Liar;
pub use visitor::{Form, Visitor, forms};

use crate::child::Process;
use crate::wait;

/// The variable by which `cargo xtask test` tells where npm's packages are.
pub const NODE_VARIABLE: &str = "PATGATE_TEST_NODE_MODULES";

/// How long a provider may take to listen.
const START: Duration = Duration::from_secs(40);
/// How often one of Node.js is started.
const ATTEMPTS: usize = 3;

/// Where npm's packages are.
pub(crate) fn modules() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
    let given = std::env::var_os(NODE_VARIABLE);
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/node_modules");
    let path = given.map_or(tree, PathBuf::from);
    path.canonicalize().unwrap_or_else(|error| {
        panic!("no packages at `{}`: {error}; `cargo xtask test` installs what is missing", path.display())
    })
}

/// A new folder for a provider's files.
fn folder(name: &str) -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix(&format!("patgate-{name}-"))
        .tempdir()
        .unwrap_or_else(|error| panic!("no folder for {name}: {error}"))
}

fn write(folder: &Path, name: &str, text: &str) {
    // Another process reads these files at any time: it sees the old one or the new one.
    let (draft, file) = (folder.join(format!("{name}.new")), folder.join(name));
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, &file))
        .unwrap_or_else(|error| panic!("cannot write `{}`: {error}", file.display()));
}

/// Starts one of the scripts, and waits until it has written `ready`.
fn start_node(script: &str, folder: &Path, arguments: &[&str]) -> Process {
    let _ = std::fs::remove_file(folder.join("ready"));
    write(folder, "provider.mjs", script);
    // Seldom, on a busy machine, Node.js stands still before it runs the script: then another one is started.
    for _ in 0..ATTEMPTS {
        let mut command = Command::new("node");
        command.arg(folder.join("provider.mjs")).arg(modules()).arg(folder).args(arguments);
        let mut process = Process::start(logged(command, folder));
        let is_ready = wait::until(START, || {
            if process.ended().is_some() {
                Some(false)
            } else {
                folder.join("ready").exists().then_some(true)
            }
        });
        match is_ready {
            Some(true) => return process,
            Some(false) => break,
            None => process.kill(),
        }
    }
    panic!("the identity provider does not start:\n{}", log(folder));
}

/// With its output in the folder's log.
fn logged(mut command: Command, folder: &Path) -> Command {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("output.log"))
        .and_then(|file| Ok((file.try_clone()?, file)))
        .unwrap_or_else(|error| panic!("cannot write the identity provider's log: {error}"));
    command.stdin(Stdio::null()).stdout(log.0).stderr(log.1);
    command
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("output.log")).unwrap_or_default()
}
