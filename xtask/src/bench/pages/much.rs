//! As much of everything as a page may have to show, beside the tokens: configuration items, groups, runs of reminders, webhook
//! endpoints, releases.

use serde_json::{Value, json};

use super::read;
use super::things::{named, told};
use crate::bench::administrator::Administrator;
use crate::bench::program::Data;
use crate::failure::Failure;

/// How many there are of what a page shows a part of.
pub(super) const MANY: usize = 60;
/// How many groups a provider may put somebody into.
const GROUPS: usize = 2_000;
/// How many tokens end soon of whose end nobody was told.
const DUE: usize = 30_000;
/// How many releases there are, and as many templates.
const RELEASES: usize = 10_000;
/// How many phases a release may have, and how many tasks in all.
const PHASES: usize = 100;
const TASKS: usize = 500;
/// How deep folders are in each other; an item in the last one is as deep as it may be.
const DEEPEST: usize = 9;

/// A name of as many characters as there may be, of two bytes each, that no other has.
fn name(letter: char, number: usize) -> String {
    format!("{letter}{number:03}{}", "ü".repeat(96))
}

/// Fills the root and the deepest folder that there may be with mail servers. Returns the numbers of that folder and of
/// one of its items.
///
/// # Errors
/// When one cannot be made, or is not shown.
pub(super) fn make_items(
    administrator: &Administrator,
    site: &str,
    cookie: &str,
) -> Result<(String, String), Failure> {
    let make = |id: &str, kind: &str, properties: &Value| {
        let item = json!({ "id": id, "type": kind, "properties": properties });
        administrator.post("/api/v1/configuration-items", &item)
    };
    let fill = |folder: &str| {
        let mail = json!({ "host": "127.0.0.1", "port": 1, "fromAddress": "patgate@example.org" });
        (0..MANY).try_for_each(|number| {
            make(&format!("{folder}/{}", name('z', number)), "notification.PatSmtpServer", &mail).map(drop)
        })
    };
    let (mut folder, mut page) = ("Configuration".to_owned(), "/configuration".to_owned());
    fill(&folder)?;
    let mut number = String::new();
    for depth in 0..DEEPEST {
        let name = name('f', depth);
        folder = format!("{folder}/{name}");
        make(&folder, "core.Directory", &json!({}))?;
        number = named(&read(&format!("{site}{page}"), cookie)?, "/configuration/", &name)?;
        page = format!("/configuration/{number}");
    }
    fill(&folder)?;
    let item = named(&read(&format!("{site}{page}"), cookie)?, "/configuration/", &name('z', 0))?;
    Ok((number, item))
}

/// Lets some tokens end in three days, one each of the owners behind the first `skip` and all of one more, and some of the
/// visitor's own have ended. The server need not know: reminders and lists are read from the database.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn make_due(data: &Data, skip: usize, owner: &str) -> Result<(), Failure> {
    let admin = "(SELECT id FROM users WHERE username = 'admin')";
    data.write_database(&format!(
        "UPDATE grants SET expires_at = (strftime('%s', 'now') + 3 * 86400) * 1000
         WHERE id IN
         (SELECT max(id) FROM grants WHERE owner <> {admin} GROUP BY owner LIMIT {MANY} OFFSET {skip})
         OR owner = (SELECT id FROM users WHERE username = '{owner}');
         UPDATE grants SET expires_at = 86400000
         WHERE id IN (SELECT id FROM grants WHERE owner = {admin} ORDER BY id DESC LIMIT {MANY});"
    ))
}

/// Lets many tokens end in four days, of all kinds of owners.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn make_many_due(data: &Data) -> Result<(), Failure> {
    data.write_database(&format!(
        "UPDATE grants SET expires_at = (strftime('%s', 'now') + 4 * 86400 + id % 3600) * 1000
             WHERE id IN (SELECT id FROM grants WHERE owner <> (SELECT id FROM users WHERE username = 'admin')
             AND deleted_at IS NULL ORDER BY id LIMIT {DUE});"
    ))
}

/// Makes more webhook endpoints than stand on a page, with names as long as they may be.
///
/// # Errors
/// When one cannot be made.
pub(super) fn make_endpoints(administrator: &Administrator, secret: &str) -> Result<(), Failure> {
    (0..MANY).try_for_each(|number| {
        let properties = json!({ "path": format!("many-{number}"), "secretToken": secret });
        let id = format!("Configuration/{}", name('w', number));
        let item = json!({ "id": id, "type": "events.PostWebhookEndpoint", "properties": properties });
        administrator.post("/api/v1/configuration-items", &item).map(drop)
    })
}

/// Makes a template of as many phases and tasks as there may be, with titles as long as a page shows them, and starts a release
/// of it. Returns the release's identifier.
///
/// # Errors
/// When one cannot be made.
pub(super) fn make_large_release(administrator: &Administrator) -> Result<String, Failure> {
    // A whole argument of a command is 128 KiB at most.
    let title = |number: usize| format!("{number:03}{}", "ü".repeat(60));
    let task = |number: usize| json!({ "type": "xlrelease.GateTask", "title": title(number) });
    let phase = |number: usize| {
        let first = number * (TASKS / PHASES);
        json!({ "title": title(number), "tasks": (first..first + TASKS / PHASES).map(task).collect::<Vec<_>>() })
    };
    let template = json!({ "title": title(0), "phases": (0..PHASES).map(phase).collect::<Vec<_>>() });
    let template = told(&administrator.post("/api/v1/templates", &template)?, "id")?;
    told(&administrator.post(&format!("/api/v1/templates/{template}/start"), &json!({}))?, "id")
}

/// Puts many templates and releases like these into the database, with titles as long as they may be.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn make_releases(data: &Data, template: &str, release: &str) -> Result<(), Failure> {
    data.write_database(&format!(
            "CREATE TEMP TABLE new AS WITH RECURSIVE n(i) AS
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {RELEASES})
             SELECT releases.*, i FROM releases, n WHERE id IN ('{template}', '{release}');
             UPDATE new SET number = number + i, id = id || printf('%05d', i), created_at = created_at - i * 1000,
             title = printf('bench %05d ', i) || replace(hex(zeroblob(240)), '00', 'ü'), due_at = NULL, lease = NULL;
             UPDATE new SET title_key = title;
             ALTER TABLE new DROP COLUMN i;
             INSERT INTO releases SELECT * FROM new;"
    ))
}

/// Puts somebody into as many groups as a provider may, of which none is in a role.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn make_groups(data: &Data, owner: &str) -> Result<(), Failure> {
    data.write_database(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {GROUPS})
         UPDATE users SET \"groups\" =
         (SELECT json_group_array(printf('%04d', i) || replace(hex(zeroblob(96)), '00', 'ü')) FROM n)
         WHERE username = '{owner}';"
    ))
}

/// Runs reminders until there are more runs than stand on a page. Returns the first of them, which plans all that is due.
///
/// # Errors
/// When one cannot be run.
pub(super) fn run_reminders(administrator: &Administrator) -> Result<Value, Failure> {
    let run = || administrator.post("/api/v1/reminders/runs", &Value::Null);
    let first = run()?;
    for _ in 1..MANY {
        run()?;
    }
    Ok(first)
}

/// Lets a mail of the runs be one that the mail server refused for good: where no server answers, mails wait, and none fails.
/// If the program is about to try it, what comes of that changes nothing.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn fail_a_mail(data: &Data) -> Result<(), Failure> {
    data.write_database(
        "UPDATE mails SET state = 'failed', reason = NULL, due_at = NULL, done_at = created_at,
         address = (SELECT email FROM users WHERE users.id = mails.owner), answer = '550 5.1.1 No such user here'
         WHERE id = (SELECT max(id) FROM mails WHERE run IS NOT NULL);",
    )
}

/// A mail of a run that is about more tokens than stand on a page.
///
/// # Errors
/// When there is none.
pub(super) fn long_mail(administrator: &Administrator, run: &str) -> Result<String, Failure> {
    let is_long = |mail: &&Value| mail["tokens"].as_array().is_some_and(|tokens| tokens.len() >= MANY);
    let mut path = format!("/api/v1/reminders/runs/{run}/mails");
    loop {
        let mails = administrator.call("GET", &path, &Value::Null)?;
        let mails = mails.as_array().map_or(&[][..], Vec::as_slice);
        let id = |mail: Option<&Value>| mail.and_then(|mail| mail["id"].as_str()).map(ToOwned::to_owned);
        if let Some(found) = id(mails.iter().find(is_long)) {
            return Ok(found);
        }
        let last = id(mails.last());
        let last = last.ok_or_else(|| Failure::Found(format!("the run `{run}` has no long mail")))?;
        path = format!("/api/v1/reminders/runs/{run}/mails?after={last}");
    }
}
