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

/// Lowers the maximum in an hour; tokens that exceed it then are suspended.
fn lower(patgate: &Patgate, days: u32) {
    let mut rules = admin(patgate).get(SETTINGS).json();
    rules["maximumLifetimeDays"] = json!(days);
    rules["existingTokens"] = json!({ "overMaximum": "suspend", "at": in_an_hour() });
    let answer = admin(patgate).send("PUT", SETTINGS, &rules);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[expect(clippy::disallowed_methods, reason = "the program under test has the machine's clock")]
fn in_an_hour() -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    at.to_string()
}

/// Puts the time of what waits into the past: it has come.
fn let_the_time_come(patgate: &Patgate) {
    patgate.sql("UPDATE decisions SET effective_at = 1 WHERE state = 'pending'");
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
    lower(&patgate, 365);
    assert_eq!(decisions(&patgate), ["pending"]);
    assert_eq!(auth(&patgate, &token.text), 200);
    let_the_time_come(&patgate);
    let applied = wait::until(PATIENCE, || (decisions(&patgate) == ["applied"]).then_some(()));
    assert!(applied.is_some(), "{}", patgate.log());
    assert_eq!(auth(&patgate, &token.text), 401);
    // One that comes due while nobody runs.
    lower(&patgate, 7);
    assert_eq!(decisions(&patgate), ["pending", "applied"]);
    assert!(patgate.stop().success());
    let_the_time_come(&patgate);
    patgate.start_again();
    let applied = wait::until(PATIENCE, || (decisions(&patgate) == ["applied", "applied"]).then_some(()));
    assert!(applied.is_some(), "{}", patgate.log());
    assert_eq!(admin(&patgate).get(SETTINGS).json()["maximumLifetimeDays"], 7);
}
