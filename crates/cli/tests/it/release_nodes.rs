//! Servers on one PostgreSQL database run releases side by side: each of their tasks once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::wait;
use serde_json::{Value, json};

use crate::actors::{admin, auth};
use crate::releases::script;

/// Releases that each of the two nodes is told to start.
const OF_EACH: usize = 100;
/// How long all of them may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);
const TEMPLATES: &str = "/api/v1/templates";

/// A node whose scripts call this server when they call the application `shop`: so one sees which node ran them.
fn node(database: &Database, shop: &Upstream, keys_of: Option<&Patgate>) -> Patgate {
    let configuration = format!(
        "[[application]]\nname = 'shop'\ntoken_prefix = 'shop'\nurl = '{}'\n[[application.rule]]\npath = '/runs/**'\n",
        shop.url()
    );
    let node = Patgate::with().database_url(database.url()).configuration(configuration);
    match keys_of {
        Some(other) => node.environment("PATGATE_KEYS_FILE", other.data_directory().join("keys")).start(),
        None => node.start(),
    }
}

/// Starts releases of a template at a node, one for each of these numbers.
fn start_at(node: &Patgate, template: &str, numbers: Range<usize>) {
    for number in numbers {
        let body = json!({
            "releaseTitle": format!("Number {number}"), "variables": { "${number}": number.to_string() },
        });
        let started = admin(node).send("POST", &format!("{TEMPLATES}/{template}/start"), &body);
        assert_eq!(started.status, 200, "{}\n{}", started.text(), node.log());
    }
}

/// How many releases stand in each state, in words.
fn states(database: &Database) -> String {
    database.query(
        "SELECT status, count(*) FROM releases WHERE status <> 'TEMPLATE' GROUP BY status ORDER BY status",
    )
}

#[test]
fn two_nodes_run_two_hundred_releases_and_each_task_once() {
    let database = Database::create();
    let shops = [Upstream::start(), Upstream::start()];
    let one = node(&database, &shops[0], None);
    let two = node(&database, &shops[1], Some(&one));
    let root = admin(&one);
    let token = root.token("run as", "any").text;
    let task = |at: u32| script(&format!("api.get('shop:/runs/' + releaseVariables['number'] + '/{at}')"));
    let template = json!({
        "title": "Short", "phases": [{ "title": "All", "tasks": [task(1), task(2)] }],
        "variables": [{ "key": "number", "value": "", "showOnReleaseStart": true }],
        "scriptUserPassword": token,
    });
    let made = root.send("POST", TEMPLATES, &template);
    assert_eq!(made.status, 200, "{}", made.text());
    let template = made.json()["id"].as_str().unwrap().to_owned();
    wait::until(PATIENCE, || (auth(&two, &token) == 200).then_some(())).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| start_at(&one, &template, 0..OF_EACH));
        scope.spawn(|| start_at(&two, &template, OF_EACH..2 * OF_EACH));
    });
    let all = format!("COMPLETED|{}", 2 * OF_EACH);
    let done = wait::until(PATIENCE, || (states(&database).trim() == all).then_some(()));
    assert!(done.is_some(), "{}\n{}\n{}", states(&database), one.log(), two.log());
    let documents = database.query("SELECT document FROM releases WHERE status = 'COMPLETED'");
    for document in documents.lines() {
        let release: Value = serde_json::from_str(document).unwrap();
        let tasks = release["phases"][0]["tasks"].as_array().unwrap();
        let counts: Vec<_> = tasks.iter().map(|task| (&task["runs"], &task["restarts"])).collect();
        assert_eq!(counts, [(&json!(1), &json!(0)); 2], "{document}");
    }
    assert!(shops.iter().all(|shop| !shop.requests().is_empty()), "one node ran all");
    // What the scripts did, wherever they ran, was done once, too.
    let calls: Vec<String> = shops.iter().flat_map(Upstream::requests).map(|request| request.uri).collect();
    let expected: BTreeSet<String> =
        (0..2 * OF_EACH).flat_map(|number| [1, 2].map(|at| format!("/runs/{number}/{at}"))).collect();
    assert_eq!(calls.len(), expected.len());
    assert_eq!(calls.into_iter().collect::<BTreeSet<_>>(), expected);
}
