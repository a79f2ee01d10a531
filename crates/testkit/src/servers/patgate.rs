//! The program itself, as people start it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::postgres;
use crate::child::{self, Process};
use crate::wire::Wire;
use crate::{curl, ports, wait};

/// The variable by which `cargo xtask test` tells which binary it has built.
pub const VARIABLE: &str = "PATGATE_TEST_BINARY";
/// The administrator's password unless the test sets another.
pub const ADMIN_PASSWORD: &str = "test-admin-password-1";
/// How long a start may take: a debug build, two cores, other tests beside it.
const START: Duration = Duration::from_secs(60);

/// How the program is to be started. Made by [`Patgate::with`].
#[derive(Debug, Default)]
pub struct Start {
    configuration: Option<String>,
    database_url: Option<String>,
    listeners: Option<usize>,
    environment: Vec<(OsString, OsString)>,
    arguments: Vec<OsString>,
    wrapper: Vec<OsString>,
    is_https: bool,
    is_passwordless: bool,
    data: Option<PathBuf>,
}

/// A running `patgate serve` with its own data folder.
///
/// ```no_run
/// use patgate_testkit::{curl, servers::patgate::Patgate};
/// let patgate = Patgate::start();
/// assert_eq!(curl::get(&patgate.url_of("/healthz")).status, 200);
/// ```
#[derive(Debug)]
pub struct Patgate {
    // Before the directory: values are dropped in this order, and a running program still writes there.
    process: Process,
    start: Start,
    ports: Vec<u16>,
    directory: TempDir,
}

/// A program that ended instead of starting.
#[derive(Debug)]
pub struct DidNotStart {
    /// How it ended; `None` when it was still running, but never ready.
    pub status: Option<ExitStatus>,
    /// All it wrote, to the output and the error output.
    pub log: String,
}

impl Start {
    /// The text of the configuration file (`--config`).
    #[must_use]
    pub fn configuration(mut self, text: impl Into<String>) -> Self {
        self.configuration = Some(text.into());
        self
    }

    /// Another database than SQLite in the data folder (`--database-url`).
    #[must_use]
    pub fn database_url(mut self, url: &str) -> Self {
        self.database_url = Some(url.to_owned());
        self
    }

    /// How many listeners there are (`--listen`, one if this is not called).
    #[must_use]
    pub fn listeners(mut self, count: usize) -> Self {
        self.listeners = Some(count);
        self
    }

    /// One environment variable. Those of the test run that start with `PATGATE_` are not passed on.
    #[must_use]
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// One more argument after `patgate serve …`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Words before the program's name. They must leave the program the direct child, as `strace -D` and
    /// `taskset` do; a plain `strace` would be killed in its place.
    #[must_use]
    pub fn under(mut self, words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.wrapper = words.into_iter().map(Into::into).collect();
        self
    }

    /// The configuration sets `tls.*`: the URLs start with `https`.
    #[must_use]
    pub fn https(mut self) -> Self {
        self.is_https = true;
        self
    }

    /// The first start makes up the administrator's password.
    #[must_use]
    pub fn without_admin_password(mut self) -> Self {
        self.is_passwordless = true;
        self
    }

    /// A data folder that exists, instead of a new one. It stays when the program is gone.
    #[must_use]
    pub fn data_directory(mut self, directory: &Path) -> Self {
        self.data = Some(directory.to_owned());
        self
    }

    /// Starts it and waits until `/readyz` says 200; panics with the log when it does not.
    #[must_use]
    pub fn start(self) -> Patgate {
        self.try_start().unwrap_or_else(|failure| {
            panic!("patgate did not start ({:?}):\n{}", failure.status, failure.log)
        })
    }

    /// Starts it and waits until `/readyz` says 200.
    ///
    /// # Errors
    /// How it ended and what it wrote, when it ended instead.
    pub fn try_start(self) -> Result<Patgate, DidNotStart> {
        let mut patgate = self.begin();
        patgate.wait_until_ready()?;
        Ok(patgate)
    }

    /// Starts it and waits for nothing.
    #[must_use]
    pub fn begin(self) -> Patgate {
        let directory = tempfile::Builder::new()
            .prefix("patgate-test-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for patgate: {error}"));
        if let Some(text) = &self.configuration {
            fs::write(directory.path().join("patgate.toml"), text)
                .unwrap_or_else(|error| panic!("cannot write the configuration: {error}"));
        }
        let ports: Vec<u16> = (0..self.listeners.unwrap_or(1)).map(|_| ports::free()).collect();
        let process = Process::start(self.command(directory.path(), &ports));
        Patgate { process, start: self, ports, directory }
    }

    fn command(&self, directory: &Path, ports: &[u16]) -> Command {
        let mut words = self.wrapper.iter().map(OsString::as_os_str).chain([binary().as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_else(|| OsStr::new("patgate")));
        command.args(words).arg("serve").arg("--data-dir").arg(self.data_in(directory));
        for port in ports {
            command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        }
        self.place(&mut command, directory);
        command.args(&self.arguments);
        let log = File::options()
            .create(true)
            .append(true)
            .open(log_file(directory))
            .and_then(|file| Ok((file.try_clone()?, file)))
            .unwrap_or_else(|error| panic!("cannot write the log: {error}"));
        command.stdin(Stdio::null()).stdout(log.0).stderr(log.1);
        command
    }

    /// What tells every subcommand where the state is.
    fn place(&self, command: &mut Command, directory: &Path) {
        if self.configuration.is_some() {
            command.arg("--config").arg(directory.join("patgate.toml"));
        }
        if let Some(url) = &self.database_url {
            command.arg("--database-url").arg(url);
        }
        for (name, _) in surroundings().filter(|(name, _)| name.to_string_lossy().starts_with("PATGATE_")) {
            command.env_remove(name);
        }
        command.current_dir(directory);
        if !self.is_passwordless {
            command.env("PATGATE_ADMIN_PASSWORD", ADMIN_PASSWORD);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    fn data_in(&self, directory: &Path) -> PathBuf {
        self.data.clone().unwrap_or_else(|| directory.join("data"))
    }
}

impl Patgate {
    /// Starts it with SQLite, one listener and the password [`ADMIN_PASSWORD`] for `admin`.
    #[must_use]
    pub fn start() -> Self {
        Self::with().start()
    }

    /// Starts it otherwise.
    #[must_use]
    pub fn with() -> Start {
        Start::default()
    }

    /// The first listener, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of_listener(0)
    }

    /// A path on the first listener: `url_of("/auth")`.
    #[must_use]
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// Another listener, counted from 0.
    #[must_use]
    pub fn url_of_listener(&self, listener: usize) -> String {
        let scheme = if self.start.is_https { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.ports[listener])
    }

    /// The ports it listens on.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Its data folder.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.start.data_in(self.directory.path())
    }

    /// The folder it was started in, where its configuration and log are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// All it wrote since the first start.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(log_file(self.directory.path()))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Runs another subcommand on the same state, for example `["token", "list"]`.
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        self.run_with_input(arguments, "")
    }

    /// As [`Patgate::run`], with a text on its input.
    pub fn run_with_input(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        input: &str,
    ) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--data-dir").arg(self.data_directory());
        self.start.place(&mut command, self.directory.path());
        child::run_with_input(command, input)
    }

    /// Runs SQL on its database, by psql or sqlite3, and returns the rows: one a line, columns separated by `|`.
    pub fn sql(&self, sql: &str) -> String {
        match &self.start.database_url {
            Some(url) => postgres::query(url, sql),
            None => {
                let file = self.data_directory().join("patgate.db");
                // The program may be writing.
                let options = ["-batch", "-cmd", ".timeout 5000"].map(OsStr::new);
                let words = options.into_iter().chain([file.as_os_str(), OsStr::new(sql)]);
                child::run(child::program("sqlite3"), words)
            }
        }
    }

    /// Whether its database is PostgreSQL.
    #[must_use]
    pub fn is_on_postgres(&self) -> bool {
        self.start.database_url.is_some()
    }

    /// Sends it a signal, for example SIGHUP.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Crashes it (SIGKILL). Nothing it had not written survives.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it as an operator would (SIGTERM) and tells how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.process.stop()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// Starts it again on the same state, ports and configuration, and waits until it is ready.
    pub fn start_again(&mut self) {
        if self.process.ended().is_none() {
            self.process.stop();
        }
        self.process = Process::start(self.start.command(self.directory.path(), &self.ports));
        if let Err(failure) = self.wait_until_ready() {
            panic!("patgate did not start again ({:?}):\n{}", failure.status, failure.log);
        }
    }

    /// Waits until `/readyz` says 200.
    ///
    /// # Errors
    /// How it ended and what it wrote, when it ended instead.
    pub fn wait_until_ready(&mut self) -> Result<(), DidNotStart> {
        let (port, is_https, ready) = (self.ports[0], self.start.is_https, self.url_of("/readyz"));
        let process = &mut self.process;
        let outcome = wait::until(START, || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            let status = if is_https {
                // The certificate is the test's business; here only the answer counts.
                wait::is_listening(port).then(|| curl::curl(["--insecure", &ready]).status)
            } else {
                // By hand, because a start takes several looks, and a program for each would slow it down.
                let wire = Wire::try_connect(port);
                let answer = wire.and_then(|mut wire| wire.request("GET", "/readyz", &[], ""));
                answer.ok().map(|answer| answer.status)
            };
            (status == Some(200)).then_some(Ok(()))
        });
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => Err(DidNotStart { status: Some(status), log: self.log() }),
            None => Err(DidNotStart { status: None, log: self.log() }),
        }
    }
}

/// The binary under test: the one `cargo xtask test` built, or one that is built now.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
        let given = std::env::var_os(VARIABLE);
        given.map_or_else(build, PathBuf::from)
    })
}

fn build() -> PathBuf {
    child::run("cargo", ["build", "--quiet", "--package", "patgate"]);
    let test = std::env::current_exe().unwrap_or_else(|error| panic!("where am I? {error}"));
    // A test runs in `target/debug/deps`, an example in `target/debug/examples`; the binary is beside these folders.
    test.ancestors()
        .skip(1)
        .map(|folder| folder.join("patgate"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("cargo built no `patgate` beside {}", test.display()))
}

#[expect(clippy::disallowed_methods, reason = "to keep the variables of the test run away from the program")]
fn surroundings() -> std::env::VarsOs {
    std::env::vars_os()
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("patgate.log")
}
