//! What people see of requests: as they arrive, in the log, and as a file.

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{SECRET, event, with_token, world};
use crate::common::{Call, PASSWORD, World, get, post};

/// What a view tells until it has told of so many requests: the methods of those it shows, and how many it does not.
async fn told(world: &World, path: &str, requests: u64, send: impl AsyncFn()) -> (Vec<Value>, u64) {
    let mut open = world.begin(get(path).basic("root", PASSWORD)).await;
    assert_eq!(open.status(), 200);
    assert!(open.body_mut().frame().await.is_some(), "it begins");
    send().await;
    let (mut shown, mut others) = (Vec::new(), 0);
    let listen = async {
        while shown.len() as u64 + others < requests {
            let frame = open.body_mut().frame().await.unwrap().unwrap();
            let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
            for event in text.split("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let data: Value = data.map_or(Value::Null, |data| serde_json::from_str(data).unwrap());
                match event.lines().next() {
                    Some("event: request") => shown.push(data),
                    Some("event: others") => others += data["requests"].as_u64().unwrap(),
                    _ => {}
                }
            }
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, listen).await.unwrap();
    (shown, others)
}

#[tokio::test]
async fn a_view_tells_of_every_request_also_of_those_that_are_not_kept() {
    let world = world().await;
    for (keep, shown) in [(100, 3), (2, 2), (0, 0)] {
        let path = format!("hook{keep}");
        let properties = json!({ "authentication": "none", "requestRetention": keep });
        let endpoint = world.post_endpoint(&path, properties).await;
        // What came before is not told of.
        assert_eq!(world.send(event(&path)).await.status(), 202);
        let live = format!("/api/v1/webhook-endpoints/{endpoint}/requests/live");
        let send = async || {
            let calls = (0..3).map(|n| world.send(event(&format!("{path}?n={n}"))));
            for answer in futures_util::future::join_all(calls).await {
                assert_eq!(answer.status(), 202);
            }
        };
        let (requests, others) = told(&world, &live, 3, send).await;
        assert!(requests.iter().all(|request| request["method"] == "POST"), "{requests:?}");
        // The three are written at once or one after the other: with two kept, one of them may be seen before it goes.
        assert_eq!(requests.len() as u64 + others, 3);
        assert!(requests.len() >= shown, "{keep}: {requests:?}");
        assert_eq!(keep == 0, requests.is_empty());
    }
}

#[tokio::test]
async fn the_log_says_the_method_of_each_request() {
    let world = world().await;
    let hook = world.post_endpoint("hook", json!({ "secretToken": SECRET })).await;
    let ping = world.get_endpoint("ping", json!({ "authentication": "none" })).await;
    let sent = world.send(with_token(event("hook"), SECRET)).await;
    assert_eq!(world.send(get("/webhooks/ping?a=1")).await.status(), 202);
    assert_eq!(world.send(Call::new(http::Method::DELETE, "/webhooks/hook")).await.status(), 405);
    assert_eq!(world.send(event("hook")).await.status(), 401);
    world.refused(hook, 2).await;
    let read = async |path: String| {
        let path = format!("/api/v1/webhook-endpoints/{path}");
        world.send(get(path).basic("root", PASSWORD)).await.json()
    };
    assert_eq!(read(format!("{hook}/requests")).await["requests"][0]["method"], "POST");
    assert_eq!(read(format!("{ping}/requests")).await["requests"][0]["method"], "GET");
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(read(format!("{hook}/requests/{id}")).await["method"], "POST");
    let refused = read(format!("{hook}/refusals")).await;
    assert_eq!((&refused[0]["method"], &refused[1]["method"]), (&json!("POST"), &json!("DELETE")));
}

#[tokio::test]
async fn what_is_downloaded_has_the_bytes_that_were_sent() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for body in [
        "  {\r\n\t\"b\" : 1.0e+2 ,\n\"a\":[ ],\"b\":\"\\u00e9\\/\u{e9}\u{1f511}\u{2028}\"}\n\n",
        "\"\\u0000\\ud83d\\udd11</script>\"",
        "0.10000000000000000000000000000000001",
    ] {
        let call = post("/webhooks/hook").raw(body).header("content-type", "application/json");
        let sent = world.send(call).await;
        assert_eq!(sent.status(), 202, "{}", sent.text());
        let id = sent.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/webhook-endpoints/{endpoint}/requests/{id}/body");
        let file = world.send(get(path).basic("root", PASSWORD)).await;
        assert_eq!((file.status(), file.text().as_bytes()), (200, body.as_bytes()));
        assert_eq!(
            (file.header("content-type"), file.header("x-content-type-options")),
            ("application/json", "nosniff")
        );
        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"webhook-{id}.json\""));
    }
}
