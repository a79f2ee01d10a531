//! npm's oauth2-mock-server: it sends everybody back at once, and says what the test wants.

use tempfile::TempDir;

use super::{folder, log, start_node, write};
use crate::child::Process;

const SCRIPT: &str = include_str!("liar.mjs");

/// A running provider that says whatever [`Liar::lie`] wants; the truth at first. Everybody is mallory there.
///
/// Its lies: `expired`, `audience`, `audiences`, `party`, `issuer`, `nonce`, `future`, `nameless`, `known` (the name
/// `admin`), `odd` (a name that looks like `admin`), `userinfo` (the user information is about another), `unsigned`,
/// `signature`, `claims`, `public-key` (HS256 with the public key), `no-id-token`, `replayed`, `refuses`, `broken`, `huge`.
#[derive(Debug)]
pub struct Liar {
    // Before the directory, because values are dropped in this order.
    _process: Process,
    directory: TempDir,
    port: u16,
}

impl Liar {
    /// Starts it on a port.
    #[must_use]
    pub fn start(port: u16) -> Self {
        let directory = folder("liar");
        write(directory.path(), "lie", "none");
        let process = start_node(SCRIPT, directory.path(), &[&port.to_string()]);
        Self { _process: process, directory, port }
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// What it lies about from now on.
    pub fn lie(&self, lie: &str) {
        write(self.directory.path(), "lie", lie);
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.directory.path())
    }
}
