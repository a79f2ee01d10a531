//! Several servers of one directory, and what becomes of one that is down.

use jiff::SignedDuration;
use patgate_server::provider::ldap::Step;
use patgate_testkit::clock::NOON;
use patgate_testkit::ports;
use patgate_testkit::servers::slapd::Slapd;

use crate::{over, person};

/// The most connections of the manager to one server.
const MANAGERS: usize = 4;

#[tokio::test]
async fn the_next_server_answers_when_the_first_is_dead() {
    let slapd = Slapd::start();
    let dead = format!("ldaps://127.0.0.1:{}", ports::free());
    let directory = over(&slapd, &format!("urls = ['{dead}', '{}']", slapd.ldaps_url()));
    assert_eq!(person(&directory, "alice").await.username, "alice");
    let only_dead = over(&slapd, &format!("urls = ['{dead}']"));
    let fault = only_dead.find("alice", NOON).await.unwrap_err();
    assert!(fault.step == Step::Connect && fault.detail.contains(&dead), "{fault}");
}

#[tokio::test]
async fn the_next_server_answers_when_the_first_says_nothing_and_the_first_is_left_alone_for_a_minute() {
    let slapd = Slapd::start();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let first = format!("ldaps://{}", silent.local_addr().unwrap());
    let taken = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((connection, _)) = silent.accept().await {
            kept.lock().unwrap().push(connection);
        }
    });
    let lines = format!(
        "urls = ['{first}', '{}']\nconnect_timeout_seconds = 1\ntimeout_seconds = 1",
        slapd.ldaps_url()
    );
    let directory = over(&slapd, &lines);
    let ask = async |later: SignedDuration| {
        let alice = directory.find("alice", NOON + later).await.unwrap().unwrap();
        assert!(directory.is_password(&alice, "alice password", NOON + later).await.unwrap());
        taken.lock().unwrap().len()
    };
    assert_eq!(ask(SignedDuration::ZERO).await, 1);
    assert_eq!(ask(SignedDuration::from_secs(59)).await, 1, "it is asked last for a minute");
    assert_eq!(ask(SignedDuration::from_secs(125)).await, 2, "then first again, once");
}

#[tokio::test]
async fn a_restart_of_the_server_between_two_questions_is_not_noticed() {
    let mut slapd = Slapd::start();
    let directory = over(&slapd, "");
    assert_eq!(person(&directory, "alice").await.username, "alice");
    slapd.stop();
    assert!(directory.find("alice", NOON).await.is_err());
    slapd.start_again();
    assert_eq!(person(&directory, "alice").await.username, "alice");
    // Now one connection is idle, and dies.
    slapd.stop();
    slapd.start_again();
    assert_eq!(person(&directory, "bob").await.username, "bob");
}

#[tokio::test]
async fn many_questions_share_a_few_connections() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    let before = slapd.log().matches(" ACCEPT ").count();
    let asked = (0..40).map(|_| directory.find("alice", NOON));
    for found in futures_util::future::join_all(asked).await {
        assert_eq!(found.unwrap().unwrap().username(), "alice");
    }
    let connections = slapd.log().matches(" ACCEPT ").count() - before;
    assert!((1..=MANAGERS).contains(&connections), "{connections}");
}
