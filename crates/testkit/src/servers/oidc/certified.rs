//! npm's oidc-provider: PKCE, consent, groups, refresh tokens that rotate, log-outs in both directions.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{folder, log, start_node, write};
use crate::child::Process;

/// The secret of its client `patgate`; what is odd in it must be encoded on the way.
pub const SECRET: &str = "a secret: of / two % sides";
/// For whom its access tokens are made.
pub const AUDIENCE: &str = "https://api.example.com";

const SCRIPT: &str = include_str!("op.mjs");

/// A running provider with the clients `patgate` ([`SECRET`]), `patgate-post` (`posted`), `patgate-public`, and
/// `patgate-key` where it was given a key. Every password is right; alice and bob may sign in, carol is disabled.
///
/// ```no_run
/// use patgate_testkit::{ports, servers::{oidc::Certified, patgate::Patgate}};
/// let port = ports::free();
/// let file = format!(
///     "[[oidc]]\nname = 'company'\nissuer = '{}'\nclient_id = 'patgate-public'\n",
///     Certified::issuer_on(port)
/// );
/// let patgate = Patgate::with().configuration(file).start();
/// let provider = Certified::start(port, &patgate.url(), "company");
/// provider.change("alice", &serde_json::json!({ "groups": [] }));
/// ```
#[derive(Debug)]
pub struct Certified {
    // Before the directory, because values are dropped in this order.
    process: Process,
    directory: TempDir,
    port: u16,
}

impl Certified {
    /// The issuer of a provider that will be started on this port.
    #[must_use]
    pub fn issuer_on(port: u16) -> String {
        format!("http://localhost:{port}")
    }

    /// Starts it for a Patgate at this public URL, which calls it by this name.
    #[must_use]
    pub fn start(port: u16, base: &str, name: &str) -> Self {
        Self::start_with(port, json!({ "base": base, "name": name }))
    }

    /// As [`Certified::start`], with access tokens that are JWTs for [`AUDIENCE`], which its user information refuses.
    #[must_use]
    pub fn start_with_audience(port: u16, base: &str, name: &str) -> Self {
        Self::start_with(port, json!({ "base": base, "name": name, "audience": AUDIENCE }))
    }

    /// As [`Certified::start`], with ID tokens that say no more than they must: all else is in the user information (OIDC
    /// Core §5.4).
    #[must_use]
    pub fn start_sparing(port: u16, base: &str, name: &str) -> Self {
        Self::start_with(port, json!({ "base": base, "name": name, "conforms": true }))
    }

    /// As [`Certified::start`], with the public key (JWK) of the client `patgate-key`.
    #[must_use]
    pub fn start_with_key(port: u16, base: &str, name: &str, key: &Value) -> Self {
        Self::start_with(port, json!({ "base": base, "name": name, "key": key }))
    }

    fn start_with(port: u16, mut settings: Value) -> Self {
        let directory = folder("oidc");
        settings["port"] = json!(port);
        write(directory.path(), "settings.json", &settings.to_string());
        write(directory.path(), "accounts.json", &accounts().to_string());
        let process = start_node(SCRIPT, directory.path(), &[]);
        Self { process, directory, port }
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        Self::issuer_on(self.port)
    }

    /// Changes what is true of an account: `{"groups": […]}`, `{"disabled": true}`. An account that is not there is made.
    pub fn change(&self, account: &str, changes: &Value) {
        let text = std::fs::read_to_string(self.directory.path().join("accounts.json")).unwrap_or_default();
        let mut accounts: Value = serde_json::from_str(&text).unwrap_or_default();
        if accounts[account].is_null() {
            accounts[account] = json!({});
        }
        for (name, value) in changes.as_object().into_iter().flatten() {
            accounts[account][name] = value.clone();
        }
        write(self.directory.path(), "accounts.json", &accounts.to_string());
    }

    /// Stops it and starts it again with new keys. It forgets who is signed in.
    pub fn start_again(&mut self) {
        self.process.stop();
        self.process = start_node(SCRIPT, self.directory.path(), &[]);
    }

    /// Stops it now.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.directory.path())
    }
}

fn accounts() -> Value {
    json!({
        "alice": {
            "name": "Alice Ähren", "email": "alice@example.org", "groups": ["developers", "admins"],
            "realm_access": { "roles": ["release-manager"] },
        },
        "bob": { "name": "Bob", "email": "bob@example.org", "groups": ["developers"] },
        "carol": { "name": "Carol", "email": "carol@example.org", "groups": ["developers"], "disabled": true },
    })
}
