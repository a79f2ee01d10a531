//! The database goes away while requests come in at a webhook endpoint: nothing is answered 202 that is not there
//! afterwards, and what is sent again is there once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use patgate_testkit::curl::{self, Answer};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::{child, wait};
use serde_json::json;

use crate::webhooks::{POST, endpoint};

/// Connections that broke are made anew, and writers wait for ten seconds at most.
const PATIENCE: Duration = Duration::from_secs(60);

fn send(patgate: &Patgate, id: &str) -> Answer {
    let (json, id) = ("Content-Type: application/json", format!("webhook-id: {id}"));
    curl::curl(["-H", json, "-H", &id, "-d", r#"{"event":"push"}"#, &patgate.url_of("/webhooks/hook")])
}

/// Sends some while the database is there, some while it is away, and those again when it is back.
fn trial(patgate: &Patgate, go_away: impl FnOnce(), come_back: impl FnOnce()) {
    endpoint(patgate, POST, "hook", json!({ "authentication": "none" }));
    let before: Vec<_> = (0..3).map(|number| format!("before-{number}")).collect();
    let meanwhile: Vec<_> = (0..3).map(|number| format!("meanwhile-{number}")).collect();
    let mut ids = BTreeSet::new();
    for id in &before {
        let answer = send(patgate, id);
        assert_eq!(answer.status, 202, "{}", answer.text());
        ids.insert(answer.json()["id"].as_str().unwrap().to_owned());
    }
    go_away();
    for id in &meanwhile {
        let answer = send(patgate, id);
        assert_eq!(answer.status, 503, "{}\n{}", answer.text(), patgate.log());
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    come_back();
    for id in &meanwhile {
        let taken = wait::until(PATIENCE, || {
            let answer = send(patgate, id);
            // 200: it was written all the same, and only its answer was lost.
            matches!(answer.status, 200 | 202).then(|| answer.json()["id"].as_str().unwrap().to_owned())
        });
        ids.insert(taken.unwrap_or_else(|| panic!("the server did not recover\n{}", patgate.log())));
    }
    let kept = patgate.sql("SELECT message_id FROM webhook_requests ORDER BY number");
    let wanted: Vec<_> = before.iter().chain(&meanwhile).map(String::as_str).collect();
    let mut kept: Vec<_> = kept.lines().collect();
    kept.sort_unstable();
    assert_eq!(kept, wanted, "each is there, and once");
    assert_eq!(ids.len(), wanted.len());
}

#[test]
fn a_request_that_comes_while_postgresql_is_away_is_told_to_come_again() {
    let (database, other) = (Database::create(), Database::create());
    let patgate = Patgate::with().database_url(database.url()).start();
    let name = database.url().rsplit('/').next().unwrap();
    let go_away = || {
        other.query(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        other.query(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
    };
    let come_back = || drop(other.query(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")));
    trial(&patgate, go_away, come_back);
}

/// Another process that holds SQLite's write lock, as a backup tool that hangs would.
struct Lock(Child);

impl Lock {
    fn take(patgate: &Patgate) -> Self {
        let mut command = Command::new(child::program("sqlite3"));
        command.arg("-batch").arg(patgate.data_directory().join("patgate.db"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.as_mut().unwrap();
        input.write_all(b".timeout 10000\nBEGIN IMMEDIATE;\nSELECT 'held';\n").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "held");
        Self(child)
    }

    fn give_back(mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"ROLLBACK;\n.quit\n").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

#[test]
fn a_request_that_comes_while_sqlite_is_locked_is_told_to_come_again() {
    let patgate = Patgate::start();
    let lock = std::cell::RefCell::new(None);
    let go_away = || drop(lock.borrow_mut().replace(Lock::take(&patgate)));
    let come_back = || lock.take().unwrap().give_back();
    trial(&patgate, go_away, come_back);
}
