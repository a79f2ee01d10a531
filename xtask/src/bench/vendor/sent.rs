//! What is sent with each call: the places it names, its body, and who asks.

use std::process::Command;

use serde_json::{Value, json};

use super::fill::{Begun, Credentials};
use super::{FOLDERS, SEVERAL};

/// Everything that calls name and send.
pub(super) struct Sent {
    credentials: Credentials,
    places: [(&'static str, String); 5],
    several: Value,
    cis: Value,
    server: Value,
}

impl Sent {
    pub(super) fn of(count: usize, begun: Begun) -> Self {
        let place = |name: &str, i: usize| format!("Configuration/folder-{}/{name}-{i}", i % FOLDERS);
        let middle = count.saturating_sub(FOLDERS) / 4;
        let ci = |i: usize| {
            let mut ci = begun.server.clone();
            ci["id"] = json!(place("server", i));
            ci
        };
        Self {
            places: [
                ("{server}", place("server", middle)),
                ("{endpoint}", place("endpoint", middle)),
                ("{folder}", format!("Configuration/folder-{}", FOLDERS / 2)),
                ("{template}", begun.template),
                ("{release}", begun.release),
            ],
            several: (1..=SEVERAL).map(|i| place("server", i)).collect(),
            cis: (1..=SEVERAL).map(ci).collect(),
            server: begun.server,
            credentials: begun.credentials,
        }
    }

    /// Adds a call to a command of curl.
    pub(super) fn add(&self, command: &mut Command, address: &str, call: &str, round: usize) {
        let (format, call) = match call.strip_prefix("XML ") {
            Some(call) => ("application/xml", call),
            None => ("application/json", call),
        };
        let (by_password, call) = match call.strip_prefix("PASSWORD ") {
            Some(call) => (true, call),
            None => (false, call),
        };
        let (method, path) = call.split_once(' ').unwrap_or_default();
        let path = self.places.iter().fold(path.to_owned(), |path, (name, place)| path.replace(name, place));
        let path = path.replace("{i}", &round.to_string());
        let is_deploy = path.starts_with("/deployit") || path == "/api/v1/deployit";
        match (by_password, is_deploy) {
            (true, _) => command.args(["-u", &format!("admin:{}", self.credentials.password)]),
            (false, true) => {
                command.args(["-H", &format!("x-deploy-personal-token: {}", self.credentials.deploy)])
            }
            (false, false) => {
                command.args(["-H", &format!("x-release-personal-token: {}", self.credentials.release)])
            }
        };
        command.args(["-X", method, "-H", &format!("Accept: {format}")]);
        if let Some(body) = self.body(method, &path, round) {
            command.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        command.arg(format!("{address}{path}"));
    }

    /// What a call sends.
    fn body(&self, method: &str, path: &str, round: usize) -> Option<Value> {
        if !["POST", "PUT"].contains(&method) {
            return None;
        }
        let path = path.split('?').next().unwrap_or_default();
        let mut server = self.server.clone();
        server["testAddress"] = json!(format!("ann-{round}@example.org"));
        let last = path.rsplit('/').next().unwrap_or_default();
        let name = format!("new-{round}");
        Some(match last {
            "byIds" | "read" => self.several.clone(),
            "validate" => self.cis.clone(),
            "candidate-values" => self.server.clone(),
            "search" | "overview" | "fullSearch" | "count" => {
                json!({ "title": "Ship", "statuses": ["IN_PROGRESS"] })
            }
            "create" | "start" => json!({ "releaseTitle": format!("Ship 2.{round}") }),
            "personal-access-tokens" | "users" => json!({ "tokenNote": name }),
            _ if path.contains("/repository/ci/") => server,
            _ if path.starts_with("/api/v1/config") && last != "copy" => {
                server["title"] = json!(format!("config-{round}"));
                server
            }
            _ if path.contains("/security/user/") => {
                json!({ "userProfile": { "fullName": format!("{method} {round}"), "email": "new@example.org" } })
            }
            _ if path.contains("/users/") => {
                json!({ "username": name, "fullName": format!("{method} {round}") })
            }
            _ if path.contains("/roles/") => {
                json!({ "name": name, "permissions": ["login"], "principals": [{ "username": "admin" }] })
            }
            _ => return None,
        })
    }
}
