//! Webhook requests that come to two nodes at the same time.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use patgate_testkit::curl;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::upstream::Upstream;
use patgate_testkit::wait;
use patgate_testkit::wire::Wire;
use serde_json::{Value, json};

use crate::actors::admin;
use crate::webhooks::{POST, endpoint};

/// How long a node may take to know of a change, or to forward what waits.
const PATIENCE: Duration = Duration::from_secs(30);
const ITEM: &str = "/api/v1/configuration-items/Configuration/hook";

/// Two servers on one database, which forward to this machine, and know of an endpoint.
fn nodes(database: &Database, properties: Value) -> [Patgate; 2] {
    let start = || {
        let start = Patgate::with().database_url(database.url());
        start.configuration("[webhooks]\nforward_to = ['127.0.0.1']\n")
    };
    let one = start().start();
    let two = start().environment("PATGATE_KEYS_FILE", one.data_directory().join("keys")).start();
    endpoint(&one, POST, "hook", properties);
    let is_known = || (curl::get(&two.url_of("/webhooks/hook")).status == 405).then_some(());
    assert!(wait::until(PATIENCE, is_known).is_some(), "{}", two.log());
    [one, two]
}

#[test]
fn of_one_event_that_is_sent_to_two_nodes_at_once_one_is_forwarded() {
    let (database, receiver) = (Database::create(), Upstream::start());
    let forwards = json!({
        "authentication": "none", "action": "forward", "forwardUrl": format!("{}/events", receiver.url()),
    });
    let nodes = nodes(&database, forwards);
    let ports = [nodes[0].ports()[0], nodes[1].ports()[0]];
    let together = Barrier::new(ports.len());
    let send = |port: u16| {
        let mut wire = Wire::connect(port);
        // What goes wrong is said afterwards: nobody must wait for the other in vain.
        let answers = (0..20).map(|number| {
            let id = format!("event-{number}");
            together.wait();
            wire.request("POST", "/webhooks/hook", &[("webhook-id", id.as_str())], "{}")
        });
        answers.collect::<Vec<_>>()
    };
    let (one, two) = thread::scope(|scope| {
        let senders = (scope.spawn(|| send(ports[0])), scope.spawn(|| send(ports[1])));
        (senders.0.join().unwrap(), senders.1.join().unwrap())
    });
    for (one, two) in one.into_iter().zip(two) {
        let (one, two) = (one.unwrap(), two.unwrap());
        let statuses = BTreeSet::from([one.status, two.status]);
        assert_eq!(statuses, BTreeSet::from([200, 202]), "one is accepted");
        assert_eq!(one.json()["id"], two.json()["id"], "and both are told its id");
    }
    let waiting = || nodes[0].sql("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'");
    let is_done = || (waiting().trim() == "0").then_some(());
    assert!(wait::until(PATIENCE, is_done).is_some(), "{}", nodes[0].log());
    let got = receiver.requests();
    let ids: BTreeSet<_> = got.iter().filter_map(|request| request.header("webhook-id")).collect();
    assert_eq!((got.len(), ids.len()), (20, 20));
}

#[test]
fn a_retention_that_is_lowered_at_one_node_counts_at_both() {
    let database = Database::create();
    let nodes = nodes(&database, json!({ "authentication": "none", "requestRetention": 50 }));
    let kept = || -> usize { nodes[0].sql("SELECT count(*) FROM webhook_requests").trim().parse().unwrap() };
    let ports = [nodes[0].ports()[0], nodes[1].ports()[0]];
    let send = |port: u16| {
        let mut wire = Wire::connect(port);
        for _ in 0..60 {
            let answer = wire.request("POST", "/webhooks/hook", &[], "{}").unwrap();
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
    };
    thread::scope(|scope| {
        let ports = ports.into_iter().cycle().take(8);
        let senders: Vec<_> = ports.map(|port| scope.spawn(move || send(port))).collect();
        for keep in [20, 4] {
            let version = admin(&nodes[1]).get(ITEM).json()["version"].clone();
            let lower = json!({ "version": version, "properties": { "requestRetention": keep } });
            let answer = admin(&nodes[1]).send("PUT", ITEM, &lower);
            assert_eq!(answer.status, 200, "{}", answer.text());
            for _ in 0..3 {
                let kept = kept();
                assert!(kept <= keep, "{kept} of {keep}");
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
    let numbers = nodes[0].sql("SELECT number FROM webhook_requests ORDER BY number");
    assert_eq!(numbers.split_whitespace().collect::<Vec<_>>(), ["477", "478", "479", "480"]);
}
