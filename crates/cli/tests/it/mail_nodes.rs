//! Servers on one PostgreSQL database send reminders through a real mail server: each mail once, and none is lost with the
//! server that was sending it; not when a mail server or the database keeps the sender waiting either.

use std::collections::BTreeSet;
use std::time::Duration;

use patgate_testkit::servers::mail::{MailServer, Way};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::servers::postgres::Database;
use patgate_testkit::wait;
use serde_json::json;

use crate::actors::{admin, two_nodes};
use crate::shutdown::Lock;

/// Tokens that end tomorrow.
const DUE: usize = 200;
/// The most mails that a crash may repeat: one on each connection.
const CONNECTIONS: usize = 4;
/// How long all mails may take; a node looks every ten seconds whether one is due.
const PATIENCE: Duration = Duration::from_secs(60);

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";
const RUNS: &str = "/api/v1/reminders/runs";

/// A mail server that both nodes use, and an administrator who has many tokens that end tomorrow.
fn prepare(database: &Database, node: &Patgate, server: &MailServer) {
    let item = json!({
        "id": "Configuration/MAIL",
        "type": "notification.PatSmtpServer",
        "properties": { "host": "127.0.0.1", "port": server.port(Way::Plain), "fromAddress": "patgate@example.org" },
    });
    let made = admin(node).send("POST", "/api/v1/configuration-items", &item);
    assert_eq!(made.status, 201, "{}", made.text());
    let mut settings = admin(node).get(SETTINGS).json();
    settings["emailNotifications"]["enabled"] = true.into();
    settings["emailNotifications"]["server"] = "Configuration/MAIL".into();
    let saved = admin(node).send("PUT", SETTINGS, &settings);
    assert_eq!(saved.status, 200, "{}", saved.text());
    database.query("UPDATE users SET email = 'admin@example.org' WHERE username = 'admin'");
    database.query(&format!(
        "INSERT INTO grants (id, owner, name, name_key, application, created_at, expires_at) \
         SELECT n, (SELECT id FROM users WHERE username = 'admin'), 'due-' || n, 'due-' || n, 'any', 1, \
         (extract(epoch FROM now())::bigint + 86400) * 1000 FROM generate_series(1, {DUE}) n"
    ));
}

/// Runs reminders now; how many mails are planned.
fn run(node: &Patgate) -> u64 {
    let run = admin(node).send("POST", RUNS, &json!({}));
    assert_eq!(run.status, 201, "{}\n{}", run.text(), node.log());
    run.json()["planned"].as_u64().unwrap()
}

fn sent(database: &Database) -> usize {
    database.query("SELECT count(*) FROM mails WHERE state = 'sent'").trim().parse().unwrap()
}

fn all_are_sent(database: &Database, node: &Patgate) {
    let done = wait::until(PATIENCE, || (sent(database) == DUE).then_some(()));
    assert!(done.is_some(), "{} of {DUE} mails are sent\n{}", sent(database), node.log());
}

/// The Message-IDs of all mails that arrived, and the tokens that they are about.
fn arrived(server: &MailServer) -> (BTreeSet<String>, BTreeSet<String>) {
    let about = |text: &str| {
        let rest = &text[text.find("due-").unwrap()..];
        rest[..rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')).unwrap()]
            .to_owned()
    };
    let kept = server.kept();
    let ids = kept.iter().map(|mail| mail.header("Message-ID")[0].to_owned()).collect();
    (ids, kept.iter().map(|mail| about(mail.text.as_deref().unwrap())).collect())
}

#[test]
fn two_nodes_send_every_mail_once() {
    let (database, server) = (Database::create(), MailServer::start());
    let [one, two] = two_nodes(&database);
    prepare(&database, &one, &server);
    assert_eq!(run(&one), DUE as u64);
    // The other one is woken at once too: both want to send.
    assert_eq!(run(&two), 0);
    all_are_sent(&database, &one);
    let (ids, tokens) = arrived(&server);
    assert_eq!((server.count(), ids.len(), tokens.len()), (DUE, DUE, DUE));
    for node in [&one, &two] {
        assert_eq!(admin(node).get(RUNS).status, 200, "it is up\n{}", node.log());
    }
}

#[test]
fn a_node_takes_over_the_mails_of_one_that_is_killed() {
    let (database, server) = (Database::create(), MailServer::start());
    let [mut one, two] = two_nodes(&database);
    prepare(&database, &one, &server);
    server.hold_from(DUE / 10);
    assert_eq!(run(&one), DUE as u64);
    let began = wait::until(PATIENCE, || (server.count() >= DUE / 10).then_some(()));
    one.kill();
    assert!(began.is_some(), "no mail was sent\n{}", one.log());
    assert!(sent(&database) < DUE / 10, "it was killed in the middle");
    server.let_go();
    all_are_sent(&database, &two);
    let (ids, tokens) = arrived(&server);
    // What the mail server had taken before the first node noted it came again, and says that it is the same.
    assert_eq!((ids.len(), tokens.len()), (DUE, DUE));
    assert!(server.count() <= DUE + CONNECTIONS, "{} mails", server.count());
}

/// A server in the middle of sending: a mail on each connection is taken, and not answered.
fn held_up(database: &Database, server: &MailServer) -> Patgate {
    let node = Patgate::with().database_url(database.url()).start();
    prepare(database, &node, server);
    server.hold_from(1);
    assert_eq!(run(&node), DUE as u64);
    let taken = wait::until(PATIENCE, || (server.count() == CONNECTIONS).then_some(()));
    assert!(taken.is_some(), "{} mails were taken\n{}", server.count(), node.log());
    node
}

#[test]
fn a_node_asks_for_the_right_to_send_while_a_mail_server_keeps_it_waiting() {
    let (database, server) = (Database::create(), MailServer::start());
    let node = held_up(&database, &server);
    // The session with the lock was told something long after its beginning, when all mails had been handed over.
    let asked_late = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
                      WHERE locktype = 'advisory' AND datname = current_database() \
                      AND query_start > xact_start + interval '10 seconds'";
    let asked = wait::until(PATIENCE, || (database.query(asked_late).trim() == "1").then_some(()));
    assert!(
        asked.is_some(),
        "the session falls silent, and PostgreSQL ends it after a minute\n{}",
        node.log()
    );
    assert_eq!(server.count(), CONNECTIONS, "no mail was answered meanwhile");
    server.let_go();
    all_are_sent(&database, &node);
    assert_eq!(server.count(), DUE);
}

#[test]
fn mails_that_were_taken_while_the_database_was_busy_are_marked_later_and_not_repeated() {
    let (database, server) = (Database::create(), MailServer::start());
    let node = held_up(&database, &server);
    let lock = Lock::take(&database, "mails");
    server.let_go();
    // Whoever writes gives up after ten seconds.
    let is_refused =
        || node.log().contains("what became of mails is not written; trying again").then_some(());
    assert!(wait::until(PATIENCE, is_refused).is_some(), "no mark was refused\n{}", node.log());
    drop(lock);
    all_are_sent(&database, &node);
    let (ids, tokens) = arrived(&server);
    assert_eq!((server.count(), ids.len(), tokens.len()), (DUE, DUE, DUE));
}
