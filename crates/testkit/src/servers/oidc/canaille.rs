//! PyPI's canaille: a provider of another family, with pages of its own, RS256 by request, and no `sid`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{START, folder, log, logged, write};
use crate::child::Process;
use crate::wait;

/// The variable by which `cargo xtask test` tells which program is canaille.
pub const VARIABLE: &str = "PATGATE_TEST_CANAILLE";

/// A running provider with the client `patgate` (`pat-secret-pat-secret`) and the people alice (`alicepw`), bob (`bobpw`)
/// and carol, who is locked. It starts in about six seconds.
#[derive(Debug)]
pub struct Canaille {
    // Before the directory, because values are dropped in this order.
    _process: Process,
    directory: TempDir,
    port: u16,
}

impl Canaille {
    /// The issuer of a provider that will be started on this port.
    #[must_use]
    pub fn issuer_on(port: u16) -> String {
        format!("http://localhost:{port}")
    }

    /// Starts it for a Patgate at this public URL.
    #[must_use]
    pub fn start(port: u16, base: &str) -> Self {
        Self::launch(port, base, "")
    }

    /// Starts it for a Patgate that it tells of its people and groups over SCIM, at this address (`…/scim/v2`): of those
    /// of the beginning, and of each change. What it has to say is said before this returns. It sends a token that it
    /// makes itself: who stands between them puts another in its place.
    #[must_use]
    pub fn provisioning(port: u16, scim: &str) -> Self {
        Self::launch(port, scim, "[CANAILLE_SCIM]\nENABLE_SERVER = true\nENABLE_CLIENT = true\n")
    }

    fn launch(port: u16, base: &str, more: &str) -> Self {
        let directory = folder("canaille");
        let path = directory.path();
        let key = run(path, &["jwk", "create", "rsa", "--format", "toml"], None).replace('\n', " ");
        write(path, "canaille.toml", &(configuration(path, port, &key) + more));
        run(path, &["install"], None);
        run(path, &["restore"], Some(&seed(base).to_string()));
        let mut command = program(path);
        command.args(["run", "--bind", &format!("127.0.0.1:{port}"), "--workers", "1"]);
        let mut process = Process::start(logged(command, path));
        let listening = wait::until(START, || {
            if process.ended().is_some() { Some(false) } else { wait::is_listening(port).then_some(true) }
        });
        assert!(listening == Some(true), "canaille does not start:\n{}", log(path));
        Self { _process: process, directory, port }
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        Self::issuer_on(self.port)
    }

    /// Locks somebody out, as its administrator would.
    pub fn lock(&self, user: &str) {
        self.run(&["set", "user", user, "--lock-date", "2020-01-01T00:00:00+00:00"]);
    }

    /// Does what its administrator types, like `set user bob --family-name Lee`.
    pub fn run(&self, words: &[&str]) {
        run(self.directory.path(), words, None);
    }

    /// What it complained about so far.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.directory.path())
    }
}

fn program(folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
    let given = std::env::var_os(VARIABLE);
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/canaille/bin/canaille");
    let mut command = Command::new(given.map_or(tree, PathBuf::from));
    command.current_dir(folder);
    if folder.join("canaille.toml").exists() {
        command.env("CANAILLE_CONFIG", folder.join("canaille.toml"));
    }
    command
}

fn run(folder: &Path, words: &[&str], input: Option<&str>) -> String {
    let mut command = program(folder);
    command.args(words);
    let output = crate::child::run_with_input(command, input.unwrap_or_default());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`canaille {}` failed: {complaint}", words.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn configuration(folder: &Path, port: u16, key: &str) -> String {
    format!(
        "SECRET_KEY = 'only for tests'\nSERVER_NAME = 'localhost:{port}'\nPREFERRED_URL_SCHEME = 'http'\n\
         [CANAILLE]\nDATABASE = 'sql'\nJAVASCRIPT = false\nHTMX = false\nLANGUAGE = 'en'\nCAPTCHA_ENABLED = false\n\
         MIN_PASSWORD_LENGTH = 4\n\
         [CANAILLE_SQL]\nDATABASE_URI = 'sqlite:///{}/canaille.sqlite'\nPASSWORD_SCHEMES = 'pbkdf2_sha512'\n\
         PASSWORD_HASH_PARAMS = {{ 'pbkdf2_sha512__rounds' = 1000 }}\n\
         [CANAILLE_OIDC]\nACTIVE_JWKS = [{key}]\nTRUSTED_DOMAINS = ['localhost', '.localhost', '127.0.0.1']\n\
         [CANAILLE_OIDC.USERINFO_MAPPING]\nPREFERRED_USERNAME = '{{{{ user.user_name }}}}'\n",
        folder.display()
    )
}

fn seed(base: &str) -> serde_json::Value {
    let user = |name: &str, given: &str| {
        json!({
            "id": format!("u-{name}"), "user_name": name, "password": format!("{name}pw"), "family_name": "Test",
            "given_name": given, "formatted_name": format!("{given} Test"), "emails": [format!("{name}@example.org")],
        })
    };
    let mut carol = user("carol", "Carol");
    carol["lock_date"] = json!("2020-01-01T00:00:00+00:00");
    json!({
        "user": [user("alice", "Alice"), user("bob", "Bob"), carol],
        "group": [
            { "id": "g-developers", "display_name": "developers", "members": ["u-alice", "u-bob", "u-carol"] },
            { "id": "g-admins", "display_name": "admins", "members": ["u-alice"] },
        ],
        "client": [{
            "id": "c-patgate", "client_id": "patgate", "client_secret": "pat-secret-pat-secret",
            "client_name": "Patgate", "client_uri": base,
            "redirect_uris": [format!("{base}/oidc-login"), format!("{base}/login/external-login")],
            "post_logout_redirect_uris": [format!("{base}/login")],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "scope": ["openid", "profile", "email", "groups"], "audience": ["c-patgate"],
            "id_token_signed_response_alg": "RS256",
        }],
    })
}
