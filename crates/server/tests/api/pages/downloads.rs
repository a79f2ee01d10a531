//! Files that take their time: they go on only as long as whoever asked for them may see what is in them.

use http_body_util::BodyExt;
use patgate_core::role::Role;

use crate::common::{Person, SignedIn, World, get, post};

/// More than two batches.
const MANY: usize = 1_100;

const FILES: [&str; 2] = ["/admin/tokens.csv", "/admin/audit.jsonl"];

/// A world with more tokens and events than are read at once, and somebody who may see them.
async fn build() -> (World, Person, SignedIn) {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let jo = world.user("jo", &["login", "token#view_all", "audit#view"]).await;
    let key = world.state.index.keys().newest().id();
    let mut change = world.change().await;
    for _ in 0..MANY {
        let (grant, digest) = world.grant_of(root.id);
        change.insert_grant(&grant, key, &digest).await.unwrap();
    }
    world.commit(change).await;
    let session = world.session(&jo).await;
    (world, jo, session)
}

/// Reads a file up to its second piece, lets something happen, and reads on; what came, and whether it came to its end.
async fn read(world: &World, session: &SignedIn, path: &str, meanwhile: impl AsyncFnOnce()) -> (usize, bool) {
    let answer = world.begin(get(path).cookie(session)).await;
    assert_eq!(answer.status(), 200, "{path}");
    let mut body = answer.into_body();
    let mut text = Vec::new();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    text.extend_from_slice(&first);
    meanwhile().await;
    let mut is_whole = true;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => text.extend_from_slice(&frame.into_data().unwrap()),
            Err(_) => {
                is_whole = false;
                break;
            }
        }
    }
    (String::from_utf8(text).unwrap().lines().count(), is_whole)
}

#[tokio::test]
async fn a_file_is_whole_for_who_may_see_it_to_its_end() {
    let (world, _, session) = build().await;
    for path in FILES {
        let (lines, is_whole) = read(&world, &session, path, async || ()).await;
        assert!(lines > MANY && is_whole, "{path}: {lines}");
    }
}

#[tokio::test]
async fn a_file_breaks_off_when_its_reader_is_disabled() {
    for path in FILES {
        let (world, jo, session) = build().await;
        let (lines, is_whole) = read(&world, &session, path, async || world.disable(&jo).await).await;
        assert!(lines < MANY && !is_whole, "{path}: {lines}");
    }
}

#[tokio::test]
async fn a_file_breaks_off_when_its_reader_logs_out_or_loses_the_permission() {
    for path in FILES {
        let (world, _, session) = build().await;
        let log_out = async || {
            let answer = world.send(post("/logout").submit(&session, &[])).await;
            assert_eq!(answer.header("location"), "/login?done=logged-out");
        };
        let (lines, is_whole) = read(&world, &session, path, log_out).await;
        assert!(lines < MANY && !is_whole, "{path}: {lines}");

        let (world, _, session) = build().await;
        let take_away = async || {
            let name = "jo's role".parse().unwrap();
            let role = world.state.store.role(&name).await.unwrap().unwrap();
            let permissions = ["login".parse().unwrap()].into();
            let mut change = world.change().await;
            change.update_role(&Role { permissions, ..role }).await.unwrap();
            world.commit(change).await;
        };
        let (lines, is_whole) = read(&world, &session, path, take_away).await;
        assert!(lines < MANY && !is_whole, "{path}: {lines}");
    }
}
