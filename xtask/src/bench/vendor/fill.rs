//! What is there beside what is asked for: ten thousand configuration items, and as many users.

use std::time::Duration;

use patgate_testkit::wait;
use serde_json::{Value, json};

use super::FOLDERS;
use crate::bench::administrator::Administrator;
use crate::bench::program::Data;
use crate::bench::serving::Serving;
use crate::failure::Failure;

/// How long a release may take to fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who asks: a token for each product, and the password of an administrator.
pub(super) struct Credentials {
    pub(super) release: String,
    pub(super) deploy: String,
    pub(super) password: String,
}

/// What was made by the calls that people make it with.
pub(super) struct Begun {
    pub(super) credentials: Credentials,
    /// A mail server, as it was sent.
    pub(super) server: Value,
    /// The id of a template, that of a release of it, and that of the gate at which this waits.
    pub(super) template: String,
    pub(super) release: String,
    pub(super) gate: String,
}

/// Makes the tokens, and one item of each kind by the calls that people make them with. Returns what they are.
pub(super) fn begin(data: &Data, serving: &Serving) -> Result<Begun, Failure> {
    let administrator = Administrator::of(data, serving)?;
    let credentials = Credentials {
        release: administrator.token("/api/v1/personal-access-tokens")?,
        deploy: administrator.token("/deployit/tokens/users")?,
        password: data.password()?,
    };
    let server = json!({
        "type": "notification.PatSmtpServer", "host": "mail.example.org", "port": 465, "username": "patgate",
        "password": "the secret of a benchmark", "fromAddress": "patgate@example.org",
        "testAddress": "ann@example.org", "smtpProperties": { "mail.smtp.timeout": "5000" },
    });
    let endpoint = json!({
        "type": "events.PostWebhookEndpoint", "path": "bench", "secretToken": "the secret of a benchmark",
    });
    for (name, item) in
        [("folder", &json!({ "type": "core.Directory" })), ("server", &server), ("endpoint", &endpoint)]
    {
        administrator.post(&format!("/deployit/repository/ci/Configuration/{name}"), item)?;
    }
    let template = make(&administrator, "/api/v1/templates", &template("Ship it"), "id")?;
    let start = format!("/api/v1/templates/{template}/start");
    let release = make(&administrator, &start, &json!({ "releaseTitle": "Ship 1.2" }), "id")?;
    let gate = task_of(&administrator, &release)?;
    Ok(Begun { credentials, server, template, release, gate })
}

/// A template of one gate, as it is sent.
pub(super) fn template(title: &str) -> Value {
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Wait" });
    json!({ "title": title, "phases": [{ "title": "Test", "tasks": [gate] }] })
}

/// Makes something by this call. Returns this field of the answer.
pub(super) fn make(
    administrator: &Administrator,
    path: &str,
    body: &Value,
    field: &str,
) -> Result<String, Failure> {
    let made = administrator.post(path, body)?[field].as_str().map(ToOwned::to_owned);
    made.ok_or_else(|| Failure::Found(format!("`{path}` made nothing that has a `{field}`")))
}

/// The id of the task at which a release is.
pub(super) fn task_of(administrator: &Administrator, release: &str) -> Result<String, Failure> {
    let path = format!("/api/v1/releases/{release}/active-tasks");
    let task = administrator.call("GET", &path, &Value::Null)?[0]["id"].as_str().map(ToOwned::to_owned);
    task.ok_or_else(|| Failure::Found(format!("`{path}` names no task")))
}

/// Starts so many releases whose only task fails, and waits until all have. Returns their ids.
pub(super) fn failed(
    administrator: &Administrator,
    run_as: &str,
    count: usize,
) -> Result<Vec<String>, Failure> {
    let task = json!({ "type": "xlrelease.ScriptTask", "title": "Fail", "script": "fail('as it must')" });
    let phases = json!([{ "title": "Test", "tasks": [task] }]);
    let template = json!({ "title": "Fails", "phases": phases, "scriptUserPassword": run_as });
    let template = make(administrator, "/api/v1/templates", &template, "id")?;
    let start = format!("/api/v1/templates/{template}/start");
    let start = || make(administrator, &start, &json!({ "releaseTitle": "It fails" }), "id");
    let releases = (0..count).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
    for release in &releases {
        let path = format!("/api/v1/releases/{release}");
        let failed = wait::until(PATIENCE, || match administrator.call("GET", &path, &Value::Null) {
            Ok(release) if release["status"] != "FAILED" => None,
            other => Some(other),
        });
        failed.unwrap_or_else(|| Err(Failure::Found(format!("`{path}` does not fail"))))?;
    }
    Ok(releases)
}

/// Puts many items and users like the first ones into the database: folders, and mail servers and webhook endpoints in them.
pub(super) fn fill(data: &Data, count: usize) -> Result<(), Failure> {
    let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n";
    let leaves = count.saturating_sub(FOLDERS) / 2;
    let within = format!("'Configuration/folder-' || (i % {FOLDERS})");
    let kind = |name: &str, count: usize, number: usize, folder: &str| {
        format!(
            "CREATE TEMP TABLE new AS SELECT items.*, n.i AS i FROM configuration_items items, ({}) n
               WHERE items.id = 'Configuration/{name}';
             UPDATE new SET number = {number} + i, id = {folder} || '/{name}-' || i, folder_key = lower({folder}),
               unique_key = unique_key || i, properties = replace(properties, '\"bench\"', '\"bench' || i || '\"');
             UPDATE new SET id_key = lower(id);
             ALTER TABLE new DROP COLUMN i;
             INSERT INTO configuration_items SELECT * FROM new;
             DROP TABLE new;",
            numbers.replace("{}", &count.to_string())
        )
    };
    let sql = [
        kind("folder", FOLDERS, 1_000_000, "'Configuration'"),
        format!("UPDATE configuration_items SET id = '{0}', id_key = lower('{0}') WHERE id = 'Configuration/folder-{FOLDERS}';", "Configuration/folder-0"),
        kind("server", leaves, 2_000_000, &within),
        kind("endpoint", leaves, 3_000_000, &within),
        format!(
            "CREATE TEMP TABLE new AS SELECT users.*, n.i AS i FROM users, ({}) n WHERE users.username = 'admin';
             UPDATE new SET id = 4000000 + i, subject = 'person-' || i, username = 'person-' || i,
               username_key = 'person-' || i, full_name = 'Person ' || i, full_name_key = 'person ' || i,
               email = 'person-' || i || '@example.org', email_key = 'person-' || i || '@example.org';
             ALTER TABLE new DROP COLUMN i;
             INSERT INTO users SELECT * FROM new;
             PRAGMA wal_checkpoint(TRUNCATE);",
            numbers.replace("{}", &count.to_string())
        ),
    ];
    data.write_database(&sql.concat())
}
