//! Views of arriving requests that were cut, and go on where they ended.

use std::time::Duration;

use http_body_util::BodyExt;
use patgate_core::identifier::{ItemNumber, RequestId};
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};

use super::{event, world};
use crate::common::{Call, PASSWORD, World, accepted, get};

/// What a view tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// A request, by its number.
    Request(i64),
    /// So many others, of which this is the last.
    Others(u64, i64),
}

/// Opens a view, does something, and listens until it was told of the request of this number.
async fn told(world: &World, call: Call, act: impl AsyncFnOnce(), last: i64) -> Vec<Told> {
    let mut open = world.begin(call.basic("root", PASSWORD)).await;
    assert_eq!(open.status(), 200);
    assert!(open.body_mut().frame().await.is_some(), "it begins");
    act().await;
    let (mut told, mut until) = (Vec::new(), 0);
    let listen = async {
        while until < last {
            let frame = open.body_mut().frame().await.unwrap().unwrap();
            let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
            for event in text.split("\n\n").filter(|event| event.starts_with("event: ")) {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                until = line("id: ").parse().unwrap();
                let data: Value = serde_json::from_str(line("data: ")).unwrap();
                told.push(match line("event: ") {
                    "request" => Told::Request(data["number"].as_i64().unwrap()),
                    _ => Told::Others(data["requests"].as_u64().unwrap(), until),
                });
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listen).await.unwrap();
    told
}

async fn nothing() {}

fn live(endpoint: ItemNumber, query: &str) -> Call {
    get(format!("/api/v1/webhook-endpoints/{endpoint}/requests/live{query}"))
}

fn requests(numbers: impl IntoIterator<Item = i64>) -> Vec<Told> {
    numbers.into_iter().map(Told::Request).collect()
}

async fn send(world: &World, many: usize) {
    for _ in 0..many {
        assert_eq!(world.send(event("hook")).await.status(), 202);
    }
}

#[tokio::test]
async fn what_came_between_two_views_is_told_once_and_in_order() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    send(&world, 2).await;
    let first = told(&world, live(endpoint, ""), async || send(&world, 2).await, 4).await;
    assert_eq!(first, requests([3, 4]), "what came before is not told of");
    send(&world, 3).await;
    let last = |number: &str| live(endpoint, "").header("last-event-id", number);
    assert_eq!(told(&world, last("4"), nothing, 7).await, requests(5..=7));
    assert_eq!(told(&world, live(endpoint, "?after=4"), nothing, 7).await, requests(5..=7));
    let both = live(endpoint, "?after=1").header("last-event-id", "6");
    assert_eq!(told(&world, both, nothing, 7).await, requests([7]), "a browser keeps the address");
    let goes_on = told(&world, last("5"), async || send(&world, 2).await, 9).await;
    assert_eq!(goes_on, requests(6..=9), "what arrives comes after what came before");
    let ahead = told(&world, last("99"), async || send(&world, 1).await, 10).await;
    assert_eq!(ahead, requests([10]), "of a number that is not given yet, what arrives");
}

#[tokio::test]
async fn what_came_between_and_is_kept_no_longer_is_counted_once() {
    let world = world().await;
    let endpoint =
        world.post_endpoint("hook", json!({ "authentication": "none", "requestRetention": 2 })).await;
    send(&world, 5).await;
    let wanted = [Told::Others(3, 3), Told::Request(4), Told::Request(5)];
    assert_eq!(told(&world, live(endpoint, "?after=0"), nothing, 5).await, wanted);
    assert_eq!(
        told(&world, live(endpoint, "?after=2"), nothing, 5).await,
        [Told::Others(1, 3), Told::Request(4), Told::Request(5)]
    );
    assert_eq!(world.change_endpoint("hook", json!({ "requestRetention": 0 })).await.status(), 200);
    assert_eq!(told(&world, live(endpoint, "?after=3"), nothing, 5).await, [Told::Others(2, 5)]);
}

#[tokio::test]
async fn of_very_many_the_newest_are_told_in_parts_and_the_others_counted() {
    let world = world().await;
    let properties = json!({ "authentication": "none", "requestRetention": 1_000 });
    let endpoint = world.post_endpoint("hook", properties).await;
    let mut random = world.state.random.draw();
    let mut request = || accepted(RequestId::generate(&mut random), endpoint, NOON);
    let batch: Vec<_> = (0..620).map(|_| request()).collect();
    world.state.store.receive_webhooks(&batch).await.unwrap();
    let told = told(&world, live(endpoint, "?after=0"), nothing, 620).await;
    assert_eq!(told[0], Told::Others(120, 120));
    assert_eq!(told[1..], requests(121..=620));
}

#[tokio::test]
async fn what_is_no_number_of_a_request_is_refused() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for (call, field) in [
        (live(endpoint, "?after=x"), "after"),
        (live(endpoint, "?after=-1"), "after"),
        (live(endpoint, "?after=99999999999999999999"), "after"),
        (live(endpoint, "?after=1").header("last-event-id", "x"), "Last-Event-ID"),
    ] {
        let answer = world.send(call.basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!(field)), "{}", answer.text());
    }
}
