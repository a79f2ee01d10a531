//! The beginning and the end of a server's life: ready when everything is loaded, gone when everything is done.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use patgate_testkit::curl;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::wait;
use patgate_testkit::wire::Wire;
use rustix::process::Signal;
use serde_json::json;

use crate::actors::{TOKENS, admin, auth, with_bearer};

/// How long a server may take for what it does by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A transaction of somebody else's that keeps a table locked until it is dropped.
pub(crate) struct Lock {
    client: Child,
    input: Option<ChildStdin>,
}

impl Lock {
    pub(crate) fn take(database: &Database, table: &str) -> Self {
        let mut client = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = client.stdin.take().unwrap();
        writeln!(input, "BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';").unwrap();
        let mut line = String::new();
        BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "locked");
        Self { client, input: Some(input) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The end of its input ends psql, and with it the transaction.
        drop(self.input.take());
        let _ = self.client.wait();
    }
}

#[test]
fn a_server_is_ready_when_all_tokens_are_loaded_and_calls_none_unknown_before() {
    let database = Database::create();
    let mut first = Patgate::with().database_url(database.url()).start();
    let token = admin(&first).token("t", "any").text;
    assert!(first.stop().success());
    let lock = Lock::take(&database, "secrets");
    let keys = first.data_directory().join("keys");
    let mut patgate =
        Patgate::with().database_url(database.url()).environment("PATGATE_KEYS_FILE", keys).begin();
    let status = |path: &str| curl::get(&patgate.url_of(path)).status;
    let answers = wait::until(PATIENCE, || (status("/healthz") == 200).then_some(()));
    assert!(answers.is_some(), "{}", patgate.log());
    assert_eq!(status("/readyz"), 503);
    assert_eq!(with_bearer(&patgate.url_of(TOKENS), &token).status, 503);
    // A proxy must be told something that it does not take for a verdict about the token.
    let answer = with_bearer(&patgate.url_of("/auth"), &token);
    assert_eq!((answer.status, &answer.json()["detail"]), (403, &json!("Patgate is starting")));
    drop(lock);
    patgate.wait_until_ready().unwrap();
    assert_eq!(auth(&patgate, &token), 200);
}

#[test]
fn a_server_that_is_told_to_stop_while_it_starts_gives_up_starting() {
    let database = Database::create();
    let mut first = Patgate::with().database_url(database.url()).start();
    assert!(first.stop().success());
    let lock = Lock::take(&database, "settings");
    let keys = first.data_directory().join("keys");
    let mut patgate =
        Patgate::with().database_url(database.url()).environment("PATGATE_KEYS_FILE", keys).begin();
    let port = patgate.ports()[0];
    assert!(wait::until(PATIENCE, || wait::is_listening(port).then_some(())).is_some(), "{}", patgate.log());
    assert!(patgate.stop().success(), "a signal ended it: {}", patgate.log());
    drop(lock);
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_it_has_begun() {
    let mut patgate = Patgate::start();
    let body = json!({ "tokenNote": "begun before the end" }).to_string();
    let (begin, end) = body.split_at(10);
    let basic = "YWRtaW46dGVzdC1hZG1pbi1wYXNzd29yZC0x";
    let mut wire = Wire::connect(patgate.ports()[0]);
    wire.send(format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: a\r\nauthorization: Basic {basic}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{begin}",
        body.len()
    ))
    .unwrap();
    // Another request on another connection shows that the first one has arrived: both are read in order of arrival
    // by a server that has nothing else to do.
    assert_eq!(admin(&patgate).get(TOKENS).status, 200);
    patgate.signal(Signal::TERM);
    let port = patgate.ports()[0];
    assert!(wait::until(PATIENCE, || (!wait::is_listening(port)).then_some(())).is_some());
    wire.send(end).unwrap();
    let answer = wire.answer().unwrap().unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(wire.answer().unwrap().map(|answer| answer.status), None, "the connection ends");
    assert!(patgate.stop().success(), "{}", patgate.log());
    patgate.start_again();
    assert_eq!(auth(&patgate, answer.json()["token"].as_str().unwrap()), 200);
}

#[test]
fn a_server_that_stops_writes_down_who_used_which_token() {
    let mut patgate = Patgate::start();
    let (used, unused) = (admin(&patgate).token("used", "any"), admin(&patgate).token("unused", "any"));
    let bearer = format!("Authorization: Bearer {}", used.text);
    assert_eq!(curl::curl(["-A", "nightly/1.0", "-H", &bearer, &patgate.url_of("/auth")]).status, 200);
    assert!(patgate.stop().success());
    let sql = "SELECT name, last_used_at IS NOT NULL, last_used_address, last_used_user_agent FROM grants ORDER BY name";
    assert_eq!(patgate.sql(sql).trim(), "unused|0||\nused|1|127.0.0.1|nightly/1.0");
    patgate.start_again();
    let read = |id: &str| admin(&patgate).get(&format!("{TOKENS}/{id}")).json();
    assert!(read(&used.id)["lastUsedAt"].is_string());
    assert_eq!(read(&used.id)["lastUsedUserAgent"], "nightly/1.0");
    assert!(read(&unused.id)["lastUsedAt"].is_null());
}

#[test]
fn somebody_sees_the_last_use_of_a_token_while_the_server_runs() {
    let patgate = Patgate::start();
    let (used, reader) = (admin(&patgate).token("used", "any"), admin(&patgate).token("reader", "any"));
    let url = patgate.url_of(&format!("{TOKENS}/{}", used.id));
    assert!(with_bearer(&url, &reader.text).json()["lastUsedAt"].is_null());
    assert_eq!(auth(&patgate, &used.text), 200);
    let seen = wait::until(PATIENCE, || {
        let read = with_bearer(&url, &reader.text).json();
        read["lastUsedAt"].is_string().then_some(read)
    });
    assert_eq!(seen.unwrap()["lastUsedAddress"], "127.0.0.1");
}

#[test]
fn a_server_that_is_told_to_stop_does_not_wait_for_idle_clients() {
    let mut patgate = Patgate::start();
    let mut idle = Wire::connect(patgate.ports()[0]);
    assert_eq!(idle.request("GET", "/healthz", &[], "").unwrap().status, 200);
    assert!(patgate.stop().success());
    assert!(!patgate.log().contains("connections were cut"), "{}", patgate.log());
    assert!(matches!(idle.answer(), Ok(None)));
}

#[test]
fn a_server_under_which_a_newer_one_changed_the_tables_stops_and_says_why() {
    let database = Database::create();
    for mut patgate in [Patgate::start(), Patgate::with().database_url(database.url()).start()] {
        patgate.sql("UPDATE schema_version SET version = 4711");
        let ended = wait::until(PATIENCE, || patgate.ended());
        let log = patgate.log();
        assert_eq!(ended.and_then(|status| status.code()), Some(1), "{log}");
        assert!(log.contains("4711") && log.contains("newer version of the program"), "{log}");
        assert_eq!(patgate.sql("SELECT count(*) FROM nodes").trim(), "0", "it counts as gone");
    }
}
