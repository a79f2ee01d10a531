//! npm's oauth2-mock-server: it sends everybody back at once, and says what the test wants.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{folder, log, start_node, write};
use crate::child::Process;
use crate::curl::curl;

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
        write(directory.path(), "claims", "{}");
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

    /// What its tokens say from now on, beside or instead of what they said; `null`: not at all.
    pub fn claim(&self, claims: &Value) {
        write(self.directory.path(), "claims", &claims.to_string());
    }

    /// A logout token for the client `patgate` that says this of who is logged out, signed as its ID tokens are.
    #[must_use]
    pub fn logout_token(&self, number: u32, claims: &Value) -> String {
        let mut all = json!({
            "aud": "patgate", "jti": format!("log-out {number}"), "sub": null, "preferred_username": null, "name": null,
            "email": null, "groups": null,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        self.claim(&all);
        // Whatever it signs says what it is told to say: this is the token that needs nobody to sign in.
        let answer = curl(["-d", "grant_type=client_credentials", &format!("{}/token", self.issuer())]);
        self.claim(&json!({}));
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        token.unwrap_or_else(|| panic!("no token: {} {}", answer.status, answer.text()))
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.directory.path())
    }
}
