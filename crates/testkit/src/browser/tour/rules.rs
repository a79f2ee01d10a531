//! What the administrators of the company have set up: a mail server, reminders, rules that changed.

use serde_json::{Value, json};

use super::super::PATIENCE;
use super::company::{MAIL_SERVER, NOA, SAM, send, text};
use crate::servers::patgate::Patgate;
use crate::wait;

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

/// Two people turn out to have come from SSO, whose tokens an administrator switches off.
pub(super) fn close_sso(patgate: &mut Patgate) {
    patgate.sql(&format!(
        "UPDATE users SET origin = 'sso', provider = 'corp' WHERE username IN ('{SAM}', '{NOA}');
         UPDATE roles SET principals = replace(principals, '\"internal\"', '\"corp\"')
         WHERE name IN ('Sam team', 'Noa team');
         UPDATE role_principals SET provider = 'corp' WHERE provider = 'internal'
         AND role IN (SELECT id FROM roles WHERE name IN ('Sam team', 'Noa team'))"
    ));
    patgate.start_again();
    change(patgate, |settings| {
        for application in ["release", "deploy", "others"] {
            settings["origins"][application]["sso"] = json!(false);
        }
    });
}

/// Reminders that go out by the mail server, which is not there; one of them has failed for good.
pub(super) fn remind(patgate: &Patgate) -> [(&'static str, String); 3] {
    change(patgate, |settings| {
        settings["emailNotifications"]["enabled"] = json!(true);
        settings["emailNotifications"]["server"] = json!(MAIL_SERVER);
    });
    let run = text(&send(patgate, "admin", "POST", "/api/v1/reminders/runs", &json!({})).json()["id"]);
    let failed =
        wait::until(PATIENCE, || fail_one(patgate, &run)).unwrap_or_else(|| panic!("no mail has failed"));
    let owner = text(&failed["owner"]);
    [("{run}", run), ("{failed}", text(&failed["id"])), ("{owner}", owner)]
}

/// Lets one of a run's mails fail for good; `None` while it is being tried.
fn fail_one(patgate: &Patgate, run: &str) -> Option<Value> {
    patgate.sql(
        "UPDATE mails SET state = 'failed', address = 'ana.souza@example.org', answer = '550 no such mailbox', \
         due_at = NULL, done_at = created_at WHERE id = (SELECT min(id) FROM mails WHERE state = 'planned')",
    );
    let mails =
        send(patgate, "admin", "GET", &format!("/api/v1/reminders/runs/{run}/mails"), &json!({})).json();
    mails.as_array()?.iter().find(|mail| mail["state"] == "failed").cloned()
}

/// A lower maximum that comes into force later, and somebody to whom it will not apply.
pub(super) fn decide(patgate: &Patgate) -> [(&'static str, String); 2] {
    let in_days =
        |days: u32| patgate.sql(&format!("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+{days} days')"));
    let soon = in_days(3).trim().to_owned();
    change(patgate, |settings| {
        settings["maximumLifetimeDays"] = json!(60);
        settings["existingTokens"] = json!({ "overMaximum": "shorten", "at": soon });
    });
    let decisions = send(patgate, "admin", "GET", &format!("{SETTINGS}/decisions"), &json!({})).json();
    let pending =
        decisions["decisions"].as_array().and_then(|all| all.iter().find(|one| one["state"] == "pending"));
    let pending = pending.unwrap_or_else(|| panic!("nothing is to come: {decisions}"));
    let exemption = json!({
        "name": "kim.lee", "reason": "Runs the nightly audit until the new one is ready",
        "endsAt": in_days(90).trim(),
    });
    let exempt = send(patgate, "admin", "POST", &format!("{SETTINGS}/exemptions"), &exemption).json();
    [("{decision}", text(&pending["id"])), ("{exemption}", text(&exempt["id"]))]
}

/// More events of long ago, of each actor and of each action, than a page looks through.
pub(super) fn remember_long_ago(patgate: &Patgate) {
    patgate.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050)
         INSERT INTO audit_events
         (sequence, position, at, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, detail)
         SELECT 1000000 + i, 0, 1000 * i, 'system', iif(i % 2, 'migration', 'import'),
             iif(i % 2, 'user.update', 'user.delete'), 'user', '1', 'of old', '{}' FROM n",
    );
}

fn change(patgate: &Patgate, change: impl FnOnce(&mut Value)) {
    let mut settings = send(patgate, "admin", "GET", SETTINGS, &json!({})).json();
    change(&mut settings);
    send(patgate, "admin", "PUT", SETTINGS, &settings);
}
