//! Re-checks: a real directory and a real identity provider are asked about the owners of tokens.

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::policy::Days;
use patgate_server::service::confirmations::{ask_directories, ask_providers, note_lapses};
use patgate_server::service::reminders;
use patgate_store::{AuditFilter, Page};
use patgate_testkit::servers::mail::{MailServer, Way};
use patgate_testkit::servers::slapd::{GROUPS, PEOPLE, Slapd};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::common::{IssuedToken, NewGrant, Person, World, get};
use crate::sso::Stage;

/// Everybody is asked about each minute.
pub(crate) const OFTEN: &str = "[recheck]\ninterval_minutes = 1\n";

/// A server with the directory `company`, whose group `users` may sign in.
pub(crate) async fn world(slapd: &Slapd) -> World {
    let lines = "group_search_filter = '(member={0})'\ndisabled_filter = '(userAccountControl=514)'";
    let world = World::configured(&format!("{OFTEN}\n{}", slapd.table("company", lines))).await;
    world.let_in("users", "company").await;
    world
}

/// Somebody of the directory, who signs in once and has a token.
pub(crate) async fn owner(world: &World, name: &str) -> (Person, IssuedToken) {
    let answer = world.send(get("/api/v1/session").basic(name, &format!("{name} password"))).await;
    assert_ne!(answer.status(), 401, "{}", answer.shown());
    let id = world.found(name).await.unwrap().id;
    let person = Person { id, username: name.into() };
    let token = world.token(&person, NewGrant { application: "any", ..NewGrant::default() }).await;
    (person, token)
}

/// A minute goes by, and providers are asked.
pub(crate) async fn ask(world: &World) {
    world.clock.set(world.clock.now() + SignedDuration::from_secs(61));
    let never = CancellationToken::new();
    ask_directories(&world.state, &never).await.unwrap();
    ask_providers(&world.state, &never).await.unwrap();
}

pub(crate) async fn passes(world: &World, token: &IssuedToken) -> bool {
    let current = get("/api/v1/personal-access-tokens/current");
    let answer = world.send(current.header("authorization", &format!("Bearer {}", token.text))).await;
    assert!([200, 401].contains(&answer.status()), "{}", answer.shown());
    answer.status() == 200
}

async fn confirmation(world: &World, id: UserId) -> Confirmation {
    world.state.store.user(id).await.unwrap().unwrap().confirmation
}

/// How many events of this kind the audit log has.
async fn events(world: &World, action: &str) -> usize {
    let filter = AuditFilter { action: Some(action.into()), ..Default::default() };
    world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_or_gone_in_the_directory_is_out_at_the_next_look() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let (_, alice) = owner(&world, "alice").await;
    let (_, bob) = owner(&world, "bob").await;
    ask(&world).await;
    assert!(passes(&world, &alice).await && passes(&world, &bob).await);
    slapd.set("alice", "userAccountControl", "514");
    slapd.remove_person("bob");
    assert!(passes(&world, &alice).await, "nobody has asked yet");
    ask(&world).await;
    assert!(!passes(&world, &alice).await && !passes(&world, &bob).await);
    slapd.set("alice", "userAccountControl", "512");
    ask(&world).await;
    assert!(passes(&world, &alice).await && !passes(&world, &bob).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_the_directory_change_permissions_at_the_next_look() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let (alice, _) = owner(&world, "alice").await;
    let may = || {
        let slot = world.state.slot("release#create").unwrap();
        world.state.index.view().owner(alice.id).unwrap().permissions.contains(slot)
    };
    assert!(may());
    slapd.modify(&format!(
        "dn: cn=users,{GROUPS}\nchangetype: modify\ndelete: member\nmember: uid=alice,{PEOPLE}\n"
    ));
    ask(&world).await;
    assert!(!may());
    slapd.add_member("users", &format!("uid=alice,{PEOPLE}"));
    ask(&world).await;
    assert!(may());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_user_at_the_directory_although_they_have_no_token() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let form = [("username", "bob"), ("password", "bob password")];
    let answer = world.send(crate::common::post("/login").form(&form)).await;
    let cookie = answer.session_cookie().unwrap();
    let page = async || world.send(get("/account/profile").header("cookie", &cookie)).await.status();
    assert_eq!(page().await, 200);
    slapd.remove_person("bob");
    ask(&world).await;
    assert_eq!(page().await, 303, "to the log-in page");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_somebody_changed_does_not_look_as_if_all_had_left() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let mut tokens = Vec::new();
    for name in ["alice", "bob", "carol"] {
        slapd.set(name, "userAccountControl", "512");
        tokens.push(owner(&world, name).await.1);
    }
    for name in ["alice", "bob", "carol"] {
        slapd.modify(&format!(
            "dn: uid={name},{PEOPLE}\nchangetype: modrdn\nnewrdn: uid={name}2\ndeleteoldrdn: 1\n"
        ));
    }
    ask(&world).await;
    for token in &tokens {
        assert!(passes(&world, token).await, "they are there under their keys, whatever they are called");
    }
    for name in ["alice", "bob", "carol"] {
        slapd.remove_person(&format!("{name}2"));
    }
    slapd.add_person("dora", "dora password");
    ask(&world).await;
    for token in &tokens {
        assert!(passes(&world, token).await, "that all are gone at once is not believed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_directory_suspends_nobody_before_the_window_ends() {
    let mut slapd = Slapd::start();
    let world = world(&slapd).await;
    let (alice, token) = owner(&world, "alice").await;
    slapd.stop();
    ask(&world).await;
    let record = world.state.store.confirmation_record(alice.id).await.unwrap().unwrap();
    assert_eq!(record.attempts, 1);
    assert!(record.answer.unwrap().contains("connect"));
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 30 - 1));
    ask(&world).await;
    assert!(passes(&world, &token).await);
    world.clock.set(world.clock.now() + SignedDuration::from_hours(1));
    assert!(!passes(&world, &token).await);
    slapd.start_again();
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24));
    ask(&world).await;
    assert!(passes(&world, &token).await, "the directory is back, and so is the token");
}

#[tokio::test]
async fn an_identity_provider_is_asked_with_what_it_gave() {
    let stage = Stage::build(OFTEN).await;
    let world = &stage.world;
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    let id = world.found("alice").await.unwrap().id;
    let alice = Person { id, username: "alice".into() };
    let token = world.token(&alice, NewGrant { application: "any", ..NewGrant::default() }).await;
    stage.provider.change("alice", &json!({ "groups": [], "email": "new@example.org" }));
    ask(world).await;
    let user = world.state.store.user(id).await.unwrap().unwrap();
    assert_eq!((user.groups, user.email.as_str()), (vec![], "new@example.org"));
    ask(world).await;
    let record = world.state.store.confirmation_record(id).await.unwrap().unwrap();
    assert_eq!((record.attempts, record.answer), (0, None), "the exchanged token was kept");
    let before = confirmation(world, id).await;
    stage.provider.change("alice", &json!({ "disabled": true }));
    ask(world).await;
    assert_eq!(confirmation(world, id).await, before, "a refusal is no word against anybody");
    assert!(passes(world, &token).await);
    let record = world.state.store.confirmation_record(id).await.unwrap().unwrap();
    assert_eq!(record.attempts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_told_in_time_that_a_sign_in_is_needed_and_told_once() {
    let (slapd, mails) = (Slapd::start(), MailServer::start());
    let world = world(&slapd).await;
    let root = world.user("root", &["admin"]).await;
    let (_, token) = owner(&world, "alice").await;
    let start = world.clock.now();
    let day = |day: i64| world.clock.set(start + SignedDuration::from_hours(24 * day));
    let go_on = async || {
        note_lapses(&world.state).await.unwrap();
        reminders::send_due(&world.state, &CancellationToken::new()).await.unwrap();
    };
    day(26);
    go_on().await;
    world.mail_server(&root, "Configuration/MAIL", mails.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/MAIL".parse().unwrap())).await;
    day(24);
    go_on().await;
    assert_eq!(mails.count(), 0, "it is too early");
    for days in [25, 26, 29, 30, 31] {
        day(days);
        go_on().await;
    }
    let kept = mails.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].recipients, ["alice@example.org"]);
    let text = kept[0].text.as_deref().unwrap();
    insta::assert_snapshot!("an_owner_is_warned", text);
    assert!(!passes(&world, &token).await);
    assert_eq!((events(&world, "user.warn").await, events(&world, "user.lapse").await), (1, 1));
    owner(&world, "alice").await;
    assert!(passes(&world, &token).await);
    assert_eq!(events(&world, "user.confirm").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_and_signs_in_at_once_is_in_the_audit_log_all_the_same() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let (_, token) = owner(&world, "alice").await;
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 30));
    assert!(!passes(&world, &token).await, "nobody has looked whose window has ended");
    owner(&world, "alice").await;
    assert!(passes(&world, &token).await);
    for _ in 0..2 {
        assert_eq!((events(&world, "user.lapse").await, events(&world, "user.confirm").await), (1, 1));
        note_lapses(&world.state).await.unwrap();
    }
}

/// A world whose mails go to this server, where alice has a token; and when she was confirmed.
async fn mailing_world(slapd: &Slapd, mails: &MailServer) -> (World, Person, IssuedToken, Timestamp) {
    let world = world(slapd).await;
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, "Configuration/MAIL", mails.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/MAIL".parse().unwrap())).await;
    let (alice, token) = owner(&world, "alice").await;
    let start = world.clock.now();
    (world, alice, token, start)
}

/// Another freshness window for the people of directories.
async fn set_window(world: &World, days: u32) {
    let mut change = world.change().await;
    let mut settings = change.token_settings().await.unwrap();
    settings.freshness.ldap = Days::try_from(days).ok();
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
}

/// Another e-mail address.
async fn set_address(world: &World, id: UserId, address: &str) {
    let mut change = world.change().await;
    let mut user = change.user(id).await.unwrap().unwrap();
    user.email = address.to_owned();
    change.update_user(&user).await.unwrap();
    world.commit(change).await;
}

/// On this day one looks whose window ends, and sends what is due.
pub(crate) async fn on_day(world: &World, start: Timestamp, day: i64) {
    world.clock.set(start + SignedDuration::from_hours(24 * day));
    note_lapses(&world.state).await.unwrap();
    reminders::send_due(&world.state, &CancellationToken::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_was_told_is_told_again_when_the_window_becomes_longer() {
    let (slapd, mails) = (Slapd::start(), MailServer::start());
    let (world, _, token, start) = mailing_world(&slapd, &mails).await;
    for (day, count) in [(24, 0), (25, 1), (26, 1)] {
        on_day(&world, start, day).await;
        assert_eq!(mails.count(), count, "day {day}");
    }
    set_window(&world, 60).await;
    for (day, count) in [(27, 1), (54, 1), (55, 2), (59, 2)] {
        on_day(&world, start, day).await;
        assert_eq!(mails.count(), count, "day {day} of a longer window");
        assert!(passes(&world, &token).await);
    }
    on_day(&world, start, 60).await;
    assert!(!passes(&world, &token).await);
    assert_eq!((events(&world, "user.warn").await, events(&world, "user.lapse").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_was_short_by_mistake_keeps_nobody_from_being_told() {
    let (slapd, mails) = (Slapd::start(), MailServer::start());
    let (world, _, token, start) = mailing_world(&slapd, &mails).await;
    world.clock.set(start + SignedDuration::from_hours(24 * 10));
    set_window(&world, 3).await;
    note_lapses(&world.state).await.unwrap();
    assert!(!passes(&world, &token).await);
    set_window(&world, 30).await;
    assert!(passes(&world, &token).await);
    for (day, count) in [(10, 0), (24, 0), (25, 1), (29, 1), (30, 1)] {
        on_day(&world, start, day).await;
        assert_eq!(mails.count(), count, "day {day}");
    }
    assert!(!passes(&world, &token).await);
    assert_eq!((events(&world, "user.warn").await, events(&world, "user.lapse").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_address_comes_late_is_told_late() {
    let (slapd, mails) = (Slapd::start(), MailServer::start());
    let (world, alice, _, start) = mailing_world(&slapd, &mails).await;
    set_address(&world, alice.id, "").await;
    for day in [25, 26] {
        on_day(&world, start, day).await;
    }
    assert_eq!((mails.count(), events(&world, "user.warn").await), (0, 0));
    set_address(&world, alice.id, "late@example.org").await;
    for day in [27, 28] {
        on_day(&world, start, day).await;
    }
    let recipients: Vec<_> = mails.kept().into_iter().flat_map(|mail| mail.recipients).collect();
    assert_eq!(recipients, ["late@example.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_confirmed_before_the_warning_goes_out_is_not_warned() {
    let (slapd, mails) = (Slapd::start(), MailServer::start());
    let world = world(&slapd).await;
    let root = world.user("root", &["admin"]).await;
    owner(&world, "alice").await;
    owner(&world, "bob").await;
    world.mail_server(&root, "Configuration/MAIL", mails.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/MAIL".parse().unwrap())).await;
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 26));
    note_lapses(&world.state).await.unwrap();
    assert_eq!(events(&world, "user.warn").await, 2);
    let session = get("/api/v1/session").basic("bob", "bob password");
    assert_ne!(world.send(session).await.status(), 401);
    reminders::send_due(&world.state, &CancellationToken::new()).await.unwrap();
    let recipients: Vec<_> = mails.kept().into_iter().flat_map(|mail| mail.recipients).collect();
    assert_eq!(recipients, ["alice@example.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_says_who_is_disabled_the_directory_confirms_nobody_and_still_takes_away_who_is_gone() {
    let slapd = Slapd::start();
    // Neither `preset` nor `disabled_filter`, and nothing about what re-checks count for.
    let world =
        World::configured(&format!("{OFTEN}\n{}", slapd.table("company", "recheck_confirms ="))).await;
    world.let_in("users", "company").await;
    let (_, alice) = owner(&world, "alice").await;
    let (_, bob) = owner(&world, "bob").await;
    let start = world.clock.now();
    for day in [1, 10, 20, 29] {
        world.clock.set(start + SignedDuration::from_hours(24 * day));
        ask(&world).await;
        assert!(passes(&world, &alice).await, "day {day}");
    }
    slapd.remove_person("bob");
    ask(&world).await;
    assert!(!passes(&world, &bob).await, "who is gone is out at the next look");
    world.clock.set(start + SignedDuration::from_hours(24 * 30));
    ask(&world).await;
    assert!(!passes(&world, &alice).await, "her entry is there, and says nothing of whether she may");
    owner(&world, "alice").await;
    assert!(passes(&world, &alice).await, "the directory took her password");
}
