//! A small company that has used Patgate for a while: what there is to see on a tour.

use serde_json::{Value, json};

use super::rules;
use crate::curl::{Answer, curl};
use crate::servers::patgate::{ADMIN_PASSWORD, Patgate};

/// People: name, full name, permissions.
const PEOPLE: [(&str, &str, &[&str]); 7] = [
    ("kim.lee", "Kim Lee", &["login", "release#create", "release#view"]),
    ("ana.souza", "Ana Souza", &["login", "release#view"]),
    ("jo.brandt", "Jo Brandt", &["login", "security#view", "token#view_all", "audit#view"]),
    ("per.olsen", "Per Ølsen", &["login"]),
    ("release-bot", "Release robot", &["release#create", "release#view"]),
    (SAM, "Sam Meyer", &["login"]),
    (NOA, "Noa Stern", &["login"]),
];

/// Somebody of SSO with a token.
pub(super) const SAM: &str = "sam.meyer";
/// Somebody of SSO without one.
pub(super) const NOA: &str = "noa.stern";

/// Tokens: owner, name, application, days it lives (0: no expiration), days since it was made, hours since its last use
/// (0: never used).
const TOKENS: [(&str, &str, &str, u32, u32, u32); 15] = [
    ("admin", "ci-deploy", "deploy", 60, 30, 1),
    ("admin", "nightly-report", "any", 30, 26, 9),
    ("admin", "laptop", "release", 0, 200, 30),
    ("admin", "release-notes", "release", 30, 29, 2),
    ("admin", "dashboard", "any", 365, 12, 4),
    ("admin", "backup-check", "any", 45, 1, 0),
    ("admin", "old-runner", "any", 30, 52, 700),
    ("kim.lee", "terraform", "deploy", 365, 300, 3),
    ("kim.lee", "laptop-kim", "any", 30, 3, 5),
    ("kim.lee", "scratch", "any", 7, 2, 4),
    ("ana.souza", "grafana", "any", 0, 410, 6),
    ("ana.souza", "postman", "release", 7, 6, 20),
    ("jo.brandt", "audit-export", "any", 60, 20, 0),
    ("per.olsen", "first-try", "any", 7, 90, 0),
    (SAM, "notebook", "any", 60, 10, 12),
];

/// The company's identity provider, which nobody asks on a tour.
const CONFIGURATION: &str = "[[oidc]]\nname = 'company'\nlabel = 'Example Ltd.'\nclient_id = 'patgate'\n\
     issuer = 'https://id.example.com'\n";

/// The mail server.
pub(super) const MAIL_SERVER: &str = "Configuration/Mail/SMTPSERVERTEST";

const TOKENS_PATH: &str = "/api/v1/personal-access-tokens";

/// The company: the program, with its people and what they have made.
#[derive(Debug)]
pub struct Company {
    /// The program.
    pub patgate: Patgate,
    sessions: Vec<(Who, String)>,
    places: Vec<(&'static str, String)>,
}

/// Who looks at a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Who {
    /// Somebody who is not signed in.
    Nobody,
    /// The first administrator.
    Admin,
    /// Somebody who may see users, roles, everybody's tokens and the log, and change nothing.
    Viewer,
    /// Somebody of SSO who has a token, after an administrator has switched tokens off for people of SSO.
    OfSso,
    /// Somebody of SSO without a token, then.
    OfSsoWithout,
}

impl Company {
    /// Starts the program, and makes all of it; panics when something is refused.
    #[must_use]
    pub fn found() -> Self {
        let mut patgate = Patgate::with().configuration(CONFIGURATION).start();
        let mut places = Vec::new();
        for (name, full_name, permissions) in PEOPLE {
            let id = hire(&patgate, name, full_name, permissions);
            if name == "kim.lee" {
                places.push(("{role}", id));
            }
        }
        for (owner, name, application, days, age, used) in TOKENS {
            let mut token = json!({ "tokenNote": name, "application": application });
            if days > 0 {
                token["expiresInDays"] = json!(days);
            }
            if name == "dashboard" {
                token["globalPermissions"] = json!(["release#view", "login"]);
            }
            let id = text(&send(&patgate, owner, "POST", TOKENS_PATH, &token).json()["id"]);
            grow_old(&patgate, name, age, used);
            match name {
                "laptop" => places.push(("{own}", id)),
                "terraform" => places.push(("{token}", id)),
                "scratch" => {
                    send(&patgate, owner, "DELETE", &format!("{TOKENS_PATH}/{id}"), &json!({}));
                    places.push(("{gone}", id));
                }
                "grafana" => places.push(("{another}", id)),
                _ => {}
            }
        }
        send(&patgate, "admin", "POST", "/api/v1/users/per.olsen/disable", &json!({}));
        let sessions =
            [(Who::Admin, "admin"), (Who::Viewer, "jo.brandt"), (Who::OfSso, SAM), (Who::OfSsoWithout, NOA)];
        let sessions = sessions.map(|(who, name)| (who, sign_in(&patgate, name).0)).to_vec();
        places.extend(furnish(&patgate));
        places.extend(release(&patgate));
        places.push(("{link}", make_reset_link(&patgate, "ana.souza")));
        rules::close_sso(&mut patgate);
        places.extend(rules::remind(&patgate));
        places.extend(rules::decide(&patgate));
        rules::remember_long_ago(&patgate);
        Self { patgate, sessions, places }
    }

    /// The session cookie of somebody; `None` for nobody.
    pub(super) fn cookie(&self, who: Who) -> Option<&str> {
        self.sessions.iter().find(|(of, _)| *of == who).map(|(_, cookie)| cookie.as_str())
    }

    /// A text with the things of this company put in where they are named: `{role}`, `{token}`, `{another}`, `{gone}` (a
    /// deleted token), `{own}` (the administrator's own token), `{link}` (what a password reset link has behind `/reset/`),
    /// `{folder}`, `{mail}` (a mail server), `{template}` with its `{phase}`, its tasks `{look}` and `{tell}` and its `{variable}`,
    /// `{release}`, `{gate}`, `{script}`, `{hook}` (a webhook endpoint), `{request}`, `{delivery}`, `{run}`, `{failed}`
    /// and `{owner}` (a mail that failed), `{decision}`, `{exemption}`.
    pub(super) fn filled(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (place, name)| text.replace(place, name))
    }
}

/// Makes a user with a role; returns the identifier of the role.
fn hire(patgate: &Patgate, name: &str, full_name: &str, permissions: &[&str]) -> String {
    let (password, email) = (password(name), format!("{name}@example.org"));
    let user = json!({ "username": name, "password": password, "fullName": full_name, "email": email });
    send(patgate, "admin", "POST", &format!("/api/v1/users/{name}"), &user);
    let role = format!("{} team", full_name.split(' ').next().unwrap_or(name));
    let body = json!({ "name": role, "permissions": permissions, "principals": [{ "username": name }] });
    let path = format!("/api/v1/roles/{}", role.replace(' ', "%20"));
    text(&send(patgate, "admin", "POST", &path, &body).json()["id"])
}

/// Lets time pass for a token.
fn grow_old(patgate: &Patgate, name: &str, days: u32, used: u32) {
    let age = u64::from(days) * 86_400_000;
    patgate.sql(&format!(
        "UPDATE grants SET created_at = created_at - {age}, expires_at = expires_at - {age} WHERE name = '{name}'"
    ));
    if used > 0 {
        let ago = u64::from(used) * 3_600_000;
        patgate.sql(&format!(
            "UPDATE grants SET last_used_at = created_at + {age} - {ago}, last_used_address = '10.0.4.{}', \
             last_used_user_agent = 'curl/8.9' WHERE name = '{name}'",
            used % 250
        ));
    }
}

/// Signs somebody in; returns the cookie, and what a form of theirs must show.
pub(super) fn sign_in(patgate: &Patgate, name: &str) -> (String, String) {
    let body = json!({ "username": name, "password": password(name) }).to_string();
    let url = patgate.url_of("/api/v1/session");
    let answer = done(curl(["-H", "Content-Type: application/json", "-d", &body, &url]), &url);
    let cookie = answer.header("set-cookie").and_then(|line| line.split(';').next()).unwrap_or_default();
    (cookie.to_owned(), text(&answer.json()["csrfToken"]))
}

/// Makes a folder with a mail server in it; returns what stands for them in addresses.
fn furnish(patgate: &Patgate) -> Vec<(&'static str, String)> {
    let folder = json!({ "id": "Configuration/Mail", "type": "core.Directory" });
    let mail = json!({
        "id": MAIL_SERVER,
        "type": "notification.PatSmtpServer",
        "properties": {
            "host": "mail.example.org",
            "port": 587,
            "username": "patgate",
            "password": "the password of a mail server",
            "fromAddress": "patgate@example.org",
            "smtpProperties": { "mail.smtp.timeout": "10000", "mail.smtp.reportsuccess": "true" },
        },
    });
    let endpoint = json!({
        "id": "Configuration/Builds",
        "type": "events.PostWebhookEndpoint",
        "properties": {
            "path": "builds",
            "authentication": "none",
            "action": "forward",
            "forwardUrl": "http://127.0.0.1:9/events",
        },
    });
    for item in [folder, mail, endpoint] {
        send(patgate, "admin", "POST", "/api/v1/configuration-items", &item);
    }
    let cookie = format!("Cookie: {}", sign_in(patgate, "admin").0);
    let number = |page: &str, name: &str| {
        let url = patgate.url_of(page);
        let page = done(curl(["-H", &cookie, &url]), &url).text();
        let before = page.split(&format!("\">{name}</a>")).next().unwrap_or_default();
        before.rsplit("/configuration/").next().unwrap_or_default().to_owned()
    };
    let hook = number("/configuration", "Builds");
    let folder = number("/configuration", "Mail");
    let mail = number(&format!("/configuration/{folder}"), "SMTPSERVERTEST");
    let (request, delivery) = receive(patgate, &hook);
    vec![
        ("{folder}", folder),
        ("{mail}", mail),
        ("{hook}", hook),
        ("{request}", request),
        ("{delivery}", delivery),
    ]
}

/// Makes a template and a release of it that waits at its gate; returns what stands for them and their parts in addresses.
fn release(patgate: &Patgate) -> Vec<(&'static str, String)> {
    let template = json!({
        "id": "Applications/ReleaseShip",
        "type": "xlrelease.Release",
        "title": "Ship it",
        "description": "Builds, waits for a look, and tells everybody.",
        "phases": [{ "title": "Production", "tasks": [
            { "type": "xlrelease.GateTask", "title": "Look at it" },
            { "type": "xlrelease.ScriptTask", "title": "Tell everybody", "script": "print(releaseVariables['version'])" },
        ] }],
        "variables": [
            { "key": "version", "value": "2.1", "label": "Version", "showOnReleaseStart": true },
            { "key": "secret", "type": "xlrelease.PasswordStringVariable", "value": "swordfish", "showOnReleaseStart": true },
        ],
    });
    let template = send(patgate, "admin", "POST", "/api/v1/templates", &template).json();
    let start = json!({ "releaseTitle": "Ship 2.1", "variables": {} });
    let path = "/api/v1/templates/Applications/ReleaseShip/start";
    let made = send(patgate, "admin", "POST", path, &start).json();
    let last = |id: &Value| text(id).rsplit('/').next().unwrap_or_default().to_owned();
    let tasks = &made["phases"][0]["tasks"];
    let phase = &template["phases"][0];
    vec![
        ("{template}", "ReleaseShip".to_owned()),
        ("{phase}", last(&phase["id"])),
        ("{look}", last(&phase["tasks"][0]["id"])),
        ("{tell}", last(&phase["tasks"][1]["id"])),
        ("{variable}", last(&template["variables"][0]["id"])),
        ("{release}", last(&made["id"])),
        ("{gate}", last(&tasks[0]["id"])),
        ("{script}", last(&tasks[1]["id"])),
    ]
}

/// Sends two requests to the webhook endpoint, one of which it refuses; returns the other, and its delivery.
fn receive(patgate: &Patgate, hook: &str) -> (String, String) {
    let url = patgate.url_of("/webhooks/builds?ref=main");
    curl(["-d", "not JSON", &url]);
    let event = json!({ "event": "push", "by": "kim.lee", "commits": [{ "id": "9c1f", "message": "Fix the build" }] });
    let call = ["-H", "Content-Type: application/json", "-H", "X-GitHub-Delivery: build-7", "-d"];
    let answer = curl(call.into_iter().chain([event.to_string().as_str(), &url]));
    let request = text(&done(answer, &url).json()["id"]);
    let path = format!("/api/v1/webhook-endpoints/{hook}/requests/{request}");
    let user = format!("admin:{ADMIN_PASSWORD}");
    let whole = done(curl(["-u", &user, &patgate.url_of(&path)]), &path).json();
    (request, text(&whole["deliveries"][0]["id"]))
}

/// Makes a password reset link, as the page does: no script may make one.
fn make_reset_link(patgate: &Patgate, name: &str) -> String {
    let (cookie, csrf) = sign_in(patgate, "admin");
    let (cookie, form) = (format!("Cookie: {cookie}"), format!("csrf={csrf}"));
    let url = patgate.url_of(&format!("/admin/users/{name}/reset-link"));
    let page = done(curl(["-H", &cookie, "-d", &form, &url]), &url).text();
    let link = page.split("/reset/").nth(1).and_then(|rest| rest.split('<').next());
    link.unwrap_or_else(|| panic!("there is no link on\n{page}")).to_owned()
}

pub(super) fn send(patgate: &Patgate, name: &str, method: &str, path: &str, body: &Value) -> Answer {
    let (user, url, body) = (format!("{name}:{}", password(name)), patgate.url_of(path), body.to_string());
    let call = ["-u", &user, "-X", method, "-H", "Content-Type: application/json", "-d", &body, &url];
    done(curl(call), path)
}

pub(super) fn done(answer: Answer, what: &str) -> Answer {
    assert!((200..300).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    answer
}

fn password(name: &str) -> String {
    if name == "admin" { ADMIN_PASSWORD.to_owned() } else { format!("the password of {name}") }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
