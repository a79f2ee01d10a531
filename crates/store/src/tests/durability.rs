//! Durability: what was committed is on the disk before the answer, and survives a kill.

use std::io::Write;
use std::process::{Command, Stdio};

use patgate_core::grant::LastUse;

use super::*;
use crate::Page;

/// Set in a copy of this test program that plays the server; holds the path of its database.
const SERVER: &str = "PATGATE_STORE_TEST_SERVER";

#[tokio::test]
async fn a_change_is_on_the_disk_before_it_is_answered() {
    if let Some(path) = server_database() {
        return commit_between_marks(path).await;
    }
    let folder = TempDir::new().unwrap();
    let (path, log) = (folder.path().join("patgate.db"), folder.path().join("calls"));
    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "tests::durability::a_change_is_on_the_disk_before_it_is_answered", "--nocapture"])
        .env(SERVER, &path)
        .stdout(Stdio::null())
        .status()
        .expect("strace is missing: run `cargo xtask test`, which installs it");
    assert!(status.success());
    let log = std::fs::read_to_string(&log).unwrap();
    let calls: Vec<&str> = log.lines().collect();
    let mark =
        |text: &str| calls.iter().position(|call| call.contains("write(1") && call.contains(text)).unwrap();
    let (begin, answer) = (mark("MARK begin"), mark("MARK answer"));
    let during = &calls[begin..answer];
    let written =
        during.iter().rposition(|call| call.contains("pwrite64(") && call.contains("patgate.db-wal"));
    let synced = during.iter().rposition(|call| call.contains("sync(") && call.contains("patgate.db-wal"));
    let (written, synced) = (written.expect("no write to the log"), synced.expect("no fsync of the log"));
    assert!(written < synced, "written after the last fsync:\n{}", during.join("\n"));
    let thread = during[synced].split_whitespace().next().unwrap();
    let ended = during[synced..]
        .iter()
        .any(|call| call.starts_with(thread) && call.contains("sync") && call.trim_end().ends_with("= 0"));
    assert!(ended, "the fsync did not end before the answer:\n{}", during.join("\n"));
}

#[tokio::test]
async fn what_was_recorded_survives_a_kill() {
    if let Some(path) = server_database() {
        return record_and_be_killed(path).await;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("patgate.db");
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::durability::what_was_recorded_survives_a_kill", "--nocapture"])
        .env(SERVER, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(server.stdout.take().unwrap()));
    let answered =
        lines.find_map(|line| line.unwrap().split_once("MARK answer ").map(|(_, id)| id.to_owned()));
    server.kill().unwrap();
    server.wait().unwrap();
    let answered: i64 = answered.unwrap().trim().parse().unwrap();

    let store = Store::open(&Database::Sqlite(path)).await.unwrap();
    let grants = store.grants(&crate::GrantFilter::default(), Page::WHOLE).await.unwrap();
    assert!(grants.len() as i64 >= answered, "{} of {answered}", grants.len());
    let at = grants.iter().map(|grant| grant.last_use.as_ref().map(|last| last.at));
    let stamps: std::collections::BTreeSet<_> = at.take(20).collect();
    assert_eq!(stamps.len(), 1, "a batch of last uses is written whole or not at all");
    assert!(stamps.into_iter().all(|stamp| stamp.is_some()), "the first batch was answered");
    for grant in grants {
        let indexed = store.indexed_grant(grant.id).await.unwrap().unwrap();
        assert_eq!(indexed.secrets.len(), 1, "a token is there whole or not at all");
    }
}

#[expect(clippy::disallowed_methods, reason = "how the test tells its copy that it is one")]
fn server_database() -> Option<Database> {
    std::env::var_os(SERVER).map(|path| Database::Sqlite(path.into()))
}

async fn commit_between_marks(database: Database) {
    let store = Store::open(&database).await.unwrap();
    let mut change = store.change(&admin(), now()).await.unwrap();
    change.insert_user(&user(1, "ann"), None).await.unwrap();
    say("MARK begin\n");
    change.commit().await.unwrap();
    say("MARK answer\n");
    store.close().await;
}

async fn record_and_be_killed(database: Database) {
    let store = store_with_users(&Fixture { database }, &["ann"]).await;
    let first: Vec<_> = (1..=20).map(|id| grant(id, 1, &format!("a{id:04}"))).collect();
    insert_grants(&store, &first).await;
    for step in 1.. {
        let used = LastUse { at: Timestamp::from_second(step).unwrap(), address: None, user_agent: None };
        let uses: Vec<_> = first.iter().map(|grant| (grant.id, used.clone())).collect();
        store.record_last_uses(&uses).await.unwrap();
        let id = 20 + step;
        insert_grants(&store, &[grant(id, 1, &format!("b{id:04}"))]).await;
        say(&format!("MARK answer {id}\n"));
    }
}

/// One write to the standard output, past the test program's capture.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
