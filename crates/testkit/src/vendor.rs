//! The vendors' own clients, from PyPI, each in an environment of its own because their dependencies quarrel: scripts that
//! use them run as a customer's would.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::run_with_input;

/// A client of a vendor's, in the version that `cargo xtask test` installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `digitalai-release-api-client`.
    Release,
    /// `digitalai-release-sdk`, of which tasks in containers are made.
    ReleaseSdk,
    /// `xldeploy-py`.
    Deploy,
}

impl Client {
    /// The variable by which `cargo xtask test` tells which Python has it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Release => "PATGATE_TEST_RELEASE_CLIENT",
            Self::ReleaseSdk => "PATGATE_TEST_RELEASE_SDK",
            Self::Deploy => "PATGATE_TEST_DEPLOY_CLIENT",
        }
    }

    /// Its folder in `target/tools`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Release => "release-client",
            Self::ReleaseSdk => "sdk-client",
            Self::Deploy => "deploy-client",
        }
    }

    /// Runs a script with these arguments and returns what it printed; panics with what it complained about when it fails.
    #[must_use]
    pub fn run(self, script: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.python());
        // As it stands in the script, and nothing of the machine's.
        command.args(["-I", "-W", "ignore", "-"]).args(arguments);
        let output = run_with_input(command, script);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "the script of {self:?} failed ({arguments:?}):\n{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    fn python(self) -> PathBuf {
        #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
        let given = std::env::var_os(self.variable());
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools");
        let python = given.map_or_else(|| tools.join(self.folder()).join("bin/python"), PathBuf::from);
        assert!(
            python.exists(),
            "no Python at `{}`; `cargo xtask test` installs what is missing",
            python.display()
        );
        python
    }
}
