//! The machine's nginx, with a configuration of the test's own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::child::{Process, program};
use crate::{ports, wait};

/// How long nginx may take to listen.
const START: Duration = Duration::from_secs(10);

/// A running nginx.
///
/// ```
/// use patgate_testkit::{curl, servers::nginx::Nginx};
/// let nginx = Nginx::start(|port| format!("server {{ listen 127.0.0.1:{port}; return 204; }}"));
/// assert_eq!(curl::get(&nginx.url()).status, 204);
/// ```
#[derive(Debug)]
pub struct Nginx {
    // Before the directory, because values are dropped in this order and a running nginx still writes there.
    process: Process,
    directory: TempDir,
    port: u16,
}

impl Nginx {
    /// Starts it with what stands inside `http { … }`, which must listen on the given port of 127.0.0.1. More ports
    /// come from [`ports::free`].
    pub fn start(http: impl FnOnce(u16) -> String) -> Self {
        let port = ports::free();
        let directory = tempfile::Builder::new()
            .prefix("patgate-nginx-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for nginx: {error}"));
        fs::write(configuration_file(directory.path()), configuration(directory.path(), &http(port)))
            .unwrap_or_else(|error| panic!("cannot write the configuration of nginx: {error}"));
        let log = File::create(directory.path().join("output.log"))
            .unwrap_or_else(|error| panic!("cannot write the log of nginx: {error}"));
        let mut command = Command::new(program("nginx"));
        command
            .arg("-c")
            .arg(configuration_file(directory.path()))
            .arg("-e")
            .arg(directory.path().join("error.log"))
            .arg("-p")
            .arg(directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut nginx = Self { process: Process::start(command), directory, port };
        let process = &mut nginx.process;
        let listening = wait::until(START, || {
            if process.ended().is_some() { Some(false) } else { wait::is_listening(port).then_some(true) }
        });
        assert!(listening == Some(true), "nginx does not listen on port {port}:\n{}", nginx.log());
        nginx
    }

    /// The port it was started with.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder of its files: logs and `nginx.conf`. Relative paths in the configuration start here.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The master's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        ["output.log", "error.log"]
            .map(|name| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default())
            .concat()
    }

    /// Stops it now, as the drop does.
    pub fn stop(&mut self) {
        self.process.signal(Signal::TERM);
        let _ = self.process.stop();
    }
}

fn configuration_file(directory: &Path) -> PathBuf {
    directory.join("nginx.conf")
}

fn configuration(directory: &Path, http: &str) -> String {
    // As root the workers would become another user, who may not enter the test's folder.
    let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", directory.display()))
        .concat();
    format!(
        "daemon off;\n{user}\nworker_processes 1;\npid {directory}/nginx.pid;\nerror_log {directory}/error.log;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n{temporary}{http}\n}}\n",
        directory = directory.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curl;

    #[test]
    fn a_wrong_configuration_is_shown() {
        let failure =
            std::panic::catch_unwind(|| Nginx::start(|_| "no_such_directive on;".to_owned())).unwrap_err();
        assert!(failure.downcast_ref::<String>().unwrap().contains("no_such_directive"));
    }

    #[test]
    fn a_stopped_nginx_does_not_answer() {
        let mut nginx = Nginx::start(|port| format!("server {{ listen 127.0.0.1:{port}; return 204; }}"));
        assert_eq!(curl::get(&nginx.url()).status, 204);
        nginx.stop();
        assert!(!wait::is_listening(nginx.port()));
    }
}
