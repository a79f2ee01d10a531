//! Patgate itself as people run it: a release build, on a data folder of the benchmark's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::serving::Serving;
use crate::failure::Failure;
use crate::process::{self, cargo};
use crate::tree;

/// Builds the program.
///
/// # Errors
/// When it does not build.
pub(super) fn build() -> Result<PathBuf, Failure> {
    build_release(&["-p", "patgate"])?;
    Ok(release("patgate"))
}

/// Builds an example of one of our crates. Not in one go with the program, whose features would be mixed with its own.
///
/// # Errors
/// When it does not build.
pub(super) fn build_example(package: &str, example: &str) -> Result<PathBuf, Failure> {
    build_release(&["-p", package, "--example", example])?;
    Ok(release("examples").join(example))
}

/// A data folder, and what is needed to work with it.
#[derive(Debug)]
pub(super) struct Data {
    program: PathBuf,
    fill: PathBuf,
    folder: TempDir,
}

impl Data {
    /// A new folder, on which the program has not run yet.
    ///
    /// # Errors
    /// When something does not build, or there is no room for a folder.
    pub(super) fn new() -> Result<Self, Failure> {
        let program = build()?;
        let fill = build_example("patgate-store", "fill")?;
        let folder = tempfile::Builder::new().prefix("patgate-bench-").tempdir();
        let folder = folder.map_err(Failure::file(std::env::temp_dir()))?;
        Ok(Self { program, fill, folder })
    }

    /// The file of the plain tokens, once there are any.
    pub(super) fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// The folder for anything else the benchmark writes.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the program on the folder and waits until it is ready.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn serve(&self, core: Option<usize>) -> Result<Serving, Failure> {
        Serving::start("patgate", core, self.path(), "/readyz", |port| {
            let mut words = vec![self.program.clone().into_os_string(), "serve".into()];
            words.extend(["--data-dir".into(), self.state().into_os_string()]);
            words.extend(["--listen".into(), format!("127.0.0.1:{port}").into()]);
            Ok(words)
        })
    }

    /// The demonstration, on a folder that it throws away in ours.
    pub(super) fn demo(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("demo").current_dir(self.path()).env_clear().env("TMPDIR", self.path());
        command
    }

    /// Starts the program on a database elsewhere, with its keys in the folder.
    ///
    /// # Errors
    /// When it is not ready.
    pub(super) fn serve_on(&self, database_url: &str) -> Result<Serving, Failure> {
        Serving::start("patgate", None, self.path(), "/readyz", |port| {
            // env becomes the program, so that it stays our child.
            let mut words = vec!["env".into(), format!("PATGATE_DATABASE_URL={database_url}").into()];
            words.extend([self.program.clone().into_os_string(), "serve".into()]);
            words.extend(["--data-dir".into(), self.state().into_os_string()]);
            words.extend(["--listen".into(), format!("127.0.0.1:{port}").into()]);
            Ok(words)
        })
    }

    /// Makes this many tokens. The program must have run on the folder, and must not run now.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn make_tokens(&self, count: usize) -> Result<(), Failure> {
        let mut command = Command::new(&self.fill);
        process::run(command.arg("make").arg(self.state()).arg(count.to_string()).arg(self.tokens()))
    }

    /// Gives this many tokens to a user, and makes tokens and log as years leave them. Returns the identifier of a token
    /// that much happened to. The program must not run now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(super) fn age(&self, user: &str, own: usize) -> Result<String, Failure> {
        let mut command = Command::new(&self.fill);
        let text = process::read(command.arg("age").arg(self.state()).arg(user).arg(own.to_string()))?;
        Ok(text.trim().to_owned())
    }

    /// Makes a token for all applications, of this user, as an operator does. Returns its text.
    ///
    /// # Errors
    /// When the program says no.
    pub(super) fn make_token(&self, owner: &str, note: &str) -> Result<String, Failure> {
        let mut command = Command::new(&self.program);
        command.current_dir(self.path()).env_clear().args(["token", "create", "--application", "any"]);
        command.args(["--owner", owner, "--name", note, "--data-dir"]).arg(self.state());
        Ok(process::read(command.stderr(Stdio::null()))?.trim().to_owned())
    }

    /// The password of the first administrator. The program must have run on the folder.
    ///
    /// # Errors
    /// When it has not.
    pub(super) fn password(&self) -> Result<String, Failure> {
        let file = self.state().join("initial-admin-password");
        let password = fs::read_to_string(&file).map_err(Failure::file(&file))?;
        Ok(password.trim().to_owned())
    }

    /// Writes to the database, past the program: what would take it years, or hours.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(super) fn write_database(&self, sql: &str) -> Result<(), Failure> {
        process::run(self.sqlite().arg(sql))
    }

    /// What the database says to a question, without blanks around it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn ask_database(&self, sql: &str) -> Result<String, Failure> {
        Ok(process::read(self.sqlite().arg(sql))?.trim().to_owned())
    }

    /// How many tokens have a last use in the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn count_used(&self) -> Result<usize, Failure> {
        let text = process::read(Command::new(&self.fill).arg("used").arg(self.state()))?;
        text.trim().parse().map_err(|_| Failure::Found(format!("`fill used` said `{}`", text.trim())))
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn sqlite(&self) -> Command {
        let mut command = Command::new("sqlite3");
        // A server that runs on it may be writing.
        command.args(["-cmd", ".timeout 60000"]).arg(self.state().join("patgate.db"));
        command
    }
}

fn build_release(words: &[&str]) -> Result<(), Failure> {
    let mut command = cargo();
    command.current_dir(tree::root()).args(["build", "--release", "--quiet", "--locked"]).args(words);
    process::run(command.stdin(Stdio::null()))
}

fn release(file: &str) -> PathBuf {
    tree::root().join("target/release").join(file)
}
