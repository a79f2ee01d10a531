//! Where scripts of releases are stopped, as whoever started them reads it: the task says which limit it was.

use std::time::Duration;

use patgate_testkit::child;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wait;
use serde_json::{Value, json};

use crate::actors::{Person, admin};
use crate::releases::{FOREVER, come_to, log, read, script, start, wait_for, workers};

/// Scripts that take long come last: on a busy machine, the clock of a minute ends one that would reach another limit.
const PATIENCE: Duration = Duration::from_secs(200);
/// What is told then.
const CLOCK: &str = "The script was stopped: it took longer than 60 seconds, the time of its calls included.";

#[test]
fn each_limit_of_a_script_is_named_by_the_task_that_reached_it() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let run_as = json!({ "scriptUserPassword": root.token("run as", "release").text });
    let scripts = [
        (
            "def grow():\n    x = []\n    for i in range(100000000):\n        x.append('abcdefgh' * 1000 + str(i))\ngrow()",
            "The script was stopped: it needed more than 134217728 bytes of memory.",
        ),
        (
            "def deeper(x):\n    return deeper(x + 1)\ndeeper(0)",
            "The script was stopped: its functions call each other too deeply.",
        ),
        (
            "def talk():\n    for i in range(1000):\n        print('x' * 1000)\ntalk()",
            "The script was stopped: it printed more than 262144 bytes.",
        ),
        (
            "def ask():\n    for i in range(1001):\n        api.get('/profile')\nask()",
            "The script was stopped: it made more than 1000 calls.",
        ),
        (
            "def turn():\n    for i in range(1000000000):\n        for j in range(1000000000):\n            x = j\nturn()",
            "The script was stopped: it took more than 10000000 steps. Look for a loop that does not end.",
        ),
        (
            "all([all(range(1, 2000000000)) for _ in range(1000)])",
            "The script was stopped: it used the processor for more than 10 seconds.",
        ),
    ];
    let started = scripts.map(|(text, told)| (start(&root, &[script(text)], &run_as), told));
    for (release, told) in started {
        let failed = wait::until(PATIENCE, || {
            Some(read(&root, &release)).filter(|now| now["status"] == json!("FAILED"))
        });
        let failed = failed.unwrap_or_else(|| panic!("{told}: {}", read(&root, &release)));
        let why = failed["phases"][0]["tasks"][0]["statusLine"].as_str().unwrap();
        let is_slow = told.contains("steps") || told.contains("processor");
        assert!(why == told || (is_slow && why == CLOCK), "{told}: {why}");
    }
    let next = start(&root, &[script("print('well')")], &run_as);
    come_to(&root, &next, "COMPLETED");
}

#[test]
fn variables_of_the_most_that_is_saved_are_given_to_the_next_script_and_grow_no_further() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let keys = ["a", "b", "c", "d", "rest"];
    let [quotes, text] = ["\"", "x"].map(|letter| letter.repeat(32 * 1_024));
    // In JSON a quotation mark takes two bytes.
    let without_rest = json!({ "a": quotes, "b": quotes, "c": quotes, "d": text, "rest": "" });
    let rest = 256 * 1_024 - without_rest.to_string().len();
    let fill = format!(
        "for key in ['a', 'b', 'c']:\n    releaseVariables[key] = '\"' * 32768\nreleaseVariables['d'] = 'x' * 32768\n\
         releaseVariables['rest'] = 'x' * {rest}"
    );
    let next = "print(len(releaseVariables['a']), len(releaseVariables['rest']))";
    // What a script removes is there again for the next one.
    let grow = "releaseVariables.pop('a')\nreleaseVariables['rest'] += 'x'";
    let variables = keys.map(|key| json!({ "key": key, "value": "" }));
    let tasks = [script(&fill), script(next), script(grow)];
    let release = start(&root, &tasks, &json!({ "variables": variables }));
    let failed = come_to(&root, &release, "FAILED");
    let tasks = &failed["phases"][0]["tasks"];
    assert_eq!(log(&root, &tasks[1]), [format!("32768 {rest}")], "{failed}");
    let why = tasks[2]["statusLine"].as_str().unwrap();
    assert!(why.starts_with("What the script assigned cannot be kept") && why.contains("262144"), "{why}");
}

#[test]
fn somebody_whose_releases_never_end_keeps_no_release_of_another_waiting() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let makes = ["login", "release#view", "template#create", "release#create"];
    root.hire("ann", "correct horse battery", &makes);
    let ann = Person::new(&patgate, "ann", "correct horse battery");
    let endless = start(&root, &[script(FOREVER)], &json!({}));
    let template = read(&root, &endless)["originTemplateId"].clone();
    // More than a server runs at a time, of which each takes ten seconds of a processor.
    for _ in 0..80 {
        let path = format!("/api/v1/templates/{}/start", template.as_str().unwrap());
        assert_eq!(root.send("POST", &path, &json!({})).status, 200);
    }
    let release = start(&ann, &[script("print('well')")], &json!({}));
    let done = come_to(&ann, &release, "COMPLETED");
    assert_eq!(log(&ann, &done["phases"][0]["tasks"][0]), ["well"]);
    let waiting = root.send("POST", "/api/v1/releases/count", &json!({})).json();
    let under_way = waiting["all"]["byStatus"]["IN_PROGRESS"].as_u64().unwrap();
    // In its turn it would have begun when 18 of the 81 were over, of which 64 run at a time.
    assert!(under_way >= 64, "it waited for the others: {waiting}");
}

#[test]
fn a_worker_that_is_killed_fails_its_task_and_the_next_release_runs() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let release = start(&root, &[script(FOREVER)], &json!({}));
    let has_begun = |now: &Value| log(&root, &now["phases"][0]["tasks"][0]) == ["begun"];
    wait_for(&root, &release, has_begun).unwrap();
    for worker in workers(&patgate) {
        child::run("kill", ["-KILL", worker.as_str()]);
    }
    let failed = come_to(&root, &release, "FAILED");
    assert_eq!(
        failed["phases"][0]["tasks"][0]["statusLine"],
        json!(
            "The process that ran the script ended unexpectedly (signal 9). Start the task again; if it happens again, tell \
             your administrator."
        )
    );
    let next = start(&root, &[script("print('well')")], &json!({}));
    let done = come_to(&root, &next, "COMPLETED");
    assert_eq!(log(&root, &done["phases"][0]["tasks"][0]), ["well"]);
}
