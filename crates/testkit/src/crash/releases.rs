//! Crashes (SIGKILL) while releases run.

use std::time::Duration;

use rand_core::Rng;
use serde_json::{Value, json};

use super::{REST, call};
use crate::servers::patgate::{Patgate, Start};
use crate::{random, wait};

/// Releases that are started between two crashes.
const RELEASES: u32 = 4;
/// Tasks of each.
const TASKS: usize = 3;
/// What a crash cut is held for half a minute more; after the last crash the trial lets that be over, while no server runs: one
/// that did would take up its own releases a second time.
const NO_CLAIMS: &str = "UPDATE releases SET due_at = 1 WHERE due_at IS NOT NULL";
/// After so many crashes, and so many ends of releases, one is told how far the trial is.
const TOLD: u32 = 10;
/// Takes a while, so that crashes meet it; then makes a folder of the task's own, and says so when it was there: then this
/// call was made before.
const SCRIPT: &str = "[api.get('/profile') for each in range(150)]\n\
    title = releaseVariables['name'] + '-' + str(releaseVariables['task'])\n\
    answer = api.post('/api/v1/config', {'type': 'core.Directory', 'title': title})\n\
    print('again' if answer.status == 409 else answer.status)\n\
    releaseVariables['task'] = releaseVariables['task'] + 1\n";

/// What a [`trial`] has seen. Had a release been left in between, or a call been made twice without a mark, it would have
/// panicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crashes.
    pub kills: u32,
    /// Releases that were started.
    pub releases: u32,
    /// Those of them that completed.
    pub completed: u32,
    /// Tasks that a crash cut, and that failed therefore.
    pub failed: u32,
    /// Tasks that began again, each of them marked.
    pub restarted: u32,
    /// Those of them whose call had been made before.
    pub repeated: u32,
}

/// Starts the program, and crashes and restarts it so many times while releases run, of which every second one begins
/// interrupted tasks again; then lets all of them end, and looks at each task. `progress` is told now and then how far it is.
///
/// # Panics
/// With what is wrong: a release that does not end, a task that completed without its call, or that ran twice, or whose call was made
/// twice, without a mark.
pub fn trial(start: Start, kills: u32, seed: u64, progress: impl Fn(&str)) -> Outcome {
    let mut patgate = start.start();
    let mut random = random::seeded(seed);
    let token = call(&patgate, "POST", "/api/v1/personal-access-tokens", &json!({ "tokenNote": "run as" }));
    let templates = [false, true].map(|restarts| template(&patgate, &token["token"], restarts));
    let mut outcome = Outcome { kills, ..Outcome::default() };
    let mut ids = Vec::new();
    for round in 0..kills {
        for number in 0..RELEASES {
            let template = &templates[(number % 2) as usize];
            let variables = json!({ "variables": { "name": format!("r{round}-{number}") } });
            let started = call(&patgate, "POST", &format!("/api/v1/templates/{template}/start"), &variables);
            ids.push(started["id"].as_str().unwrap_or_default().to_owned());
        }
        if round % 2 == 0 {
            wait_for_a_script(&patgate, ids.last().map_or("", String::as_str));
        } else {
            wait_a_little(random.next_u64() % 40);
        }
        patgate.kill();
        let done = round + 1;
        if done == kills {
            patgate.sql(NO_CLAIMS);
        }
        patgate.start_again();
        if done.is_multiple_of(TOLD) {
            progress(&format!("{done} of {kills} crashes"));
        }
    }
    let running = || {
        let running = patgate.sql("SELECT count(*) FROM releases WHERE status = 'IN_PROGRESS'");
        running.trim().parse::<u32>().unwrap_or_else(|error| panic!("{running}: {error}"))
    };
    // Hundreds take their time on a busy machine: what may not be is that none of them ends any more.
    let mut left = running();
    while left > 0 {
        let fewer = wait::until(REST, || Some(running()).filter(|now| *now < left));
        let fewer = fewer.unwrap_or_else(|| panic!("{left} releases are left\n{}", patgate.log()));
        if fewer / TOLD < left / TOLD {
            progress(&format!("{fewer} releases have not ended"));
        }
        left = fewer;
    }
    progress("all releases have ended, and are looked at");
    for id in &ids {
        outcome.releases += 1;
        look_at(
            &patgate,
            &call(&patgate, "GET", &format!("/api/v1/releases/{id}"), &Value::Null),
            &mut outcome,
        );
    }
    outcome
}

/// Waits until a script of this release runs.
fn wait_for_a_script(patgate: &Patgate, release: &str) {
    let met = wait::until(REST, || {
        let active = call(patgate, "GET", &format!("/api/v1/releases/{release}/active-tasks"), &Value::Null);
        (active[0]["status"] != "QUEUED").then_some(())
    });
    assert!(met.is_some(), "no task begins\n{}", patgate.log());
}

/// Looks so many times whether something has happened that never does: the crash comes at any point.
fn wait_a_little(times: u64) {
    wait::until(Duration::from_millis(times * 10), || None::<()>);
}

fn look_at(patgate: &Patgate, release: &Value, outcome: &mut Outcome) {
    let status = release["status"].as_str().unwrap_or_default();
    assert!(["COMPLETED", "FAILED"].contains(&status), "{release}");
    outcome.completed += u32::from(status == "COMPLETED");
    for task in release["phases"][0]["tasks"].as_array().into_iter().flatten() {
        let number = |name: &str| task[name].as_u64().unwrap_or_default();
        assert!(number("runs") <= number("restarts") + 1, "run twice without a mark: {task}");
        outcome.restarted += u32::from(number("restarts") > 0);
        if task["status"] == "FAILED" {
            let why = task["statusLine"].as_str().unwrap_or_default();
            assert!(why.contains("went away"), "{task}");
            outcome.failed += 1;
        }
        let path = format!("/api/v1/tasks/{}/log", task["id"].as_str().unwrap_or_default());
        let lines = call(patgate, "GET", &path, &Value::Null);
        let is_said =
            |text: &str| lines["lines"].as_array().into_iter().flatten().any(|line| line["text"] == text);
        let is_again = is_said("again");
        assert!(
            task["status"] != "COMPLETED" || is_again || is_said("200"),
            "it completed and made no call: {task}"
        );
        assert!(!is_again || number("restarts") > 0, "its call was made twice without a mark: {task}");
        outcome.repeated += u32::from(is_again);
    }
}

/// Makes a template and returns its id.
fn template(patgate: &Patgate, token: &Value, restarts: bool) -> String {
    let task = json!({
        "type": "xlrelease.ScriptTask", "title": "Make", "script": SCRIPT, "restartWhenInterrupted": restarts,
    });
    let template = json!({
        "title": "Crash",
        "phases": [{ "title": "All", "tasks": vec![task; TASKS] }],
        "variables": [{ "key": "name" }, { "key": "task", "type": "xlrelease.IntegerVariable", "value": 0 }],
        "scriptUserPassword": token,
    });
    call(patgate, "POST", "/api/v1/templates", &template)["id"].as_str().unwrap_or_default().to_owned()
}
