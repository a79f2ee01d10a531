//! Lists of whole releases: read while they are sent, whoever reads them how slowly.

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use patgate_core::release::ReleaseStatus;
use serde_json::{Value, json};

use crate::common::{Call, NewGrant, PASSWORD, Person, World, delete, get, post};

/// What a connection is given at a time.
const PIECE: usize = 64 * 1_024;
const VIEWS: [&str; 2] = ["login", "release#view"];

/// Vera, who may see releases, and eight of them that wait to be started: `Release11` to `Release18`, the newest last. Each is
/// 96 KiB of JSON, which writes a control character in six.
async fn world() -> (World, Person) {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let vera = world.user("vera", &VIEWS).await;
    for number in 11..=18 {
        world
            .put_release(number, |release| {
                release.id = format!("Release{number}").parse().unwrap();
                release.status = ReleaseStatus::Planned;
                release.description = "\u{1}".repeat(16 * 1_024);
            })
            .await;
    }
    (world, vera)
}

/// Begins to read the answer to Vera's call: its first piece, and what was not read yet.
async fn begin(world: &World, call: Call) -> (Bytes, Body) {
    let answer = world.begin(call.basic("vera", PASSWORD)).await;
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let mut body = answer.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.len() <= PIECE, "{}", first.len());
    (first, body)
}

/// All that is listed, with what was read of it already.
async fn read(first: Bytes, mut body: Body) -> Value {
    let mut text = first.to_vec();
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        assert!(data.len() <= PIECE, "{}", data.len());
        text.extend_from_slice(&data);
    }
    serde_json::from_slice(&text).unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    let ids = list.as_array().unwrap().iter().map(|release| release["id"].as_str().unwrap());
    ids.map(|id| id.strip_prefix("Applications/Release").unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_read_while_it_is_sent_and_slow_readers_are_in_nobodys_way() {
    let (world, _) = world().await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(begin(&world, get("/api/v1/releases")).await);
    }
    let gone = delete("/api/v1/releases/Release11").basic("root", PASSWORD);
    assert_eq!(world.send(gone).await.status(), 204);
    for (first, body) in slow {
        let list = read(first, body).await;
        assert_eq!(ids(&list), ["18", "17", "16", "15", "14", "13", "12"], "the last was not read before");
    }
}

#[tokio::test]
async fn each_list_is_whole_however_long_it_is() {
    let (world, _) = world().await;
    let all = ["18", "17", "16", "15", "14", "13", "12", "11"];
    let search = |path: &str| post(format!("/api/v1/releases/{path}")).json(&json!({}));
    let by_title = get("/api/v1/releases/byTitle?releaseTitle=Ship%20it");
    for call in [get("/api/v1/releases"), by_title, search("search")] {
        let (first, body) = begin(&world, call).await;
        assert_eq!(ids(&read(first, body).await), all);
    }
    for (query, expected) in [("", &all[..]), ("?resultsPerPage=1&page=7", &all[7..]), ("?page=1", &all[8..])]
    {
        let (first, body) = begin(&world, search(&format!("fullSearch{query}"))).await;
        let found = read(first, body).await;
        assert_eq!(ids(&found["live"]["releases"]), expected, "{query}");
        assert_eq!(found["live"]["size"], found["archived"]["size"], "{found}");
        assert_eq!(found["archived"]["releases"], json!([]));
    }
}

#[tokio::test]
async fn who_loses_the_right_to_see_releases_reads_no_more_of_them() {
    let (world, vera) = world().await;
    let (_, body) = begin(&world, get("/api/v1/releases")).await;
    world.disable(&vera).await;
    assert!(body.collect().await.is_err(), "it is broken off");
    assert_eq!(world.send(get("/api/v1/releases").basic("vera", PASSWORD)).await.status(), 401);
}

#[tokio::test]
async fn nobody_reads_on_with_a_token_that_was_deleted() {
    let (world, vera) = world().await;
    let token = world.token(&vera, NewGrant::default()).await;
    let mut body = world.begin(get("/api/v1/releases").token(&token)).await.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    let gone = delete(format!("/api/v1/personal-access-tokens/{}", token.id)).basic("vera", PASSWORD);
    assert_eq!(world.send(gone).await.status(), 204);
    assert!(body.collect().await.is_err(), "it is broken off");
}
