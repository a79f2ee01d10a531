//! Releases with the program itself: scripts in worker processes that call as the user for automated tasks.

use std::fs;
use std::time::Duration;

use patgate_testkit::child;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::wait;
use serde_json::{Value, json};

use crate::actors::{Person, admin};

/// How long a release may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// A single statement that takes longer than a script may: the limits end it after seconds, not before.
pub(crate) const FOREVER: &str = "print('begun')\nall(range(1, 2000000000))";
const TEMPLATES: &str = "/api/v1/templates";

pub(crate) fn script(text: &str) -> Value {
    json!({ "type": "xlrelease.ScriptTask", "title": "Script", "script": text })
}

/// Starts a release of these tasks as somebody, and returns its id.
pub(crate) fn start(person: &Person<'_>, tasks: &[Value], more: &Value) -> String {
    start_saved(person, &save(person, tasks, more))
}

/// Saves a template of these tasks, and returns its id.
fn save(person: &Person<'_>, tasks: &[Value], more: &Value) -> String {
    let mut template = json!({
        "title": "Ship it", "phases": [{ "title": "Test", "tasks": tasks }],
        "variables": [{ "key": "found", "value": "" }, { "key": "secret", "type": "xlrelease.PasswordStringVariable", "value": "swordfish" }],
    });
    template.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = person.send("POST", TEMPLATES, &template);
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Starts a release of a template, and returns its id.
fn start_saved(person: &Person<'_>, template: &str) -> String {
    let started = person.send("POST", &format!("{TEMPLATES}/{template}/start"), &json!({}));
    assert_eq!(started.status, 200, "{}", started.text());
    started.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) fn read(person: &Person<'_>, release: &str) -> Value {
    person.get(&format!("/api/v1/releases/{release}")).json()
}

/// The release when this is true of it.
pub(crate) fn wait_for(person: &Person<'_>, release: &str, is_so: impl Fn(&Value) -> bool) -> Option<Value> {
    wait::until(LIMIT, || Some(read(person, release)).filter(&is_so))
}

/// The release when it has come to this status.
pub(crate) fn come_to(person: &Person<'_>, release: &str, status: &str) -> Value {
    wait_for(person, release, |now| now["status"] == json!(status))
        .unwrap_or_else(|| panic!("the release is not {status}, but {}", read(person, release)))
}

pub(crate) fn log(person: &Person<'_>, task: &Value) -> Vec<String> {
    let path = format!("/api/v1/tasks/{}/log", task["id"].as_str().unwrap());
    let lines = person.get(&path).json()["lines"].clone();
    lines.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn behaviour_64_script_tasks_act_as_the_owner_of_the_token() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire(
        "ann",
        "correct horse battery",
        &["login", "release#view", "template#create", "release#create"],
    );
    let ann = Person::new(&patgate, "ann", "correct horse battery");
    let token = ann.token("run as", "release");
    let first = "found = api.get('/profile').json['username']\nreleaseVariables['found'] = found\nprint('I am', found)";
    let second =
        "print(releaseVariables['found'], api.get('/api/v1/users').status, releaseVariables['secret'])";
    let run_as = json!({ "scriptUsername": "", "scriptUserPassword": token.text });
    let release = start(&root, &[script(first), script(second)], &run_as);
    let done = come_to(&root, &release, "COMPLETED");
    let tasks = &done["phases"][0]["tasks"];
    assert_eq!(log(&root, &tasks[0]), ["I am ann"]);
    assert_eq!(log(&root, &tasks[1]), ["ann 403 ******"], "with her permissions, and without the secret");
    assert_eq!(done["variables"][0]["value"], json!("ann"));
    assert!(!patgate.log().contains(&token.text[4..]) && !patgate.log().contains("swordfish"));
}

#[test]
fn behaviour_66_a_token_that_is_deleted_in_mid_release_fails_the_next_call() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let token = root.token("run as", "release");
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Wait" });
    let calls = || script("print(api.get('/profile').status)");
    let run_as = json!({ "scriptUserPassword": token.text });
    let release = start(&root, &[calls(), gate, calls()], &run_as);
    let waits = wait::until(LIMIT, || {
        let now = read(&root, &release);
        (now["phases"][0]["tasks"][1]["status"] == json!("IN_PROGRESS")).then_some(now)
    })
    .unwrap();
    assert_eq!(log(&root, &waits["phases"][0]["tasks"][0]), ["200"]);
    root.delete_token(&token);
    let gate = waits["phases"][0]["tasks"][1]["id"].as_str().unwrap();
    assert_eq!(root.send("POST", &format!("/api/v1/tasks/{gate}/complete"), &json!({})).status, 200);
    let failed = come_to(&root, &release, "FAILED");
    let why = failed["phases"][0]["tasks"][2]["statusLine"].as_str().unwrap();
    assert!(why.contains("the token was deleted"), "{why}");
    assert!(!why.contains(&token.text[4..]), "{why}");
}

#[test]
fn behaviour_66_a_token_that_expires_in_mid_release_fails_the_next_call() {
    let mut patgate = Patgate::start();
    let root = admin(&patgate);
    let token = root.token("run as", "release");
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Wait" });
    let run_as = json!({ "scriptUserPassword": token.text });
    let release = start(&root, &[gate, script("print(api.get('/profile').status)")], &run_as);
    let gate = read(&root, &release)["phases"][0]["tasks"][0]["id"].as_str().unwrap().to_owned();
    patgate.kill();
    patgate.sql("UPDATE grants SET expires_at = created_at + 1 WHERE name = 'run as'");
    patgate.start_again();
    let root = admin(&patgate);
    assert_eq!(root.send("POST", &format!("/api/v1/tasks/{gate}/complete"), &json!({})).status, 200);
    let failed = come_to(&root, &release, "FAILED");
    let why = failed["phases"][0]["tasks"][1]["statusLine"].as_str().unwrap();
    assert!(why.contains("the token expired on "), "{why}");
    assert!(!failed.to_string().contains(&token.text[4..]) && !patgate.log().contains(&token.text[4..]));
}

#[test]
fn a_script_without_a_user_for_automated_tasks_is_told_so() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let release = start(&root, &[script("print('ok')"), script("api.get('/profile')")], &json!({}));
    let failed = come_to(&root, &release, "FAILED");
    let tasks = &failed["phases"][0]["tasks"];
    assert_eq!((&tasks[0]["status"], log(&root, &tasks[0])), (&json!("COMPLETED"), vec!["ok".to_owned()]));
    let why = tasks[1]["statusLine"].as_str().unwrap();
    assert!(why.contains("Run automated tasks as user"), "{why}");
}

#[test]
fn an_aborted_release_stops_its_script_at_once_and_another_one_goes_on() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let forever = script(FOREVER);
    let release = start(&root, &[forever], &json!({}));
    wait::until(LIMIT, || {
        let task = read(&root, &release)["phases"][0]["tasks"][0].clone();
        (log(&root, &task) == ["begun"]).then_some(())
    })
    .unwrap();
    let aborted = root.send("POST", &format!("/api/v1/releases/{release}/abort"), &json!({}));
    assert_eq!(aborted.json()["phases"][0]["tasks"][0]["status"], json!("ABORTED"), "{}", aborted.text());
    let other = start(&root, &[script("print('ok')")], &json!({}));
    come_to(&root, &other, "COMPLETED");
    assert_eq!(read(&root, &release)["status"], json!("ABORTED"), "and it stays so");
}

#[test]
fn what_a_script_said_last_is_in_its_log_when_somebody_aborts_the_release() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let run_as = json!({ "scriptUserPassword": root.token("run as", "release").text });
    let made = format!("{TEMPLATES}/Applications/Release1");
    // One sees by the template, and not by the log, that the script has said its line.
    let text = "print('last')\napi.post('/api/v1/templates', {'id': 'Applications/Release1', 'title': 'Made'})\n\
                all(range(1, 2000000000))";
    let release = start(&root, &[script(text)], &run_as);
    wait::until(LIMIT, || (root.get(&made).status == 200).then_some(())).unwrap();
    let aborted = root.send("POST", &format!("/api/v1/releases/{release}/abort"), &json!({}));
    assert_eq!(aborted.status, 200, "{}", aborted.text());
    let is_told = |now: &Value| log(&root, &now["phases"][0]["tasks"][0]) == ["last"];
    assert!(wait_for(&root, &release, is_told).is_some(), "{}", patgate.log());
}

#[test]
fn a_release_whose_server_is_killed_ends_in_a_defined_state() {
    let mut patgate = Patgate::start();
    let [failing, again] = {
        let root = admin(&patgate);
        let again = json!({
            "type": "xlrelease.ScriptTask", "title": "Again", "restartWhenInterrupted": true,
            "script": FOREVER,
        });
        let ids = [start(&root, &[script(FOREVER)], &json!({})), start(&root, &[again], &json!({}))];
        for id in &ids {
            wait::until(LIMIT, || {
                let task = &read(&root, id)["phases"][0]["tasks"][0];
                (task["status"] == json!("IN_PROGRESS")).then_some(())
            })
            .unwrap();
        }
        ids
    };
    patgate.kill();
    patgate.start_again();
    let root = admin(&patgate);
    let failed = come_to(&root, &failing, "FAILED");
    let why = failed["phases"][0]["tasks"][0]["statusLine"].as_str().unwrap();
    assert!(why.contains("went away"), "{why}");
    let restarted = wait::until(LIMIT, || {
        let task = read(&root, &again)["phases"][0]["tasks"][0].clone();
        (task["runs"] == json!(2)).then_some(task)
    })
    .unwrap();
    assert_eq!(restarted["restarts"], json!(1), "and is marked so");
    assert_eq!(root.send("POST", &format!("/api/v1/releases/{again}/abort"), &json!({})).status, 200);
}

#[test]
fn a_script_of_somebody_else_runs_in_no_process_that_has_done_anything() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let makes = ["login", "release#view", "template#create", "release#create"];
    root.hire("ann", "correct horse battery", &makes);
    let ann = Person::new(&patgate, "ann", "correct horse battery");
    // What has no variable in it is reckoned out before the script begins.
    let text = "print('begun')\nif releaseVariables['long']:\n    all(range(1, 2000000000 + len(releaseVariables['long'])))";
    let variables = json!({ "variables": [{ "key": "long", "value": "" }] });
    let first = start(&root, &[script(text)], &variables);
    let template = come_to(&root, &first, "COMPLETED")["originTemplateId"].clone();
    // The one that checked the script, and the one that ran it, when that was not slow.
    let used = workers(&patgate);
    let path = format!("{TEMPLATES}/{}/start", template.as_str().unwrap());
    let long = json!({ "releaseVariables": { "long": "yes" } });
    let started = ann.send("POST", &path, &long);
    assert_eq!(started.status, 200, "{}", started.text());
    let other = started.json()["id"].as_str().unwrap().to_owned();
    let has_begun = |now: &Value| log(&ann, &now["phases"][0]["tasks"][0]) == ["begun"];
    wait_for(&ann, &other, has_begun).unwrap();
    let now = workers(&patgate);
    let fresh = now.iter().filter(|worker| !used.contains(worker)).count();
    assert_eq!(fresh, 1, "{now:?} {used:?}");
}

#[test]
fn a_template_whose_script_cannot_be_read_is_not_saved() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let tasks = [script("print(1)"), script("x = 1\nif x\n  print(x)"), script("print(nothing)")];
    let template = json!({ "title": "Wrong", "phases": [{ "title": "All", "tasks": tasks }] });
    let refused = root.send("POST", TEMPLATES, &template);
    let told = refused.json();
    assert_eq!((refused.status, told["faults"].as_array().map(Vec::len)), (400, Some(2)), "{told}");
    assert_eq!(told["faults"][0]["field"], json!("phases[0].tasks[1].script"));
    let detail = told["faults"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("The task `Script`: line 2, ") && detail.ends_with("`if x`"), "{detail}");
    let good = json!({ "title": "Right", "phases": [{ "title": "All", "tasks": [script("print(1)")] }] });
    let made = root.send("POST", TEMPLATES, &good).json();
    let path = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let changed = root.send("PUT", &path, &template);
    assert_eq!(
        (changed.status, &root.get(&path).json()["title"]),
        (400, &json!("Right")),
        "{}",
        changed.text()
    );
}

/// The processes that run scripts for a server.
pub(crate) fn workers(patgate: &Patgate) -> Vec<String> {
    let id = patgate.id();
    let of_thread =
        |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap().flatten();
    threads
        .flat_map(|thread| of_thread(thread).split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_node_that_lost_a_release_to_another_stops_its_script() {
    let database = Database::create();
    let one = Patgate::with().database_url(database.url()).start();
    let long = json!({
        "type": "xlrelease.ScriptTask", "title": "Long", "restartWhenInterrupted": true, "script": FOREVER,
    });
    let template = save(&admin(&one), &[long], &json!({}));
    // The one that checked the script stays, whatever becomes of the release.
    let checker = workers(&one);
    let release = start_saved(&admin(&one), &template);
    let begun = |node: &Patgate, runs: u32| {
        wait::until(LIMIT, || {
            let task = read(&admin(node), &release)["phases"][0]["tasks"][0].clone();
            (task["runs"] == json!(runs) && log(&admin(node), &task).len() == runs as usize).then_some(task)
        })
    };
    begun(&one, 1).unwrap();
    let runner: Vec<_> = workers(&one).into_iter().filter(|worker| !checker.contains(worker)).collect();
    assert_eq!(runner.len(), 1, "{runner:?} {checker:?}");
    // It uses no time of the processor from now on: for a minute nothing ends it but that the release is lost.
    child::run("kill", ["-STOP", &runner[0]]);
    let keys = one.data_directory().join("keys");
    let two = Patgate::with().database_url(database.url()).environment("PATGATE_KEYS_FILE", keys).start();
    // The first node stands still for so long that another one may take the release up.
    child::run("kill", ["-STOP", &one.id().to_string()]);
    database.query("UPDATE releases SET due_at = 1 WHERE due_at IS NOT NULL");
    let taken = begun(&two, 2);
    child::run("kill", ["-CONT", &one.id().to_string()]);
    assert_eq!(
        taken.map(|task| task["restarts"].clone()),
        Some(json!(1)),
        "the second node begins again\n{}",
        two.log()
    );
    let is_stopped = || one.log().contains("taken up by another server").then_some(());
    assert!(wait::until(Duration::from_secs(30), is_stopped).is_some(), "{}", one.log());
    let is_gone = || (!workers(&one).contains(&runner[0])).then_some(());
    assert!(wait::until(Duration::from_secs(30), is_gone).is_some(), "its script goes on\n{}", one.log());
}
