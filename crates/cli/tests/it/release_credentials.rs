//! Whoever a release runs its scripts as, with the program itself: what becomes of them meanwhile, what their token carries, and
//! that nothing of what was entered is kept.

use std::fs;

use patgate_testkit::servers::patgate::Patgate;
use serde_json::{Value, json};

use crate::actors::{CURRENT, Person, admin};
use crate::releases::{come_to, log, read, script, start, wait_for};

const PASSWORD: &str = "correct horse battery";
/// A script that says as whom it calls.
const CALL: &str = "print(api.get('/profile').json['username'])";

/// Starts a release of a call, a gate and another call as Ann, and waits until it is at the gate: the release and its gate.
fn at_its_gate(root: &Person<'_>, run_as: &Value) -> (String, String) {
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Wait" });
    let release = start(root, &[script(CALL), gate, script(CALL)], run_as);
    let waits = |now: &Value| now["phases"][0]["tasks"][1]["status"] == json!("IN_PROGRESS");
    let now = wait_for(root, &release, waits).unwrap();
    let tasks = &now["phases"][0]["tasks"];
    assert_eq!(log(root, &tasks[0]), ["ann"]);
    (release, tasks[1]["id"].as_str().unwrap().to_owned())
}

fn approve(root: &Person<'_>, gate: &str) {
    let approved = root.send("POST", &format!("/api/v1/tasks/{gate}/complete"), &json!({}));
    assert_eq!(approved.status, 200, "{}", approved.text());
}

fn post(root: &Person<'_>, path: &str) -> (u16, String) {
    let answer = root.send("POST", path, &json!({}));
    (answer.status, answer.text())
}

/// Why a task of a release failed.
fn why(release: &Value, task: usize) -> &str {
    let task = &release["phases"][0]["tasks"][task];
    assert_eq!(task["status"], json!("FAILED"), "{release}");
    task["statusLine"].as_str().unwrap()
}

#[test]
fn a_password_that_is_changed_in_mid_release_fails_the_next_call() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire("ann", PASSWORD, &["login"]);
    let run_as = json!({ "scriptUsername": "ann", "scriptUserPassword": PASSWORD });
    let (release, gate) = at_its_gate(&root, &run_as);
    let new = json!({ "newPassword": "another horse entirely" });
    assert_eq!(root.send("POST", "/api/v1/users/ann/password", &new).status, 204);
    approve(&root, &gate);
    let failed = come_to(&root, &release, "FAILED");
    assert_eq!(
        why(&failed, 2),
        "line 1: the call `GET /profile` was refused: the user for automated tasks does not pass: the password was changed \
         since it was entered"
    );
    let (status, text) = post(&root, &format!("/api/v1/releases/{release}/restart"));
    assert!(status == 400 && text.contains("the password was changed since it was entered"), "{text}");
    assert_eq!(read(&root, &release), failed, "nothing goes on");
}

#[test]
fn a_release_of_a_disabled_user_goes_on_when_they_are_enabled_again() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire("ann", PASSWORD, &["login"]);
    let token = Person::new(&patgate, "ann", PASSWORD).token("run as", "release");
    let (release, gate) = at_its_gate(&root, &json!({ "scriptUserPassword": token.text }));
    assert_eq!(post(&root, "/api/v1/users/ann/disable").0, 204);
    approve(&root, &gate);
    let failed = come_to(&root, &release, "FAILED");
    assert!(why(&failed, 2).contains("the owner of the token is disabled"), "{failed}");
    let restart = format!("/api/v1/releases/{release}/restart");
    let (status, text) = post(&root, &restart);
    assert!(status == 400 && text.contains("the owner of the token is disabled"), "{text}");
    assert_eq!(read(&root, &release), failed, "nothing goes on");
    assert_eq!(post(&root, "/api/v1/users/ann/enable").0, 204);
    let (status, text) = post(&root, &restart);
    assert_eq!(status, 200, "{text}");
    let done = come_to(&root, &release, "COMPLETED");
    let tasks = &done["phases"][0]["tasks"];
    assert_eq!((&tasks[0]["runs"], &tasks[2]["restarts"]), (&json!(1), &json!(1)), "marked as a restart");
    assert_eq!(log(&root, &tasks[2]), ["ann"]);
}

#[test]
fn a_script_that_deletes_its_own_token_makes_no_call_after_that() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    let token = root.token("run as", "release");
    let text = format!("print(api.delete('{CURRENT}').status)\nprint(api.get('/profile').status)");
    let release = start(&root, &[script(&text)], &json!({ "scriptUserPassword": token.text }));
    let failed = come_to(&root, &release, "FAILED");
    assert_eq!(log(&root, &failed["phases"][0]["tasks"][0]), ["204"]);
    assert_eq!(
        why(&failed, 0),
        "line 2: the call `GET /profile` was refused: the user for automated tasks does not pass: the token was deleted"
    );
}

#[test]
fn a_script_may_no_more_than_the_token_with_its_list_of_permissions() {
    let patgate = Patgate::start();
    let root = admin(&patgate);
    root.hire("ann", PASSWORD, &["login", "release#view", "template#create"]);
    let ann = Person::new(&patgate, "ann", PASSWORD);
    let narrow =
        json!({ "tokenNote": "narrow", "application": "release", "globalPermissions": ["release#view"] });
    let text = "\
        print(api.get('/api/v1/releases').status)\n\
        made = api.post('/api/v1/templates', {'title': 'Made by a script', 'phases': [{'title': 'One', 'tasks': []}]})\n\
        print(made.status, made.text if made.status == 403 else made.json['title'])";
    for (token, told) in [
        (ann.token_of(&narrow), "403 You do not have template#create permission"),
        (ann.token("every", "release"), "200 Made by a script"),
    ] {
        let release = start(&root, &[script(text)], &json!({ "scriptUserPassword": token.text }));
        let done = come_to(&root, &release, "COMPLETED");
        assert_eq!(log(&root, &done["phases"][0]["tasks"][0]), ["200", told]);
    }
}

/// All bytes of the database, as they stand on the disk.
fn database(patgate: &Patgate) -> Vec<u8> {
    let files = ["patgate.db", "patgate.db-wal"];
    let of = |file: &str| fs::read(patgate.data_directory().join(file)).unwrap_or_default();
    files.iter().flat_map(|file| of(file)).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn neither_a_token_nor_a_password_stands_in_the_database() {
    let mut patgate = Patgate::start();
    let token = {
        let root = admin(&patgate);
        root.hire("ann", PASSWORD, &["login", "release#view"]);
        let token = Person::new(&patgate, "ann", PASSWORD).token("run as", "release");
        let text = "print(releaseVariables['secret'])\nreleaseVariables['secret'] += ' anew'\n\
                    print('I am', api.get('/profile').json['username'])";
        for run_as in [
            json!({ "scriptUserPassword": token.text }),
            json!({ "scriptUsername": "ann", "scriptUserPassword": PASSWORD }),
        ] {
            let release = start(&root, &[script(text)], &run_as);
            let done = come_to(&root, &release, "COMPLETED");
            assert_eq!(log(&root, &done["phases"][0]["tasks"][0]), ["******", "I am ann"]);
        }
        token.text
    };
    let running = database(&patgate);
    patgate.stop();
    // The end of a page may come between two halves.
    let (first, second) = token[4..].split_at(16);
    for bytes in [running, database(&patgate)] {
        assert!(holds(&bytes, "I am ann"), "what is kept is found");
        for secret in [first, second, "correct horse", "horse battery", "swordfish"] {
            assert!(!holds(&bytes, secret), "{secret}");
        }
    }
}
