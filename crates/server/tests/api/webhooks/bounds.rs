//! What is bounded: what strangers write, rounds from endpoint to endpoint, and windows that nobody looks at.

use http_body_util::BodyExt;
use jiff::SignedDuration;
use patgate_store::Page;
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::{SECRET, event, with_token, world};
use crate::common::{PASSWORD, get, post};

#[tokio::test]
async fn of_many_refused_requests_few_are_written_and_little_of_each() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    let refuse = async |number: u32| {
        let mut call = with_token(event("hook"), "x").header("x-number", &number.to_string());
        for header in 0..60 {
            call = call.header(&format!("x-{header}"), &"y".repeat(900));
        }
        assert_eq!(world.send(call).await.status(), 401);
    };
    for number in 1..=80 {
        refuse(number).await;
    }
    let number = |headers: &[(String, String)]| {
        headers.iter().find(|(name, _)| name == "x-number").map(|(_, value)| value.clone())
    };
    let newest = async || {
        for _ in 0..200 {
            let refused = world.refused(endpoint, 50).await;
            if number(&refused[0].headers).as_deref() == Some("60") {
                return refused;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the sixtieth was not noted, or one after it was")
    };
    let refused = newest().await;
    assert!(refused.iter().all(|one| one.headers.len() <= 30));
    assert!(refused.iter().flat_map(|one| &one.headers).all(|(_, value)| value.chars().count() <= 201));
    world.clock.set(NOON + SignedDuration::from_secs(1));
    refuse(81).await;
    for _ in 0..200 {
        if number(&world.refused(endpoint, 50).await[0].headers).as_deref() == Some("81") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a second later the next is noted");
}

#[tokio::test]
async fn a_request_that_was_forwarded_too_often_goes_no_further() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    let hops = |hops: &str| with_token(event("hook"), SECRET).header("x-patgate-webhook-hops", hops);
    for (call, status) in [
        (hops("4"), 202),
        (hops("5"), 508),
        (hops("4294967296"), 508),
        (hops("none"), 508),
        (hops("1").header("x-patgate-webhook-hops", "1"), 508),
        (event("hook").header("x-patgate-webhook-hops", "5"), 401),
    ] {
        assert_eq!(world.send(call).await.status(), status);
    }
    assert_eq!(world.kept(endpoint).await.len(), 1);
    let refused = world.refused(endpoint, 5).await;
    assert_eq!(refused.iter().filter(|one| one.cause.contains("going round")).count(), 4);
}

#[tokio::test]
async fn a_test_request_is_audited_and_needs_an_endpoint_that_takes_it() {
    let world = world().await;
    world.user("editor", &["config#edit"]).await;
    world.user("viewer", &["webhook#view"]).await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    let path = format!("/api/v1/webhook-endpoints/{endpoint}/test");
    let audit = async || {
        let page = Page { number: 0, size: 100 };
        let events = world.state.store.audit_events(&Default::default(), page).await.unwrap();
        let tests = events.into_iter().filter(|event| event.action == "webhook.test");
        tests.map(|event| (event.actor.name, event.subject_name)).collect::<Vec<_>>()
    };
    assert_eq!(world.send(post(&path).basic("viewer", PASSWORD)).await.status(), 403);
    assert!(audit().await.is_empty());
    assert_eq!(world.send(post(&path).basic("editor", PASSWORD)).await.status(), 202);
    assert_eq!(audit().await, [("editor".to_owned(), "Configuration/hook".to_owned())]);
    assert_eq!(world.kept(endpoint).await[0].sender, "a test by editor");
    assert_eq!(world.change_endpoint("hook", json!({ "enabled": false })).await.status(), 200);
    let answer = world.send(post(&path).basic("editor", PASSWORD)).await;
    assert_eq!(answer.status(), 409, "{}", answer.text());
    assert!(answer.text().contains("enable it first"), "{}", answer.text());
    assert_eq!((audit().await.len(), world.kept(endpoint).await.len()), (1, 1));
}

#[tokio::test]
async fn a_window_that_watches_does_not_keep_its_session_open() {
    let world = world().await;
    let reader = world.user("reader", &["login", "webhook#view"]).await;
    let session = world.session(&reader).await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    let watch = async || {
        let call = get(format!("/api/v1/webhook-endpoints/{endpoint}/requests/live")).cookie(&session);
        world.begin(call).await
    };
    world.clock.set(NOON + SignedDuration::from_hours(7));
    assert_eq!(watch().await.status(), 200);
    // The window opens the view anew when it ends.
    world.clock.set(NOON + SignedDuration::from_hours(8) - SignedDuration::from_secs(1));
    let mut open = watch().await;
    assert_eq!(open.status(), 200);
    assert!(open.body_mut().frame().await.is_some(), "it begins");
    world.clock.set(NOON + SignedDuration::from_hours(8));
    assert_eq!(watch().await.status(), 401, "eight hours unused");
    let rest = tokio::time::timeout(std::time::Duration::from_secs(30), open.body_mut().frame()).await;
    assert!(matches!(rest, Ok(None)), "and what is open ends");
}

#[tokio::test]
async fn one_person_watches_in_so_many_windows() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    world.user("other", &["webhook#view"]).await;
    let watch = async |name: &str| {
        let call = get(format!("/api/v1/webhook-endpoints/{endpoint}/requests/live")).basic(name, PASSWORD);
        world.begin(call).await
    };
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(watch("root").await);
    }
    assert!(open.iter().all(|answer| answer.status() == 200));
    let refused = watch("root").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"60"[..]));
    assert_eq!(watch("other").await.status(), 200);
    open.pop();
    assert_eq!(watch("root").await.status(), 200, "one was closed");
}
