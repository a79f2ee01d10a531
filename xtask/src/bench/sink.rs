//! A mail server that takes mails faster than anybody sends them: Postfix's `smtp-sink`.

use std::env;
use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use patgate_testkit::child::Process;
use patgate_testkit::{ports, wait};
use rustix::process::getuid;
use tempfile::TempDir;

use crate::failure::Failure;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);
/// How many connections may wait to be taken.
const BACKLOG: &str = "64";

/// It runs while this value is there, and each mail that it took is a file in its folder.
pub(super) struct Sink {
    _process: Process,
    folder: TempDir,
    port: u16,
}

impl Sink {
    /// Starts it. As root it becomes `nobody`, because it refuses to stay root.
    pub(super) fn start() -> Result<Self, Failure> {
        let folder = TempDir::new().map_err(Failure::file(env::temp_dir()))?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777))
            .map_err(Failure::file(folder.path()))?;
        let port = ports::free();
        let mut command = Command::new("smtp-sink");
        if getuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        // Each file's name begins so, and ends in a random number.
        command.arg("-d").arg(folder.path().join("mail."));
        let process = Process::start({
            command.arg(format!("127.0.0.1:{port}")).arg(BACKLOG);
            command
        });
        wait::until(START, || TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()))
            .ok_or_else(|| Failure::Found("`smtp-sink` does not listen".to_owned()))?;
        Ok(Self { _process: process, folder, port })
    }

    /// Where it listens on loopback.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// How many mails it has taken.
    pub(super) fn count(&self) -> Result<usize, Failure> {
        Ok(fs::read_dir(self.folder.path()).map_err(Failure::file(self.folder.path()))?.count())
    }
}
