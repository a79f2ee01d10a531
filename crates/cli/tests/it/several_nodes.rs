//! Several servers on one PostgreSQL database: what one changes holds on the other.

use std::time::Duration;

use patgate_testkit::curl::Answer;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::wait;
use serde_json::json;

use crate::actors::{Person, admin, auth, two_nodes, with_bearer};

/// The other node hears of a change at once and looks once a second; this is for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

fn becomes(node: &Patgate, what: &str, token: &str, holds: impl Fn(&Answer) -> bool) {
    let mut last = None;
    let outcome = wait::until(PATIENCE, || {
        let answer = with_bearer(&node.url_of("/auth"), token);
        let is_so = holds(&answer);
        last = Some(answer);
        is_so.then_some(())
    });
    assert!(outcome.is_some(), "{what}: {last:?}\n{}", node.log());
}

fn permissions(answer: &Answer) -> &str {
    answer.header("x-patgate-permissions").unwrap_or_default()
}

#[test]
fn what_is_made_and_deleted_on_one_node_holds_on_the_other() {
    let database = Database::create();
    let [one, two] = two_nodes(&database);
    for (here, there) in [(&one, &two), (&two, &one)] {
        let token = admin(here).token("t", "any");
        assert_eq!(auth(here, &token.text), 200);
        becomes(there, "a new token", &token.text, |answer| answer.status == 200);
        admin(here).delete_token(&token);
        assert_eq!(auth(here, &token.text), 401);
        becomes(there, "a deleted token", &token.text, |answer| answer.status == 401);
    }
}

#[test]
fn a_role_that_changes_on_one_node_changes_on_the_other() {
    let database = Database::create();
    let [one, two] = two_nodes(&database);
    admin(&one).hire("ann", "correct horse battery", &["template#create"]);
    let token = Person::new(&one, "ann", "correct horse battery").token("t", "any").text;
    becomes(&two, "a new token", &token, |answer| permissions(answer) == "template#create");
    let role =
        json!({ "name": "ann", "permissions": ["release#create"], "principals": [{ "username": "ann" }] });
    let answer = admin(&one).send("PUT", "/api/v1/roles/ann", &role);
    assert!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.text());
    assert_eq!(permissions(&with_bearer(&one.url_of("/auth"), &token)), "release#create");
    becomes(&two, "the role", &token, |answer| permissions(answer) == "release#create");
}

#[test]
fn nobody_misses_a_change_while_a_node_is_down() {
    let database = Database::create();
    let [one, mut two] = two_nodes(&database);
    let (kept, deleted) = (admin(&one).token("kept", "any"), admin(&one).token("deleted", "any"));
    becomes(&two, "a new token", &deleted.text, |answer| answer.status == 200);
    two.kill();
    admin(&one).delete_token(&deleted);
    let late = admin(&one).token("late", "any");
    two.start_again();
    assert_eq!([&kept, &deleted, &late].map(|token| auth(&two, &token.text)), [200, 401, 200]);
}

#[test]
fn two_nodes_that_start_at_once_make_one_administrator() {
    let database = Database::create();
    let keys = tempfile::tempdir().unwrap();
    let file = keys.path().join("keys");
    let begin = || {
        Patgate::with()
            .database_url(database.url())
            .environment("PATGATE_KEYS_FILE", file.as_os_str())
            .begin()
    };
    let mut nodes = [begin(), begin(), begin()];
    for node in &mut nodes {
        if let Err(failure) = node.wait_until_ready() {
            panic!("{:?}\n{}", failure.status, failure.log);
        }
    }
    assert_eq!(database.query("SELECT username FROM users").trim(), "admin");
    let token = admin(&nodes[0]).token("t", "any").text;
    for node in &nodes {
        becomes(node, "a new token", &token, |answer| answer.status == 200);
    }
}
