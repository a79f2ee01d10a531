//! As much of everything as a page may have to show, beside the tokens: configuration items, groups, runs of reminders.

use serde_json::{Value, json};

use super::read;
use super::things::named;
use crate::bench::administrator::Administrator;
use crate::bench::program::Data;
use crate::failure::Failure;

/// How many there are of what a page shows a part of.
pub(super) const MANY: usize = 60;
/// How many groups a provider may put somebody into.
const GROUPS: usize = 2_000;
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
