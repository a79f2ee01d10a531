//! A small company that has used Patgate for a while: what the pictures show.

use patgate_testkit::curl::curl;
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use serde_json::{Value, json};

/// People: name, full name, permissions.
const PEOPLE: [(&str, &str, &[&str]); 5] = [
    ("kim.lee", "Kim Lee", &["login", "release#create", "release#view"]),
    ("ana.souza", "Ana Souza", &["login", "release#view"]),
    ("jo.brandt", "Jo Brandt", &["login", "security#view", "token#view_all", "audit#view"]),
    ("per.olsen", "Per Ølsen", &["login"]),
    ("release-bot", "Release robot", &["release#create", "release#view"]),
];

/// Tokens: owner, name, application, days it lives (0: no expiration), days since it was made, hours since its last use
/// (0: never used).
const TOKENS: [(&str, &str, &str, u32, u32, u32); 13] = [
    ("admin", "ci-deploy", "deploy", 60, 30, 1),
    ("admin", "nightly-report", "any", 30, 26, 9),
    ("admin", "laptop", "release", 0, 200, 30),
    ("admin", "release-notes", "release", 30, 29, 2),
    ("admin", "dashboard", "any", 365, 12, 4),
    ("admin", "backup-check", "any", 45, 1, 0),
    ("admin", "old-runner", "any", 30, 52, 700),
    ("kim.lee", "terraform", "deploy", 365, 300, 3),
    ("kim.lee", "laptop-kim", "any", 30, 3, 5),
    ("ana.souza", "grafana", "any", 0, 410, 6),
    ("ana.souza", "postman", "release", 7, 6, 20),
    ("jo.brandt", "audit-export", "any", 60, 20, 0),
    ("per.olsen", "first-try", "any", 7, 90, 0),
];

/// Makes its people and tokens; panics when one is refused.
pub(super) fn found(patgate: &Patgate) {
    for (name, full_name, permissions) in PEOPLE {
        let password = password(name);
        let email = format!("{name}@example.org");
        let user = json!({ "username": name, "password": password, "fullName": full_name, "email": email });
        send(patgate, "admin", &format!("/api/v1/users/{name}"), &user);
        let role = json!({
            "name": format!("{} team", full_name.split(' ').next().unwrap_or(name)),
            "permissions": permissions,
            "principals": [{ "username": name }],
        });
        let path = role["name"].as_str().unwrap_or_default().replace(' ', "%20");
        send(patgate, "admin", &format!("/api/v1/roles/{path}"), &role);
    }
    for (owner, name, application, days, age, used) in TOKENS {
        let mut token = json!({ "tokenNote": name, "application": application });
        if days > 0 {
            token["expiresInDays"] = json!(days);
        }
        if name == "dashboard" {
            token["globalPermissions"] = json!(["release#view", "login"]);
        }
        send(patgate, owner, "/api/v1/personal-access-tokens", &token);
        grow_old(patgate, name, age, used);
    }
    send(patgate, "admin", "/api/v1/users/per.olsen/disable", &json!({}));
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

fn send(patgate: &Patgate, name: &str, path: &str, body: &Value) {
    let password = if name == "admin" { ADMIN_PASSWORD.to_owned() } else { password(name) };
    let (user, url, body) = (format!("{name}:{password}"), patgate.url_of(path), body.to_string());
    let answer = curl(["-u", &user, "-H", "Content-Type: application/json", "-d", &body, &url]);
    assert!((200..300).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.text());
}

fn password(name: &str) -> String {
    format!("the password of {name}")
}
