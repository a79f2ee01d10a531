//! What the program does by itself, with its own clock: the first night is noted, and decisions take effect at their time, also
//! those that came due while no server ran.

use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wait;
use serde_json::{Value, json};

use crate::actors::{admin, auth};

/// How long a job may take to look again.
const PATIENCE: Duration = Duration::from_secs(60);

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";
const RUNS: &str = "/api/v1/reminders/runs";

/// Lowers the maximum in so many seconds; tokens that exceed it then are suspended.
fn lower(patgate: &Patgate, days: u32, seconds: i64) {
    let mut rules = admin(patgate).get(SETTINGS).json();
    rules["maximumLifetimeDays"] = json!(days);
    rules["existingTokens"] = json!({ "overMaximum": "suspend", "at": in_seconds(seconds) });
    let answer = admin(patgate).send("PUT", SETTINGS, &rules);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[expect(clippy::disallowed_methods, reason = "the program under test has the machine's clock")]
fn in_seconds(seconds: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    at.to_string()
}

/// The states of all decisions, the newest first.
fn decisions(patgate: &Patgate) -> Vec<Value> {
    let listed = admin(patgate).get(&format!("{SETTINGS}/decisions")).json();
    listed["decisions"].as_array().unwrap().iter().map(|decision| decision["state"].clone()).collect()
}

#[test]
fn a_server_notes_its_first_night_and_lets_decisions_take_effect_at_their_time() {
    let mut patgate = Patgate::start();
    let noted = wait::until(PATIENCE, || {
        let runs = admin(&patgate).get(RUNS).json();
        runs.as_array().unwrap().iter().any(|run| run["note"] == "first_start").then_some(())
    });
    assert!(noted.is_some(), "{}", patgate.log());
    let token = admin(&patgate).token("endless", "release");
    assert_eq!(auth(&patgate, &token.text), 200);
    lower(&patgate, 365, 3);
    assert_eq!(decisions(&patgate), ["pending"]);
    let applied = wait::until(PATIENCE, || (decisions(&patgate) == ["applied"]).then_some(()));
    assert!(applied.is_some(), "{}", patgate.log());
    assert_eq!(auth(&patgate, &token.text), 401);
    // One that comes due while nobody runs. That it has, the clock says: it is put into the past.
    lower(&patgate, 7, 3_600);
    assert_eq!(decisions(&patgate), ["pending", "applied"]);
    assert!(patgate.stop().success());
    patgate.sql("UPDATE decisions SET effective_at = 1 WHERE state = 'pending'");
    patgate.start_again();
    let applied = wait::until(PATIENCE, || (decisions(&patgate) == ["applied", "applied"]).then_some(()));
    assert!(applied.is_some(), "{}", patgate.log());
    assert_eq!(admin(&patgate).get(SETTINGS).json()["maximumLifetimeDays"], 7);
}
