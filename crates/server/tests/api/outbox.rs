//! What is sent of what was planned, and what is not: a mail server that says nothing, and facts that changed meanwhile.

use std::time::Duration;

use jiff::SignedDuration;
use patgate_core::reminder::SkipReason;
use patgate_server::jobs;
use patgate_server::service::reminders::{self, Round};
use patgate_store::{Act, MailState, RunNote, Seek, StoredMail, Touched};
use patgate_testkit::ports;
use patgate_testkit::servers::mail::{Kept, MailServer, Way};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::common::{NewGrant, PASSWORD, World, get};
use crate::nights::{later, mails, night, one_o_clock, person, send, set_address, token, world};

const ENDS: &str = "2026-11-29T22:59:59Z";

/// A server that reminds through a mail server which is waited for as long as this.
async fn patient_world(server: &MailServer, milliseconds: u32) -> World {
    let world = world(server.port(Way::Plain)).await;
    let admin = world.user("postmaster", &["admin"]).await;
    let properties = json!({
        "host": "127.0.0.1", "port": server.port(Way::Plain), "fromAddress": "patgate@example.org",
        "smtpProperties": { "mail.smtp.timeout": milliseconds.to_string() },
    });
    world.mail_server_of(&admin, "Configuration/PATIENT", properties).await;
    world.notify(|settings| settings.server = Some("Configuration/PATIENT".parse().unwrap())).await;
    world
}

/// So many people whose mails are taken and never answered, with a token each.
async fn mutes(world: &World, count: usize) {
    for number in 0..count {
        let name = format!("mute{number}");
        let mute = person(world, &name, &format!("mute@{number}.example.org")).await;
        token(world, &mute, &name, ENDS).await;
    }
}

async fn mail_of(world: &World, name: &str) -> StoredMail {
    let is_theirs = |mail: &StoredMail| world.state.username(mail.owner).as_deref() == Some(name);
    mails(world).await.into_iter().find(is_theirs).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_never_answered_is_repeated_once() {
    let server = MailServer::start();
    let world = patient_world(&server, 300).await;
    mutes(&world, 1).await;
    assert_eq!(night(&world, "2026-11-23").await, (1, 0));
    let waiting = mail_of(&world, "mute0").await;
    assert_eq!((waiting.state, waiting.is_unanswered), (MailState::Waiting, true));
    assert_eq!(waiting.due_at.unwrap().duration_since(world.clock.now()), SignedDuration::from_hours(3));
    for _ in 0..6 {
        later(&world, 3 * 60);
        send(&world).await;
    }
    let kept = server.kept();
    assert_eq!(kept.len(), 2, "twice is better than never, and enough");
    assert_eq!(kept[0].header("Message-ID"), kept[1].header("Message-ID"));
    let failed = mail_of(&world, "mute0").await;
    assert_eq!((failed.state, failed.attempts), (MailState::Failed, 2));
    assert!(failed.answer.unwrap().contains("perhaps it has arrived"));
    assert_eq!(night(&world, "2026-11-24").await, (0, 0), "nor is it planned again for this address");
    // Who knows that it has not arrived has it tried again.
    let path = format!("/api/v1/reminders/mails/{}/retry", failed.id);
    let again = crate::common::post(path).basic("admin", crate::common::PASSWORD);
    assert_eq!(world.send(again).await.status(), 204);
    assert!(!mail_of(&world, "mute0").await.is_unanswered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_answers_nobody_is_left_alone() {
    let server = MailServer::start();
    let world = patient_world(&server, 300).await;
    mutes(&world, 8).await;
    world.clock.set(one_o_clock("2026-11-23"));
    assert_eq!(reminders::run_due(&world.state).await.unwrap().unwrap().planned, 8);
    assert_eq!(send(&world).await, Round::ServerFails);
    let mails = mails(&world).await;
    let unanswered = mails.iter().filter(|mail| mail.is_unanswered).count();
    assert_eq!((server.kept().len(), unanswered), (3, 3), "the third in a row is the server's fault");
    let untried: Vec<_> = mails.iter().filter(|mail| !mail.is_unanswered).collect();
    assert!(untried.iter().all(|mail| (mail.state, mail.attempts) == (MailState::Waiting, 0)));
    assert!(untried[0].answer.as_ref().unwrap().contains("does not answer"), "{:?}", untried[0].answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_is_planned_while_a_mail_server_keeps_the_sender_waiting() {
    let server = MailServer::start();
    let world = patient_world(&server, 120_000).await;
    mutes(&world, 1).await;
    world.clock.set(one_o_clock("2026-11-23"));
    let stop = CancellationToken::new();
    let jobs = tokio::spawn(jobs::reminders::run(world.state.clone(), stop.clone()));
    let taken = || (server.count() == 1).then_some(());
    let arrives =
        tokio::task::block_in_place(|| patgate_testkit::wait::until(Duration::from_secs(30), taken));
    assert!(arrives.is_some(), "the mail is handed over");
    world.clock.set(one_o_clock("2026-11-24"));
    let has_run = async || {
        let nights = world.state.store.reminder_runs(&Seek::Start, 9).await.unwrap();
        nights.iter().any(|run| run.night == "2026-11-24".parse().ok() && run.note.is_none())
    };
    let planned = async {
        while !has_run().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), planned).await.expect("the next night is planned");
    assert_eq!(mail_of(&world, "mute0").await.state, MailState::Sending, "nothing was answered meanwhile");
    // Who stops does not wait as long as the mail server is given; nobody knows of the mail.
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(60), jobs).await.expect("it stops").unwrap();
    let cut = mail_of(&world, "mute0").await;
    assert_eq!((cut.state, cut.is_unanswered), (MailState::Waiting, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_plan_is_seen_when_a_mail_is_sent() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    for name in ["deleted", "disabled", "blanked", "expired", "good"] {
        let person = person(&world, name, &format!("{name}@example.org")).await;
        let ends = if name == "expired" { "2026-11-23T03:00:00Z" } else { ENDS };
        let grant = NewGrant { name, expires_at: Some(ends), ..NewGrant::default() };
        world.token(&person, grant).await;
    }
    world.clock.set(one_o_clock("2026-11-23"));
    assert_eq!(reminders::run_due(&world.state).await.unwrap().unwrap().planned, 5);
    let owner = |mail: &StoredMail| world.state.username(mail.owner).unwrap();
    for mail in mails(&world).await {
        let mut change = world.change().await;
        let mut user = change.user(mail.owner).await.unwrap().unwrap();
        match owner(&mail).as_str() {
            "deleted" => drop(change.act(&Touched::One(mail.tokens[0].0), Act::Delete, None).await.unwrap()),
            "disabled" => drop(change.disable_user(mail.owner).await.unwrap()),
            "blanked" => {
                user.email = String::new();
                change.update_user(&user).await.unwrap();
            }
            _ => continue,
        }
        world.commit(change).await;
    }
    later(&world, 180);
    send(&world).await;
    for (name, state) in [
        ("deleted", MailState::Skipped(SkipReason::Deleted)),
        ("disabled", MailState::Skipped(SkipReason::OwnerDisabled)),
        ("blanked", MailState::Skipped(SkipReason::NoAddress)),
        ("expired", MailState::Skipped(SkipReason::Expired)),
        ("good", MailState::Sent),
    ] {
        assert_eq!(mail_of(&world, name).await.state, state, "{name}");
    }
    assert_eq!(server.kept().len(), 1);
    // The marks of what was left out are gone: who has an address again is served.
    let blanked = mail_of(&world, "blanked").await.owner;
    set_address(&world, blanked, "blanked@example.org").await;
    assert_eq!(night(&world, "2026-11-24").await.0, 1);
    assert_eq!(server.kept().len(), 2);
}

/// The tokens that a mail tells of: of all these, those whose name stands in it.
fn told<'n>(mail: &Kept, names: &[&'n str]) -> Vec<&'n str> {
    let html = mail.html.as_deref().unwrap();
    names.iter().copied().filter(|name| html.contains(&format!("<strong>{name}</strong>"))).collect()
}

/// A mail server that can be used again, in place of the one that was away.
async fn come_back(world: &World) -> MailServer {
    let server = MailServer::start();
    let postmaster = world.user("postmaster", &["admin"]).await;
    world.mail_server(&postmaster, "Configuration/BACK", server.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/BACK".parse().unwrap())).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_that_passed_while_the_mail_server_was_away_make_one_mail() {
    let world = world(ports::free()).await;
    world.notify(|settings| settings.further_days = vec![3, 1].try_into().unwrap()).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    token(&world, &ann, "ci", "2026-11-30T00:00:00Z").await;
    for (day, planned) in [("2026-11-23", 1), ("2026-11-25", 0), ("2026-11-27", 1)] {
        world.clock.set(one_o_clock(day));
        assert_eq!(reminders::run_due(&world.state).await.unwrap().unwrap().planned, planned, "{day}");
        assert_eq!(send(&world).await, Round::ServerFails, "{day}");
    }
    let server = come_back(&world).await;
    send(&world).await;
    let kept = server.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].header("Subject"), ["Your access token \"ci\" expires in 3 days"]);
    let mut found: Vec<_> =
        mails(&world).await.into_iter().map(|mail| (mail.tokens[0].1, mail.state)).collect();
    found.sort_by_key(|(days, _)| *days);
    assert_eq!(found, [(3, MailState::Sent), (7, MailState::Skipped(SkipReason::Overtaken))]);
    // Nobody plans the older one anew, and the last threshold has its own.
    assert_eq!(night(&world, "2026-11-28").await, (0, 0));
    assert_eq!(night(&world, "2026-11-29").await, (1, 0));
    assert_eq!(server.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_leaves_out_what_a_newer_mail_tells_of() {
    let world = world(ports::free()).await;
    world
        .notify(|settings| {
            settings.further_days = vec![3].try_into().unwrap();
            settings.digest = true;
        })
        .await;
    let ann = person(&world, "ann", "ann@example.org").await;
    let soon = token(&world, &ann, "soon", "2026-11-27T00:00:00Z").await;
    token(&world, &ann, "late", "2026-11-30T00:00:00Z").await;
    for day in ["2026-11-23", "2026-11-24"] {
        world.clock.set(one_o_clock(day));
        assert_eq!(reminders::run_due(&world.state).await.unwrap().unwrap().planned, 1, "{day}");
        assert_eq!(send(&world).await, Round::ServerFails);
    }
    let server = come_back(&world).await;
    send(&world).await;
    let mut told: Vec<_> = server.kept().iter().map(|mail| told(mail, &["soon", "late"])).collect();
    told.sort_unstable();
    assert_eq!(told, [["late"], ["soon"]]);
    let is_overtaken = |mail: &StoredMail| mail.state == MailState::Skipped(SkipReason::Overtaken);
    let overtaken: Vec<_> = mails(&world).await.into_iter().filter(is_overtaken).collect();
    assert_eq!(overtaken.len(), 1);
    assert_eq!(overtaken[0].tokens, [(soon.id, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_left_out_when_reminders_are_switched_off_before_they_go() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    token(&world, &ann, "ci", ENDS).await;
    world.clock.set(one_o_clock("2026-11-23"));
    reminders::run_due(&world.state).await.unwrap();
    world.notify(|settings| settings.enabled = false).await;
    send(&world).await;
    assert_eq!(mail_of(&world, "ann").await.state, MailState::Skipped(SkipReason::SwitchedOff));
    assert_eq!(server.kept(), []);
    // On, but without a mail server: the night says so, and plans nothing.
    world
        .notify(|settings| {
            settings.enabled = true;
            settings.server = None;
        })
        .await;
    world.clock.set(one_o_clock("2026-11-24"));
    let run = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!((run.note, run.planned, run.skipped), (Some(RunNote::NoServer), 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_may_have_arrived_is_the_same_one_when_it_was_left_out_and_is_planned_anew() {
    let server = MailServer::start();
    // Never answered: the mail server has it.
    for (digest, owner_disabled) in [(false, false), (false, true), (true, false)] {
        let world = patient_world(&server, 300).await;
        world.notify(|settings| settings.digest = digest).await;
        let mute = person(&world, "mute", "mute@example.org").await;
        for name in ["one", "two"].into_iter().take(if digest { 2 } else { 1 }) {
            token(&world, &mute, name, ENDS).await;
        }
        let before = server.count();
        assert_eq!(night(&world, "2026-11-23").await, (1, 0));
        assert!(mail_of(&world, "mute").await.is_unanswered);
        let switched = async |is_on: bool| {
            if !owner_disabled {
                return world.notify(|settings| settings.enabled = is_on).await;
            }
            let mut change = world.change().await;
            match is_on {
                true => drop(change.enable_user(mute.id).await.unwrap()),
                false => drop(change.disable_user(mute.id).await.unwrap()),
            }
            world.commit(change).await;
        };
        switched(false).await;
        later(&world, 3 * 60);
        send(&world).await;
        let reason = if owner_disabled { SkipReason::OwnerDisabled } else { SkipReason::SwitchedOff };
        assert_eq!(mail_of(&world, "mute").await.state, MailState::Skipped(reason));
        switched(true).await;
        assert_eq!(night(&world, "2026-11-24").await, (1, 0), "nobody is missed");
        let kept = server.kept_after(before);
        assert_eq!(kept.len(), 2);
        let ids: Vec<_> = kept.iter().map(|mail| mail.header("Message-ID")).collect();
        assert_eq!(ids[0], ids[1], "a mailbox knows it as the one that it has");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_67_a_night_whose_mail_server_was_deleted_loses_no_mail_and_nobody_meets_an_error() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    token(&world, &ann, "hers", ENDS).await;
    world.notify(|settings| settings.server = Some("Configuration/GONE".parse().unwrap())).await;
    assert_eq!(night(&world, "2026-11-23").await, (1, 0));
    let waiting = mail_of(&world, "ann").await;
    assert_eq!((waiting.state, waiting.attempts), (MailState::Waiting, 0), "{:?}", waiting.answer);
    assert_eq!(server.kept(), []);
    let listed = world.send(get("/api/v1/personal-access-tokens").basic("ann", PASSWORD)).await;
    assert!(listed.status() == 200 && listed.text().contains("hers"), "{}", listed.text());
    world.notify(|settings| settings.server = Some("Configuration/MAIL".parse().unwrap())).await;
    assert_eq!(night(&world, "2026-11-24").await, (0, 0), "it is planned already");
    assert_eq!(mail_of(&world, "ann").await.state, MailState::Sent);
    assert_eq!(server.kept().len(), 1);
}
