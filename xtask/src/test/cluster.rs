//! A private PostgreSQL for one run of the tests: durable as in production, on loopback, gone afterwards.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use patgate_testkit::child::Process;
use patgate_testkit::{ports, wait};
use rustix::process::{Signal, getuid};
use tempfile::TempDir;

use super::machine::postgres_programs;
use crate::failure::Failure;
use crate::process;

/// The cluster's superuser, who is also its password.
const USER: &str = "patgate";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(30);
/// How long it may take to stop; nothing in it is worth more.
const STOP: Duration = Duration::from_secs(20);

/// A running cluster; stopped and removed with this value.
pub(crate) struct Cluster {
    // Before the directory, because values are dropped in this order.
    server: Process,
    directory: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Errors
    /// When the folder cannot be made, or PostgreSQL refuses; what it wrote is shown.
    pub(crate) fn start() -> Result<Self, Failure> {
        let programs = postgres_programs()
            .ok_or_else(|| Failure::Found("PostgreSQL is not on this machine".to_owned()))?;
        let directory = tempfile::Builder::new()
            .prefix("patgate-postgres-")
            .tempdir()
            .map_err(Failure::file(std::env::temp_dir()))?;
        let path = directory.path();
        // The user `postgres` must get through to the data.
        fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(Failure::file(path))?;
        make_data(&programs, path)?;
        let port = ports::free();
        let mut cluster = Self { server: serve(&programs, path, port)?, directory, port };
        let (server, path) = (&mut cluster.server, cluster.directory.path());
        let outcome = wait::until(START, || {
            // It listens before it takes connections.
            let is_ready = || read_log(path).contains("ready to accept connections").then_some(true);
            if server.ended().is_some() { Some(false) } else { is_ready() }
        });
        if outcome == Some(true) {
            println!("PostgreSQL listens on port {port} for the tests, with fsync on");
            return Ok(cluster);
        }
        Err(Failure::Found(format!("PostgreSQL did not start:\n{}", read_log(path))))
    }

    /// The URL of its maintenance database, as its superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}:{USER}@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Immediate shutdown: what it would write out first, from every database of the tests, is removed right after. The
        // master takes its children with it, as SIGKILL would not let it.
        self.server.signal(Signal::QUIT);
        self.server.wait(STOP);
    }
}

fn make_data(programs: &Path, directory: &Path) -> Result<(), Failure> {
    let data = data_folder(directory);
    let mut folder = Command::new("install");
    folder.args(["-d", "-m", "700"]);
    if getuid().is_root() {
        folder.args(["-o", "postgres", "-g", "postgres"]);
    }
    process::run(folder.arg(&data))?;
    let password = directory.join("password");
    fs::write(&password, format!("{USER}\n")).map_err(Failure::file(&password))?;
    fs::set_permissions(&password, Permissions::from_mode(0o644)).map_err(Failure::file(&password))?;
    let mut command = as_postgres(&programs.join("initdb"));
    command.arg("--pgdata").arg(&data).arg("--username").arg(USER).arg("--pwfile").arg(&password);
    command.args([
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]);
    process::run(command.current_dir(directory).stdout(Stdio::null()))
}

fn serve(programs: &Path, directory: &Path, port: u16) -> Result<Process, Failure> {
    let log = File::create(log_file(directory)).map_err(Failure::file(log_file(directory)))?;
    let errors = log.try_clone().map_err(Failure::file(log_file(directory)))?;
    let mut command = as_postgres(&programs.join("postgres"));
    command.arg("-D").arg(data_folder(directory)).arg("-p").arg(port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        // As in production: what is answered is on the disk. Crash tests mean nothing without it.
        "fsync=on",
        "full_page_writes=on",
        "synchronous_commit=on",
        "max_connections=200",
        "shared_buffers=64MB",
    ] {
        command.arg("-c").arg(setting);
    }
    command.current_dir(directory).stdin(Stdio::null()).stdout(log).stderr(errors);
    // A group of its own, so that Ctrl-C reaches the tests first, and the cluster when they are done.
    command.process_group(0);
    Ok(Process::start(command))
}

/// PostgreSQL refuses to run as root. `setpriv` replaces itself by the program, which stays our direct child, and
/// lets the system stop it should we be killed.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if getuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    command.env_remove("PGDATA").env("HOME", "/tmp").env("LC_ALL", "C.UTF-8");
    command
}

fn data_folder(directory: &Path) -> PathBuf {
    directory.join("data")
}

fn read_log(directory: &Path) -> String {
    fs::read_to_string(log_file(directory)).unwrap_or_default()
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("postgresql.log")
}
