//! One token: reading and deleting it.

use insta::assert_snapshot;
use patgate_testkit::clock::days_from_noon;

use super::TOKENS;
use crate::common::{NewGrant, PASSWORD, World, delete, get};

#[tokio::test]
async fn a_deleted_token_is_refused_in_the_next_request() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let probe = || get("/api/v1/settings/instance-information").token(&token);
    assert_eq!(world.send(probe()).await.status(), 200);
    let deleted = world.send(delete(format!("{TOKENS}/{}", token.id)).basic("ann", PASSWORD)).await;
    assert_snapshot!("deleted", deleted.shown());
    assert_snapshot!("refused", world.send(probe()).await.shown());
}

#[tokio::test]
async fn it_is_refused_at_once_however_much_another_node_changed_before() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let key = world.state.index.keys().newest().id();
    // Three changes of which this node has not heard, together more than it reads of the change log at once.
    for _ in 0..3 {
        let mut change = world.change().await;
        for _ in 0..400 {
            let (grant, digest) = world.grant_of(ann.id);
            change.insert_grant(&grant, key, &digest).await.unwrap();
        }
        change.commit().await.unwrap();
    }
    let current = || format!("{TOKENS}/current");
    assert_eq!(world.send(delete(current()).token(&token)).await.status(), 204);
    assert_eq!(world.send(get(current()).token(&token)).await.status(), 401);
}

#[tokio::test]
async fn the_second_of_two_who_delete_is_told_that_there_is_none() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let ask = || world.send(delete(format!("{TOKENS}/{}", token.id)).basic("ann", PASSWORD));
    let (first, second) = tokio::join!(ask(), ask());
    let mut statuses = [first.status(), second.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    let before = world.state.store.last_sequence().await.unwrap();
    assert_eq!(ask().await.status(), 404);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn missing_deleted_malformed_and_not_yours_look_the_same() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let bob = world.user("bob", &[]).await;
    let bobs = world.token(&bob, NewGrant::default()).await;
    let gone = world.token(&ann, NewGrant::default()).await;
    world.delete_token(&gone).await;
    let mut answers = Vec::new();
    for id in [
        bobs.id.to_string(),
        gone.id.to_string(),
        "00000000000".into(),
        "x".into(),
        "%ff".into(),
        "a%2Fb".into(),
    ] {
        let path = format!("{TOKENS}/{id}");
        answers.push(world.send(get(&*path).basic("ann", PASSWORD)).await.shown());
        answers.push(world.send(delete(&*path).basic("ann", PASSWORD)).await.shown());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_snapshot!(answers[0]);
    assert_eq!(world.send(get(format!("{TOKENS}/current")).token(&bobs)).await.status(), 200);
}

#[tokio::test]
async fn permissions_open_the_tokens_of_others() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    for (name, permissions, read, deleted) in [
        ("nobody", &[][..], 404, 404),
        ("viewer", &["token#view_all"][..], 200, 403),
        ("deleter", &["token#delete_all"][..], 404, 204),
        ("root", &["admin"][..], 200, 204),
    ] {
        let token = world.token(&ann, NewGrant::default()).await;
        world.user(name, permissions).await;
        let path = format!("{TOKENS}/{}", token.id);
        assert_eq!(world.send(get(&*path).basic(name, PASSWORD)).await.status(), read, "{name}");
        let answer = world.send(delete(&*path).basic(name, PASSWORD)).await;
        assert_eq!(answer.status(), deleted, "{name}");
        if deleted == 403 {
            assert_eq!(answer.text(), "You do not have token#delete_all permission");
        }
    }
}

#[tokio::test]
async fn a_token_with_a_permission_list_manages_only_itself() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let other = world.token(&root, NewGrant::default()).await;
    let listed =
        NewGrant { permissions: Some(&["token#view_all", "token#delete_all"]), ..NewGrant::default() };
    let token = world.token(&root, listed).await;
    for id in [other.id.to_string(), "00000000000".to_owned()] {
        let path = format!("{TOKENS}/{id}");
        assert_eq!(world.send(get(&*path).token(&token)).await.status(), 403);
        assert_eq!(world.send(delete(&*path).token(&token)).await.status(), 403);
    }
    let itself = format!("{TOKENS}/{}", token.id);
    assert_eq!(world.send(get(&*itself).token(&token)).await.status(), 200);
    assert_eq!(world.send(delete(&*itself).token(&token)).await.status(), 204);
}

#[tokio::test]
async fn a_token_without_a_list_manages_its_owners_tokens() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let bob = world.user("bob", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let other = world.token(&ann, NewGrant { application: "deploy", ..NewGrant::default() }).await;
    let bobs = world.token(&bob, NewGrant::default()).await;
    let path = |id| format!("{TOKENS}/{id}");
    assert_eq!(world.send(get(path(other.id)).token(&token)).await.status(), 200);
    assert_eq!(world.send(delete(path(other.id)).token(&token)).await.status(), 204);
    assert_eq!(world.send(delete(path(bobs.id)).token(&token)).await.status(), 404);
}

#[tokio::test]
async fn an_expired_token_is_still_shown_and_says_so() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let ending = NewGrant { expires_at: Some("2026-05-04T12:00:00Z"), ..NewGrant::default() };
    let token = world.token(&ann, ending).await;
    let state = || async {
        let answer = world.send(get(format!("{TOKENS}/{}", token.id)).basic("ann", PASSWORD)).await;
        answer.json()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "active");
    world.clock.set(days_from_noon(1));
    assert_eq!(state().await, "expired");
    assert_snapshot!(world.send(get(format!("{TOKENS}/current")).token(&token)).await.shown());
}
