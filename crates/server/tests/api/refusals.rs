//! Mails that a mail server refuses, although nobody they are for is at fault.

use patgate_server::service::reminders::{self, Round};
use patgate_store::{MailState, StoredMail};
use patgate_testkit::servers::mail::{MailServer, USER, Way};
use serde_json::json;

use crate::common::{PASSWORD, Person, World, get};
use crate::nights::{later, mails, night, one_o_clock, person, send, token, world};

const SOON: &str = "2026-11-29T22:59:59Z";

/// People at these addresses, each with a token that ends soon.
async fn people(world: &World, addresses: &[&str]) {
    for (number, address) in addresses.iter().enumerate() {
        let name = format!("person{number}");
        let person = person(world, &name, address).await;
        token(world, &person, &name, SOON).await;
    }
}

async fn root(world: &World) -> Person {
    world.user("root", &["admin"]).await
}

fn states(mails: &[StoredMail], state: MailState) -> usize {
    mails.iter().filter(|mail| mail.state == state).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_everybody_fails_no_mail_and_administrators_read_why() {
    let server = MailServer::start();
    let world = world(server.port(Way::Relay)).await;
    let root = root(&world).await;
    people(&world, &["a@example.org", "b@example.org", "c@example.org", "d@example.org", "e@example.org"])
        .await;
    world.clock.set(one_o_clock("2026-11-23"));
    let run = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!(send(&world).await, Round::ServerFails);
    let waiting = mails(&world).await;
    assert_eq!(states(&waiting, MailState::Waiting), 5, "{waiting:?}");
    assert_eq!(waiting.iter().map(|mail| mail.attempts).sum::<u32>(), 3, "three show it, two are not tried");
    for mail in &waiting {
        assert!(mail.answer.as_deref().unwrap().contains("Relay access denied"), "{mail:?}");
    }
    // Who was refused comes again after a pause, and the others at once.
    let now = world.clock.now();
    assert_eq!(waiting.iter().filter(|mail| mail.due_at <= Some(now)).count(), 2);
    let read = world.send(get(format!("/api/v1/reminders/runs/{}", run.id)).basic("root", PASSWORD)).await;
    let obstacle = read.json()["obstacle"].as_str().unwrap().to_owned();
    assert!(obstacle.contains("554 5.7.1 … Relay access denied"), "{obstacle}");
    let session = world.session(&root).await;
    for path in
        ["/admin/reminders".to_owned(), format!("/admin/reminders/{}", run.id), "/settings".to_owned()]
    {
        let page = world.open(&session, &path).await;
        assert!(page.text().contains("Relay access denied"), "{path}: {}", page.text());
    }
    // Another server is chosen: nobody has missed a mail.
    world.mail_server(&root, "Configuration/OTHER", server.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/OTHER".parse().unwrap())).await;
    later(&world, 1);
    assert_eq!(send(&world).await, Round::Done);
    assert_eq!(states(&mails(&world).await, MailState::Sent), 5);
    assert_eq!(server.count(), 5);
    let read = world.send(get(format!("/api/v1/reminders/runs/{}", run.id)).basic("root", PASSWORD)).await;
    assert!(read.json()["obstacle"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_that_are_not_there_fail_and_hold_up_nobody_else() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    people(
        &world,
        &["reject@a.example", "reject@b.example", "reject@c.example", "reject@d.example", "ann@a.example"],
    )
    .await;
    assert_eq!(night(&world, "2026-11-23").await, (5, 0));
    // Should those have come first, it was not clear yet whose fault it is.
    later(&world, 1);
    assert_eq!(send(&world).await, Round::Done);
    let mails = mails(&world).await;
    assert_eq!((states(&mails, MailState::Sent), states(&mails, MailState::Failed)), (1, 4), "{mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_recipients_who_are_refused_alike_are_at_fault_themselves() {
    let server = MailServer::start();
    let world = world(server.port(Way::Relay)).await;
    people(&world, &["a@example.org", "b@example.org"]).await;
    assert_eq!(night(&world, "2026-11-23").await, (2, 0));
    assert_eq!(states(&mails(&world).await, MailState::Failed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once_however_many_mails_wait() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let root = root(&world).await;
    let properties = |password: &str| {
        json!({
            "host": "127.0.0.1",
            "port": server.port(Way::Implicit),
            "fromAddress": "patgate@example.org",
            "username": USER,
            "password": password,
            "smtpProperties": { "mail.smtp.ssl.enable": "true", "mail.smtp.ssl.trust": "*" },
        })
    };
    world.mail_server_of(&root, "Configuration/WRONG", properties("wrong")).await;
    world
        .mail_server_of(&root, "Configuration/RIGHT", properties(patgate_testkit::servers::mail::PASSWORD))
        .await;
    world.notify(|settings| settings.server = Some("Configuration/WRONG".parse().unwrap())).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    // As many as four connections claim.
    for number in 0..100 {
        token(&world, &ann, &format!("token {number}"), SOON).await;
    }
    assert_eq!(night(&world, "2026-11-23").await, (100, 0));
    assert_eq!(server.sign_ins(), 1);
    let waiting = mails(&world).await;
    assert_eq!(states(&waiting, MailState::Waiting), 100);
    assert!(waiting.iter().all(|mail| mail.attempts == 0), "none was tried");
    assert_eq!(send(&world).await, Round::ServerFails);
    assert_eq!(server.sign_ins(), 2, "once a round");
    world.notify(|settings| settings.server = Some("Configuration/RIGHT".parse().unwrap())).await;
    assert_eq!(send(&world).await, Round::Done);
    assert_eq!((server.count(), states(&mails(&world).await, MailState::Sent)), (100, 100));
    assert!((3..=6).contains(&server.sign_ins()), "several connections, once the first is in");
}
