//! What is sent with each call: the places it names, its body, and who asks.

use std::process::Command;

use serde_json::{Value, json};

use super::fill::{Begun, Credentials, failed, make, task_of, template};
use super::{FOLDERS, ROUNDS_OF_CHANGES, SEVERAL};
use crate::bench::administrator::Administrator;
use crate::failure::Failure;

/// Everything that calls name and send.
pub(super) struct Sent {
    credentials: Credentials,
    places: [(&'static str, String); 6],
    /// What each round has for itself, once it is made.
    own: Vec<(&'static str, Vec<String>)>,
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
                ("{gate}", begun.gate),
            ],
            own: Vec::new(),
            several: (1..=SEVERAL).map(|i| place("server", i)).collect(),
            cis: (1..=SEVERAL).map(ci).collect(),
            server: begun.server,
            credentials: begun.credentials,
        }
    }

    /// Makes what changes name and cannot name twice, a folder to be copied, and a mail server where nobody listens.
    pub(super) fn prepare(&mut self, administrator: &Administrator) -> Result<(), Failure> {
        let each = |path: &str, body: &Value, field: &str| {
            (0..ROUNDS_OF_CHANGES)
                .map(|_| make(administrator, path, body, field))
                .collect::<Result<Vec<_>, _>>()
        };
        let token = json!({ "tokenNote": "once" });
        let template = self.places.iter().find(|(name, _)| *name == "{template}");
        let template = template.map(|(_, id)| format!("/api/v1/templates/{id}")).unwrap_or_default();
        let tasks_of = |releases: &[String]| {
            releases.iter().map(|release| task_of(administrator, release)).collect::<Result<Vec<_>, _>>()
        };
        let title = |title: &str| json!({ "releaseTitle": title });
        let waiting = each(&format!("{template}/start"), &title("Ship it when it is approved"), "id")?;
        let mut failed = failed(administrator, &self.credentials.release, 2 * ROUNDS_OF_CHANGES)?;
        let failed_tasks = tasks_of(&failed.split_off(ROUNDS_OF_CHANGES))?;
        let own = vec![
            ("{token}", each("/api/v1/personal-access-tokens", &token, "id")?),
            ("{deploy-token}", each("/deployit/tokens/users", &token, "id")?),
            ("{other-token}", each("/deployit/tokens/users", &token, "id")?),
            ("{planned}", each(&format!("{template}/create"), &title("Ship it later"), "id")?),
            ("{waiting}", tasks_of(&waiting)?),
            ("{failed}", failed),
            ("{failed-task}", failed_tasks),
            ("{task}", each("/deployit/control", &self.control(), "string")?),
            ("{made}", (0..ROUNDS_OF_CHANGES).map(template_id).collect()),
        ];
        let mut nobody = self.server.clone();
        (nobody["host"], nobody["port"]) = (json!("127.0.0.1"), json!(1));
        administrator.post("/deployit/repository/ci/Configuration/nobody", &nobody)?;
        let folder = json!({ "type": "core.Directory" });
        administrator.post("/deployit/repository/ci/Configuration/box", &folder)?;
        administrator.post("/deployit/repository/cis", &self.batch("Configuration/box/server"))?;
        self.own = own;
        Ok(())
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
        let own = self.own.iter().filter_map(|(name, each)| Some((name, each.get(round)?)));
        let path = own.fold(path, |path, (name, own)| path.replace(name, own));
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
            "cis" => self.batch(&format!("Configuration/batch-{round}")),
            "delete" => ids(&self.batch(&format!("Configuration/batch-{round}"))),
            "control" => self.control(),
            "status" | "copy" | "rename" | "unlock" | "restart" => return None,
            "complete" | "retry" => json!({ "comment": "It was only a try" }),
            "candidate-values" => self.server.clone(),
            "search" | "overview" | "fullSearch" | "count" => {
                json!({ "title": "Ship", "statuses": ["IN_PROGRESS"] })
            }
            "create" | "start" => json!({ "releaseTitle": format!("Ship 2.{round}") }),
            "abort" => json!({ "abortComment": "It was only a try" }),
            "templates" => {
                let mut template = template(&format!("Made {round}"));
                template["id"] = json!(template_id(round));
                template
            }
            "password" => json!({ "newPassword": format!("correct horse battery {round}") }),
            "users" if method == "PUT" => several(
                |i| json!({ "username": format!("person-{i}"), "fullName": format!("Person {i} of {round}") }),
            ),
            "roles" => several(|i| {
                let principals = json!([{ "username": format!("person-{i}") }]);
                json!({ "name": format!("{name}-{i}"), "permissions": ["login"], "principals": principals })
            }),
            "personal-access-tokens" | "users" => json!({ "tokenNote": name }),
            _ if path.contains("/repository/ci/") => server,
            _ if path.starts_with("/api/v1/config") => {
                server["title"] = json!(format!("config-{round}"));
                server
            }
            _ if path.starts_with("/api/v1/templates/") || path.starts_with("/api/v1/releases/") => {
                json!({ "title": format!("{method} {round}") })
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

    /// Mail servers whose places begin so.
    fn batch(&self, begin: &str) -> Value {
        several(|i| {
            let mut server = self.server.clone();
            server["id"] = json!(format!("{begin}-{i}"));
            server
        })
    }

    /// What makes a control task.
    fn control(&self) -> Value {
        json!({ "method": "sendTestMail", "controllable": self.cis[0] })
    }
}

/// The id of the template that a round makes.
fn template_id(round: usize) -> String {
    format!("Applications/Release{round:032x}")
}

/// As many things as a call takes that takes several.
fn several(thing: impl FnMut(usize) -> Value) -> Value {
    (1..=SEVERAL).map(thing).collect()
}

/// The places of CIs.
fn ids(cis: &Value) -> Value {
    cis.as_array().into_iter().flatten().map(|ci| ci["id"].clone()).collect()
}
