//! Listing tokens.

use std::time::Duration;

use insta::assert_snapshot;
use patgate_core::grant::LastUse;
use patgate_testkit::clock::{days_from_noon, seconds_from_noon};
use patgate_testkit::wait;
use serde_json::Value;
use tokio::runtime::Handle;

use super::TOKENS;
use crate::common::{IssuedToken, NewGrant, PASSWORD, Person, World, get};

/// Ann with four tokens, made a minute apart, and Bob with one.
async fn world_of_ann() -> (World, Person) {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "release#view"]).await;
    let bob = world.user("bob", &[]).await;
    let tokens = [
        NewGrant { name: "Nightly", expires_at: Some("2026-06-01T00:00:00Z"), ..NewGrant::default() },
        NewGrant { name: "night_watch", permissions: Some(&["release#view"]), ..NewGrant::default() },
        NewGrant { name: "ci", application: "deploy", ..NewGrant::default() },
        NewGrant { name: "old", expires_at: Some("2026-05-01T00:00:00Z"), ..NewGrant::default() },
    ];
    for (minute, new) in (0..).zip(tokens) {
        world.clock.set(seconds_from_noon(minute * 60));
        let is_first = new.name == "Nightly";
        let token = world.token(&ann, new).await;
        if is_first {
            let last_use = LastUse {
                at: days_from_noon(-1),
                address: Some("192.0.2.9".to_owned()),
                user_agent: Some("curl/8".to_owned()),
            };
            world.state.store.record_last_uses(&[(token.id, last_use)]).await.unwrap();
        }
    }
    world.token(&bob, NewGrant { name: "bob's", ..NewGrant::default() }).await;
    (world, ann)
}

/// What is listed, by name.
async fn names(world: &World, who: &str, query: &str) -> Vec<String> {
    let answer = world.send(get(format!("{TOKENS}?{query}")).basic(who, PASSWORD)).await;
    assert_eq!(answer.status(), 200, "{query}: {}", answer.text());
    let name = |token: &Value| token["tokenNote"].as_str().unwrap().to_owned();
    answer.json().as_array().unwrap().iter().map(name).collect()
}

/// Looks until the store says that the token was last used then.
async fn becomes_last_used(world: &World, token: &IssuedToken, seconds: i64) -> LastUse {
    let (store, id, runtime) = (world.state.store.clone(), token.id, Handle::current());
    let looking = tokio::task::spawn_blocking(move || {
        wait::until(Duration::from_secs(30), || {
            let grant = runtime.block_on(store.grant(id)).unwrap().unwrap();
            grant.last_use.filter(|last_use| last_use.at == seconds_from_noon(seconds))
        })
    });
    looking.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_server_that_runs_writes_the_first_use_of_a_minute_at_once_and_the_others_when_it_is_over() {
    let mut world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let following = world.follow_last_uses();
    let probe = |agent: &str| get("/auth").token(&token).header("user-agent", agent);
    assert_eq!(world.send(probe("nightly/1.0")).await.status(), 200);
    let sampled = becomes_last_used(&world, &token, 0).await;
    assert_eq!(sampled.address.as_deref(), Some("192.0.2.7"));
    // No sample is taken of this one: only a look at the whole index finds it.
    world.clock.set(seconds_from_noon(30));
    assert_eq!(world.send(probe("later/2.0")).await.status(), 200);
    world.clock.set(seconds_from_noon(60));
    let swept = becomes_last_used(&world, &token, 30).await;
    assert_eq!(swept.user_agent.as_deref(), Some("nightly/1.0"));
    following.abort();
}

#[tokio::test]
async fn ann_sees_her_tokens_without_their_secrets() {
    let (world, _) = world_of_ann().await;
    let answer = world.send(get(TOKENS).basic("ann", PASSWORD)).await;
    assert_snapshot!(answer.shown());
}

#[tokio::test]
async fn a_list_is_searched_sorted_and_cut_into_pages() {
    let (world, _) = world_of_ann().await;
    for (query, expected) in [
        ("", &["old", "ci", "night_watch", "Nightly"][..]),
        ("sort=createdAt", &["Nightly", "night_watch", "ci", "old"]),
        ("sort=-createdAt", &["old", "ci", "night_watch", "Nightly"]),
        ("sort=name", &["ci", "night_watch", "Nightly", "old"]),
        ("sort=-name", &["old", "Nightly", "night_watch", "ci"]),
        ("search=NIGHT&sort=name", &["night_watch", "Nightly"]),
        ("search=night_&sort=name", &["night_watch"]),
        ("search=%25", &[]),
        ("search=ightly", &[]),
        ("search=%20night%20&sort=name&unknown=1", &["night_watch", "Nightly"]),
        ("sort=name&resultsPerPage=3", &["ci", "night_watch", "Nightly"]),
        ("sort=name&resultsPerPage=3&page=1", &["old"]),
        ("sort=name&resultsPerPage=3&page=2", &[]),
        ("page=18446744073709551615", &[]),
        ("owner=ann&sort=name&resultsPerPage=1", &["ci"]),
        ("owner=ANN&sort=name&resultsPerPage=1", &["ci"]),
    ] {
        assert_eq!(names(&world, "ann", query).await, expected, "{query}");
    }
    assert_eq!(names(&world, "ann", "sort=expiresAt&resultsPerPage=2").await, ["old", "Nightly"]);
    assert_eq!(names(&world, "ann", "sort=-lastUsedAt&resultsPerPage=1").await, ["Nightly"]);
    assert_eq!(names(&world, "ann", "sort=-expiresAt&page=1&resultsPerPage=2").await, ["Nightly", "old"]);
}

#[tokio::test]
async fn only_who_may_see_all_sees_those_of_others() {
    let (world, _) = world_of_ann().await;
    world.user("eve", &["token#view_all"]).await;
    world.user("root", &["admin"]).await;
    for who in ["eve", "root"] {
        assert_eq!(names(&world, who, "owner=bob").await, ["bob's"]);
        assert_eq!(names(&world, who, "owner=*&sort=name&resultsPerPage=2").await, ["bob's", "ci"]);
        assert_eq!(names(&world, who, "").await, [""; 0]);
    }
    for query in ["owner=bob", "owner=*", "owner=nobody"] {
        let answer = world.send(get(format!("{TOKENS}?{query}")).basic("ann", PASSWORD)).await;
        assert_eq!((answer.status(), answer.text()), (403, "You do not have token#view_all permission"));
    }
    let answer = world.send(get(format!("{TOKENS}?owner=nobody")).basic("eve", PASSWORD)).await;
    assert_eq!((answer.status(), &answer.json()["field"]), (400, &Value::from("owner")));
}

#[tokio::test]
async fn a_token_with_a_permission_list_lists_nothing() {
    let (world, ann) = world_of_ann().await;
    let root = world.user("root", &["admin"]).await;
    for (owner, permissions) in [(&ann, &["release#view"][..]), (&ann, &[]), (&root, &["token#view_all"])] {
        let listed = NewGrant { permissions: Some(permissions), ..NewGrant::default() };
        let token = world.token(owner, listed).await;
        let answer = world.send(get(TOKENS).token(&token)).await;
        assert_eq!(answer.status(), 403);
        let told = "A token with a permission list manages no token but itself. Ask at \
                    `/api/v1/personal-access-tokens/current`, or with a password";
        assert_eq!(answer.text(), told);
    }
    let full = world.token(&ann, NewGrant::default()).await;
    assert_eq!(world.send(get(TOKENS).token(&full)).await.status(), 200);
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_named() {
    let (world, _) = world_of_ann().await;
    for (query, field) in [
        ("page=-1", "page"),
        ("page=one", "page"),
        ("page=0&page=0", "page"),
        ("page=18446744073709551616", "page"),
        ("resultsPerPage=0", "resultsPerPage"),
        ("resultsPerPage=101", "resultsPerPage"),
        ("resultsPerPage=1e2", "resultsPerPage"),
        ("sort=owner", "sort"),
        ("sort=Name", "sort"),
        ("search=a%00b", "search"),
        ("search=%ff", "search"),
        ("search=%", "search"),
        ("owner=a:b", "owner"),
    ] {
        let answer = world.send(get(format!("{TOKENS}?{query}")).basic("ann", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &Value::from(field)), "{query}");
    }
}
