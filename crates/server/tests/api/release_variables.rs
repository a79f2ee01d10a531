//! How much the variables of a release take together: no more than its scripts are given.

use patgate_core::release::{Release, ReleaseStatus};
use serde_json::{Value, json};

use crate::common::{Answer, Call, PASSWORD, World, post, put};

/// The most bytes of their JSON.
const MOST: usize = 256 * 1_024;
const TEMPLATES: &str = "/api/v1/templates";

async fn world() -> World {
    let world = World::new().await;
    world.user("ann", &["template#create", "release#create", "release#view"]).await;
    world
}

fn assert_refused(answer: &Answer) {
    let told = answer.json();
    assert_eq!((answer.status(), &told["field"]), (400, &json!("variables")), "{told}");
    assert!(told["detail"].as_str().unwrap().contains("262144"), "{told}");
}

/// Values whose JSON has so many bytes: some letters take two, and a password is among them.
fn values(bytes: usize) -> Value {
    let quotes = "\"".repeat(32 * 1_024);
    let mut values = json!({
        "a": quotes, "b": quotes, "c": quotes, "d": "é".repeat(16 * 1_024),
        "secret": "\\".repeat(1_000), "rest": "",
    });
    values["rest"] = json!("x".repeat(bytes - values.to_string().len()));
    values
}

/// Variables with these values.
fn variables(bytes: usize) -> Value {
    let variable = |(key, value): (&String, &Value)| {
        let kind = if key == "secret" { "PasswordStringVariable" } else { "StringVariable" };
        json!({ "key": key, "type": format!("xlrelease.{kind}"), "value": value })
    };
    values(bytes).as_object().unwrap().iter().map(variable).collect()
}

#[tokio::test]
async fn a_release_has_no_more_variables_than_its_scripts_are_given() {
    let world = world().await;
    let ann = async |call: Call| world.send(call.basic("ann", PASSWORD)).await;
    let script = json!({ "type": "xlrelease.ScriptTask", "title": "Call", "script": "print(1)" });
    let gate = json!({ "type": "xlrelease.GateTask", "title": "Go?" });
    let phases = |task: &Value| json!([{ "title": "Test", "tasks": [task] }]);
    let template = |task: &Value, bytes: usize| {
        let body = json!({ "title": "Ship it", "phases": phases(task), "variables": variables(bytes) });
        post(TEMPLATES).json(&body)
    };
    assert_refused(&ann(template(&script, MOST + 1)).await);
    let made = ann(template(&script, MOST)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = format!("{TEMPLATES}/{}", made.json()["id"].as_str().unwrap());
    let grown = put(path.clone()).json(&json!({ "variables": variables(MOST + 1) }));
    assert_refused(&ann(grown).await);
    // What is entered at the start counts as well.
    let start = |entered: Value| post(format!("{path}/start")).json(&entered);
    let rest = |bytes: usize| json!({ "variables": { "rest": values(bytes)["rest"] } });
    assert_refused(&ann(start(rest(MOST + 1))).await);
    let password = json!({ "releasePasswordVariables": { "secret": "\\".repeat(1_001) } });
    assert_refused(&ann(start(password)).await);
    let started = ann(start(rest(MOST))).await;
    assert_eq!(started.status(), 200, "{}", started.text());
    // Where there is no script, nothing is given to one.
    let gates = ann(template(&gate, MOST + 1)).await;
    assert_eq!(gates.status(), 200, "{}", gates.text());
    let path = format!("{TEMPLATES}/{}", gates.json()["id"].as_str().unwrap());
    assert_refused(&ann(put(path.clone()).json(&json!({ "phases": phases(&script) }))).await);
    let started = ann(post(format!("{path}/start")).json(&json!({}))).await;
    assert_eq!(started.status(), 200, "{}", started.text());
}

/// Texts of 32,000 letters, of which the last is so much shorter. Each takes 32,008 bytes: nine are too much.
fn texts(count: usize, shorter: usize) -> Value {
    let text = |number: usize| {
        let length = if number + 1 == count { 32_000 - shorter } else { 32_000 };
        let (id, key) = (format!("Variable{number}"), format!("v{number}"));
        json!({ "id": id, "key": key, "kind": "text", "value": "x".repeat(length) })
    };
    (0..count).map(text).collect()
}

#[tokio::test]
async fn what_an_older_program_saved_becomes_smaller_by_several_saves_and_does_not_start_before() {
    let world = world().await;
    let ann = async |call: Call| world.send(call.basic("ann", PASSWORD)).await;
    for (number, status) in [(1, ReleaseStatus::Template), (2, ReleaseStatus::Planned)] {
        let change_it = |release: &mut Release| {
            release.id = format!("Release{number}").parse().unwrap();
            release.status = status;
            release.variables = serde_json::from_value(texts(9, 0)).unwrap();
        };
        world.put_release(number, change_it).await;
    }
    for path in [format!("{TEMPLATES}/Release1"), "/api/v1/releases/Release2".to_owned()] {
        let start = || post(format!("{path}/start")).json(&json!({}));
        assert_refused(&ann(start()).await);
        for (change, is_saved) in [
            (json!({ "title": "As large as before" }), true),
            (json!({ "variables": texts(9, 1_000) }), true),
            (json!({ "variables": texts(9, 999) }), false),
            (json!({ "variables": texts(8, 0) }), true),
            (json!({ "variables": texts(9, 0) }), false),
        ] {
            let saved = ann(put(path.clone()).json(&change)).await;
            match is_saved {
                true => assert_eq!(saved.status(), 200, "{path}: {}", saved.text()),
                false => assert_refused(&saved),
            }
        }
        let started = ann(start()).await;
        assert_eq!(started.status(), 200, "{path}: {}", started.text());
    }
}
