//! How a browser is started.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{Capabilities, WebDriver};
use tokio::runtime;

use super::{Browser, Scheme, Size};
use crate::child::{Process, program};
use crate::{ports, wait};

/// How long the driver may take to listen.
const START: Duration = Duration::from_secs(20);

/// Chromium without a window, as Debian's `chromium-headless-shell` brings it: tests take less than half of the time that they take
/// with the whole browser. The program itself: the driver ends what it has started, and Debian's script would leave it running.
const SHELL: &str = "/usr/lib/chromium/chromium-headless-shell";
/// What keeps Chromium to the test: no sandbox (which root cannot have), no call home, nothing that takes time at each start.
/// A container may have less shared memory than it wants.
const FLAGS: [&str; 14] = [
    "--disable-dev-shm-usage",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--lang=en-GB",
];

/// How the browser is to be started. Made by [`Browser::with`].
#[derive(Debug, Default)]
pub struct Start {
    zone: Option<String>,
    scheme: Scheme,
    size: Size,
    is_scriptless: bool,
}

impl Start {
    /// The time zone of the person's machine, for example `Europe/Berlin`.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        self.zone = Some(zone.to_owned());
        self
    }

    /// A person who asks for dark colours.
    #[must_use]
    pub fn dark(mut self) -> Self {
        self.scheme = Scheme::Dark;
        self
    }

    /// A telephone.
    #[must_use]
    pub fn phone(mut self) -> Self {
        self.size = Size::Phone;
        self
    }

    /// A person who has switched JavaScript off.
    #[must_use]
    pub fn without_scripts(mut self) -> Self {
        self.is_scriptless = true;
        self
    }

    /// Starts it; panics with the driver's log when it does not.
    #[must_use]
    pub fn start(self) -> Browser {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime for the browser's driver: {error}"));
        let directory = tempfile::Builder::new()
            .prefix("patgate-browser-")
            .tempdir()
            .unwrap_or_else(|error| panic!("no folder for the browser: {error}"));
        let port = ports::free();
        let mut server = self.serve(&directory, port);
        let log = || std::fs::read_to_string(directory.path().join("driver.log")).unwrap_or_default();
        let listening = wait::until(START, || {
            if server.ended().is_some() { Some(false) } else { wait::is_listening(port).then_some(true) }
        });
        assert!(listening == Some(true), "the browser's driver does not listen:\n{}", log());
        let session = WebDriver::new(format!("http://127.0.0.1:{port}"), self.capabilities());
        let driver = runtime
            .block_on(session)
            .unwrap_or_else(|error| panic!("the browser does not start: {error}\n{}", log()));
        let browser = Browser { runtime, driver: Some(driver), _server: server, directory };
        browser.look(self.scheme, self.size);
        // What a page may do by itself in a browser of people, and a test reads.
        let granted = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        browser.command("Browser.grantPermissions", &granted);
        browser
    }

    fn serve(&self, directory: &TempDir, port: u16) -> Process {
        let log = File::create(directory.path().join("driver.log"))
            .and_then(|file| Ok((file.try_clone()?, file)))
            .unwrap_or_else(|error| panic!("cannot write the log of the browser's driver: {error}"));
        let mut command = Command::new(program("chromedriver"));
        command.arg(format!("--port={port}"));
        // What Chromium leaves in somebody's home goes away with the folder; so does its zone. The driver makes the profile
        // there, too: one of its own it ends at once, while it would wait until Chromium has written out one of ours.
        command.env("HOME", directory.path()).env("TMPDIR", directory.path());
        command.env("TZ", self.zone.as_deref().unwrap_or("UTC"));
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
        command.stdin(Stdio::null()).stdout(log.0).stderr(log.1);
        Process::start(command)
    }

    fn capabilities(&self) -> Capabilities {
        let scriptless = self.is_scriptless.then_some("--blink-settings=scriptEnabled=false");
        let flags: Vec<&str> = FLAGS.into_iter().chain(scriptless).collect();
        let options = json!({ "binary": SHELL, "args": flags });
        let all = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        match all {
            Value::Object(all) => all.into(),
            _ => Capabilities::new(),
        }
    }
}
