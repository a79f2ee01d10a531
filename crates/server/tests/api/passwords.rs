//! Wrong passwords: who is slowed down, and who is not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use insta::assert_snapshot;
use jiff::Timestamp;
use patgate_server::node::follow;
use patgate_server::password::{Attempt, PasswordRefused};
use patgate_store::{NodeId, PasswordHashText, Sequence};
use patgate_testkit::clock::{NOON, seconds_from_noon};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::common::{NewGrant, PASSWORD, World, delete, get, post, put};

const PROBE: &str = "/api/v1/global-permissions";

/// Tries a password from some address: how long to wait, or whether it was right.
async fn attempt(
    world: &World,
    username: &str,
    password: &str,
    address: &str,
    now: Timestamp,
) -> Result<bool, u64> {
    let address: IpAddr = address.parse().unwrap();
    match world.state.passwords.prove(Attempt { username, password, address }, now).await {
        Ok(_) => Ok(true),
        Err(PasswordRefused::Wrong) => Ok(false),
        Err(PasswordRefused::Throttled { seconds }) => Err(seconds),
        Err(refused) => panic!("{refused}"),
    }
}

#[tokio::test]
async fn wrong_passwords_slow_down_and_touch_neither_tokens_nor_sessions() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let (token, session) = (world.token(&ann, NewGrant::default()).await, world.session(&ann).await);
    for _ in 0..5 {
        assert_eq!(world.send(get(PROBE).basic("ann", "wrong password")).await.status(), 401);
    }
    assert_snapshot!("throttled", world.send(get(PROBE).basic("ann", "wrong password")).await.shown());
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 429);
    assert_eq!(world.send(get(PROBE).token(&token)).await.status(), 200);
    assert_eq!(world.send(get(PROBE).basic("ann", &token.text)).await.status(), 200);
    assert_eq!(world.send(get(PROBE).cookie(&session)).await.status(), 200);
    world.clock.set(seconds_from_noon(1));
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 200);
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_slowed_down_alike() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    let mut told = Vec::new();
    for name in ["ann", "nobody"] {
        // Each from a network of its own, so that only the name counts.
        let network = format!("198.51.100.{}", name.len());
        let mut answers = Vec::new();
        for second in [0, 0, 0, 0, 0, 0, 1, 1, 3, 3, 6] {
            answers.push(attempt(&world, name, "wrong password", &network, seconds_from_noon(second)).await);
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    let mut wanted = vec![Ok(false); 5];
    wanted.extend([Err(1), Ok(false), Err(2), Ok(false), Err(4), Err(1)]);
    assert_eq!(told[0], wanted);
}

#[tokio::test]
async fn a_stranger_does_not_lock_the_owner_of_a_name_out() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    for guess in 0..5 {
        assert_eq!(
            attempt(&world, "ann", "wrong password", "198.51.100.1", NOON).await,
            Ok(false),
            "{guess}"
        );
    }
    assert_eq!(attempt(&world, "ann", PASSWORD, "198.51.100.1", NOON).await, Err(1));
    assert_eq!(attempt(&world, "ann", PASSWORD, "203.0.113.1", NOON).await, Ok(true));
    // That the owner came in does not make the stranger any better.
    assert_eq!(attempt(&world, "ann", PASSWORD, "198.51.100.1", NOON).await, Err(1));
}

#[tokio::test]
async fn many_networks_delay_a_name_by_seconds() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    let mut now = 0;
    let mut waits = Vec::new();
    for guess in 0..26 {
        let address = format!("198.51.100.{guess}");
        if let Err(wait) = attempt(&world, "ann", "wrong password", &address, seconds_from_noon(now)).await {
            waits.push(wait);
            now += i64::try_from(wait).unwrap();
            let late = attempt(&world, "ann", "wrong password", &address, seconds_from_noon(now)).await;
            assert_eq!(late, Ok(false));
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    assert_eq!(attempt(&world, "ann", PASSWORD, "203.0.113.1", seconds_from_noon(now + 10)).await, Ok(true));
}

#[tokio::test]
async fn one_network_is_slowed_down_whatever_names_it_tries() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    for guess in 0..100 {
        let name = if guess == 50 { "not:a:name".to_owned() } else { format!("a{guess}") };
        assert_eq!(attempt(&world, &name, "wrong password", "2001:db8::1", NOON).await, Ok(false), "{guess}");
    }
    assert_eq!(attempt(&world, "ann", PASSWORD, "2001:db8::ffff", NOON).await, Err(1));
    assert_eq!(attempt(&world, "ann", PASSWORD, "2001:db8:0:1::1", NOON).await, Ok(true));
    // A right one makes ten good.
    let later = seconds_from_noon(1);
    assert_eq!(attempt(&world, "ann", PASSWORD, "2001:db8::1", later).await, Ok(true));
    for guess in 0..10 {
        let name = format!("b{guess}");
        assert_eq!(
            attempt(&world, &name, "wrong password", "2001:db8::1", later).await,
            Ok(false),
            "{guess}"
        );
    }
    assert_eq!(attempt(&world, "ann", PASSWORD, "2001:db8::1", later).await, Err(1));
}

#[tokio::test]
async fn the_right_password_clears_the_name_and_its_network() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    for round in 0..3 {
        for guess in 0..14 {
            let address = format!("198.51.{round}.{guess}");
            assert_eq!(attempt(&world, "ann", "wrong password", &address, NOON).await, Ok(false));
        }
        for _ in 0..4 {
            assert_eq!(attempt(&world, "ann", "wrong password", "203.0.113.1", NOON).await, Ok(false));
        }
        assert_eq!(attempt(&world, "ANN", PASSWORD, "203.0.113.1", NOON).await, Ok(true));
    }
}

#[tokio::test]
async fn many_guesses_at_once_are_no_way_around() {
    for (spread, free) in [(1, 5), (40, 20)] {
        let world = World::new().await;
        world.user("ann", &[]).await;
        let guesses = (0..40).map(|guess| {
            let state = world.state.clone();
            tokio::spawn(async move {
                let address = IpAddr::from([198, 51, 100, guess % spread]);
                let attempt = Attempt { username: "ann", password: "wrong password", address };
                state.passwords.prove(attempt, NOON).await.err()
            })
        });
        let guesses: Vec<_> = guesses.collect();
        let mut looked_at = 0;
        for guess in guesses {
            if matches!(guess.await.unwrap(), Some(PasswordRefused::Wrong)) {
                looked_at += 1;
            }
        }
        // One more than the free ones may be under way on the other core when the last of them fails.
        assert!((free..=free + 1).contains(&looked_at), "{looked_at} of {free}");
    }
}

#[tokio::test]
async fn an_administrator_lets_a_user_try_again() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    world.user("officer", &["security#edit"]).await;
    let unlock = |name: &str| post(format!("/api/v1/users/{name}/unlock"));
    lock(&world, "ann").await;
    assert_eq!(world.send(unlock("Ann").basic("officer", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 200);
    assert_eq!(world.send(unlock("ann").basic("ann", PASSWORD)).await.status(), 403);
    assert_eq!(world.send(unlock("nobody").basic("officer", PASSWORD)).await.status(), 404);
}

#[tokio::test]
async fn an_officer_does_not_let_guesses_at_an_administrator_go_on() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("officer", &["security#edit"]).await;
    lock(&world, "root").await;
    let unlock = post("/api/v1/users/root/unlock").basic("officer", PASSWORD);
    assert_eq!(world.send(unlock).await.status(), 403);
    assert_eq!(world.send(get(PROBE).basic("root", PASSWORD)).await.status(), 429);
}

#[tokio::test]
async fn a_password_set_by_another_process_lets_the_user_in_here() {
    let world = World::new().await;
    let (ann, root) = (world.user("ann", &[]).await, world.user("root", &["admin"]).await);
    lock(&world, "ann").await;
    lock(&world, "root").await;
    // What the command line does: its change is in the log, and this node has not made it.
    let mut change = world.change().await;
    let hash = world.state.store.password(&"root".parse().unwrap()).await.unwrap().unwrap().hash;
    change.set_password(ann.id, &hash, None).await.unwrap();
    let sequence = change.commit().await.unwrap();
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 429);
    world.state.node.apply_own(sequence).await.unwrap();
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 200);
    assert_eq!(world.send(get(PROBE).basic("root", PASSWORD)).await.status(), 429);
    assert_ne!(ann.id, root.id);
}

#[tokio::test]
async fn a_stolen_session_does_not_wipe_out_its_guesses_by_changing_the_profile() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    lock(&world, "ann").await;
    let profile = put("/api/v1/users/ann").json(&json!({ "fullName": "Another Name" })).session(&session);
    assert_eq!(world.send(profile).await.status(), 200);
    assert_eq!(world.send(get(PROBE).basic("ann", PASSWORD)).await.status(), 429);
}

/// Tries wrong passwords from the network of the tests until even the right one has to wait.
async fn lock(world: &World, name: &str) {
    for _ in 0..5 {
        assert_eq!(attempt(world, name, "wrong password", "192.0.2.7", NOON).await, Ok(false));
    }
    assert_eq!(world.send(get(PROBE).basic(name, PASSWORD)).await.status(), 429);
}

#[tokio::test]
async fn a_password_that_was_right_counts_no_longer_when_another_is_set() {
    let world = World::new().await;
    world.user("ann", &[]).await;
    world.user("officer", &["security#edit"]).await;
    let answer = async |password| world.send(get(PROBE).basic("ann", password)).await.status();
    let set = async |password| {
        let form = json!({ "newPassword": password });
        let call = post("/api/v1/users/ann/password").basic("officer", PASSWORD).json(&form);
        assert_eq!(world.send(call).await.status(), 204);
    };
    let another = "another horse battery";
    assert_eq!([answer(PASSWORD).await, answer(PASSWORD).await], [200, 200]);
    set(another).await;
    assert_eq!([answer(PASSWORD).await, answer(another).await, answer(another).await], [401, 200, 200]);
    set(PASSWORD).await;
    assert_eq!([answer(another).await, answer(PASSWORD).await], [401, 200]);
    assert_eq!(world.send(post("/api/v1/users/ann/disable").basic("officer", PASSWORD)).await.status(), 204);
    assert_eq!(answer(PASSWORD).await, 401, "nor for who is disabled");
}

#[tokio::test]
async fn what_is_known_again_is_forgotten_in_time_and_with_its_user() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("ann", &["login"]).await;
    for _ in 0..2 {
        assert_eq!(attempt(&world, "root", PASSWORD, "192.0.2.7", NOON).await, Ok(true));
    }
    let roots = world.state.passwords.known_again();
    assert_eq!(attempt(&world, "ann", PASSWORD, "192.0.2.7", NOON).await, Ok(true));
    assert_eq!(world.state.passwords.known_again(), roots + 1);
    let gone = world.send(delete("/api/v1/users/ann").basic("root", PASSWORD)).await;
    assert_eq!(gone.status(), 204, "{}", gone.text());
    assert_eq!(world.state.passwords.known_again(), roots, "hers is gone with her");
    // A server that runs forgets the rest, although nobody asks.
    world.clock.set(seconds_from_noon(600));
    let (node, id, stop) = (Arc::clone(&world.state.node), NodeId(7), CancellationToken::new());
    world.state.store.announce_node(id, Sequence::default(), world.clock.now()).await.unwrap();
    let following = tokio::spawn(follow::run(node, id, world.clock.clone(), stop.clone()));
    let forgotten = async {
        while world.state.passwords.known_again() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), forgotten).await.is_ok());
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test]
async fn a_hash_of_another_strength_is_renewed_and_no_session_ends() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let name = "ann".parse().unwrap();
    // argon2id of `correct horse battery` with 8 MiB and one pass.
    let weak = "$argon2id$v=19$m=8192,t=1,p=1$c2l4dGVlbiBieXRlcyBvZg$WEAK";
    let weak = weak.replace("WEAK", &weak_output());
    let mut change = world.change().await;
    change.set_password(ann.id, &PasswordHashText::new(weak), None).await.unwrap();
    world.commit(change).await;
    let session = world.session(&ann).await;
    assert_eq!(attempt(&world, "ann", PASSWORD, "203.0.113.1", NOON).await, Ok(true));
    let stored = world.state.store.password(&name).await.unwrap().unwrap();
    assert!(stored.hash.reveal().starts_with("$argon2id$v=19$m=7168,t=5,p=2$c2l4dGVlbiBieXRlcyBvZg$"));
    assert_eq!(stored.version, 2);
    assert_eq!(world.send(get("/api/v1/session").cookie(&session)).await.status(), 200);
    assert_eq!(attempt(&world, "ann", PASSWORD, "203.0.113.1", NOON).await, Ok(true));
}

fn weak_output() -> String {
    let params = Params::new(8_192, 1, 1, None).unwrap();
    let mut output = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSWORD.as_bytes(), b"sixteen bytes of", &mut output)
        .unwrap();
    STANDARD_NO_PAD.encode(output)
}
