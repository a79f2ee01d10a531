//! Re-checks that bring no answer: of one person, of a provider, and of both at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::item::SecretText;
use patgate_core::user::Origin;
use patgate_server::service::sign_in::{Arrival, arrive};
use patgate_testkit::servers::fake_directory::{BIND, FakeDirectory, SEARCH, Said, entry, message, result};
use patgate_testkit::servers::slapd::Slapd;

use crate::common::{NewGrant, Person, World, arrival, claims, get};
use crate::rechecks::{OFTEN, ask, owner, passes, world};

/// A server with a directory at this address, which gives an answer within a second or none.
async fn world_with_directory(directory: &FakeDirectory) -> World {
    let file = format!(
        "{OFTEN}\n[[ldap]]\nname = 'company'\nurls = ['{}']\nallow_clear_text = true\nuser_search_base = 'dc=x'\n\
         manager_dn = 'cn=m'\nmanager_password = 'secret'\nconnect_timeout_seconds = 1\ntimeout_seconds = 1\n\
         recheck_confirms = true\n",
        directory.url()
    );
    World::configured(&file).await
}

/// Somebody who came from the provider `company`, and has a token.
pub(crate) async fn owner_from(
    world: &World,
    origin: Origin,
    name: &str,
    refresh_token: Option<&str>,
) -> UserId {
    let (company, person) = ("company".parse().unwrap(), claims(name, &[]));
    let refresh_token = refresh_token.map(SecretText::from);
    let refresh_token = refresh_token.as_ref();
    let arrival = Arrival { refresh_token, ..arrival(world, origin, &company, &person) };
    let id = arrive(&world.state, arrival).await.unwrap();
    let person = Person { id, username: name.into() };
    world.token(&person, NewGrant { application: "any", ..NewGrant::default() }).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_the_window_less_than_an_hour_sooner_than_the_last_word_would() {
    let mut slapd = Slapd::start();
    let world = world(&slapd).await;
    let mut tokens = Vec::new();
    for name in ["alice", "bob"] {
        slapd.set(name, "userAccountControl", "512");
        tokens.push(owner(&world, name).await.1);
    }
    ask(&world).await;
    let before = world.state.store.last_sequence().await.unwrap().as_i64();
    // With the first, two seconds less than two hours.
    for _ in 0..117 {
        ask(&world).await;
    }
    let after = world.state.store.last_sequence().await.unwrap().as_i64();
    assert_eq!(after - before, 1, "one change, of both, when an hour is over");
    let heard = world.clock.now();
    slapd.stop();
    ask(&world).await;
    let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
    for (at, is_in) in [(heard + day * 30 - hour, true), (heard + day * 30, false)] {
        world.clock.set(at);
        for token in &tokens {
            assert_eq!(passes(&world, token).await, is_in, "{at}");
        }
    }
}

/// How often a provider was asked about somebody in vain, and in how many seconds it is asked again.
pub(crate) async fn record(world: &World, id: UserId) -> (u32, i64) {
    let record = world.state.store.confirmation_record(id).await.unwrap().unwrap();
    (record.attempts, record.due_at.unwrap().duration_since(world.clock.now()).as_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_after_many_others_is_out_as_well() {
    let slapd = Slapd::start();
    let world = world(&slapd).await;
    let names: Vec<_> = (0..12).map(|number| format!("leaver{number}")).collect();
    for name in &names {
        slapd.add_person(name, &format!("{name} password"));
        slapd.add_member("users", &format!("uid={name},ou=people,dc=example,dc=test"));
    }
    // Who stays has no token: nobody else is asked about than those who leave.
    for name in ["alice", "carol"] {
        slapd.set(name, "userAccountControl", "512");
        let call = get("/api/v1/session").basic(name, &format!("{name} password"));
        assert_ne!(world.send(call).await.status(), 401);
    }
    let (_, bob) = owner(&world, "bob").await;
    let mut tokens = Vec::new();
    for name in &names {
        tokens.push(owner(&world, name).await.1);
    }
    for name in &names {
        slapd.remove_person(name);
    }
    ask(&world).await;
    for token in &tokens {
        assert!(!passes(&world, token).await);
    }
    assert!(passes(&world, &bob).await);
    slapd.remove_person("bob");
    ask(&world).await;
    assert!(!passes(&world, &bob).await, "all who are asked about are gone now, and bob alone is news");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_answers_no_search_is_asked_once_for_all() {
    let directory = FakeDirectory::mute();
    let world = world_with_directory(&directory).await;
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(owner_from(&world, Origin::Ldap, &format!("user{number}"), None).await);
    }
    for attempts in 1..=3 {
        ask(&world).await;
        assert_eq!(directory.searches(), attempts as usize);
        for id in &ids {
            assert_eq!(record(&world, *id).await, (attempts, 60), "nobody is put off for longer and longer");
        }
    }
}

/// A question has several steps, none of which may take longer than a second.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_never_ends_its_answer_holds_up_neither_a_sign_in_nor_a_re_check() {
    for says in [Said::Dribbled, Said::WithoutAnEnd] {
        let directory = FakeDirectory::saying(move |request| match request.tag {
            BIND => Said::AtOnce(message(request.id, 0x61, &result(0))),
            // Entries, and never that these were all.
            _ => says(message(request.id, 0x64, &entry("uid=user0,dc=x", &[("uid", b"user0")])).repeat(10)),
        });
        let world = world_with_directory(&directory).await;
        let id = owner_from(&world, Origin::Ldap, "user0", None).await;
        let call = get("/api/v1/session").basic("user0", "any password");
        let answer = tokio::time::timeout(PATIENCE, world.send(call)).await.expect("the sign-in ends");
        assert_eq!(answer.status(), 503, "{}", answer.shown());
        tokio::time::timeout(PATIENCE, ask(&world)).await.expect("the re-check ends");
        assert_eq!(record(&world, id).await, (1, 60), "it is asked again soon, and nobody is out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_says_nothing_but_nonsense_is_soon_left_alone() {
    let directory = FakeDirectory::start(|request| match request.tag {
        BIND => Some(message(request.id, 0x61, &result(0))),
        _ => Some(vec![0x30, 0]),
    });
    let world = world_with_directory(&directory).await;
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(owner_from(&world, Origin::Ldap, &format!("user{number}"), None).await);
    }
    for attempts in 1..=2 {
        ask(&world).await;
        for id in &ids {
            assert_eq!(record(&world, *id).await, (attempts, 60));
        }
    }
    assert!(directory.searches() < 100, "{}", directory.searches());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_read_is_nothing_to_the_others() {
    let is_first_gone = Arc::new(AtomicBool::new(false));
    let hides_first = Arc::clone(&is_first_gone);
    let directory = FakeDirectory::start(move |request| {
        let id = request.id;
        let first = if hides_first.load(Ordering::SeqCst) { b'1' } else { b'0' };
        let asks_for = |text: &[u8]| request.bytes.windows(text.len()).any(|bytes| bytes == text);
        match request.tag {
            BIND => Some(message(id, 0x61, &result(0))),
            SEARCH if asks_for(b"key-odd") => Some(vec![0x30, 0]),
            // Whether the base is there, and anybody below it.
            SEARCH if !asks_for(b"key-") => {
                Some([message(id, 0x64, &entry("dc=x", &[])), message(id, 0x65, &result(0))].concat())
            }
            SEARCH => {
                let named = |number: &u8| asks_for(format!("key-user{}", char::from(*number)).as_bytes());
                let person = |number: u8| {
                    let name = format!("user{}", char::from(number));
                    let key = format!("key-{name}");
                    let facts = [("uid", name.as_bytes()), ("entryUUID", key.as_bytes())];
                    message(id, 0x64, &entry(&format!("uid={name},dc=x"), &facts))
                };
                let found = (first..=b'9').filter(named).map(person);
                Some(found.chain([message(id, 0x65, &result(0))]).collect::<Vec<_>>().concat())
            }
            _ => None,
        }
    });
    let world = world_with_directory(&directory).await;
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(owner_from(&world, Origin::Ldap, &format!("user{number}"), None).await);
    }
    let odd = owner_from(&world, Origin::Ldap, "odd", None).await;
    for (attempts, pause) in [(1, 60), (2, 120)] {
        // Long enough for both.
        world.clock.set(world.clock.now() + SignedDuration::from_mins(2));
        ask(&world).await;
        for id in &ids {
            assert_eq!(record(&world, *id).await.0, 0);
        }
        assert_eq!(record(&world, odd).await, (attempts, pause), "their own pauses grow");
    }
    // Nor do they keep it from being believed that another is gone.
    is_first_gone.store(true, Ordering::SeqCst);
    ask(&world).await;
    for (number, id) in ids.iter().enumerate() {
        let user = world.state.store.user(*id).await.unwrap().unwrap();
        assert_eq!(matches!(user.confirmation, Confirmation::Withdrawn { .. }), number == 0, "user{number}");
    }
}
