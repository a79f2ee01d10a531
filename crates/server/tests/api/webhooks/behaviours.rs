//! What the vendor's page says, number by number.

use http::Method;
use jiff::SignedDuration;
use patgate_core::grant::{GrantState, SuspensionReason};
use patgate_core::identifier::GrantId;
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::{SECRET, event, with_token, world};
use crate::common::{Call, NewGrant, PASSWORD, World, get, post};

#[tokio::test]
async fn behaviour_55_a_right_token_is_taken_and_the_request_is_kept() {
    let world = world().await;
    let ann = world.user("ann", &["release#create"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
    let answer = world.send(with_token(event("hook?ref=main"), &token.text)).await;
    assert_eq!(answer.status(), 202, "{}", answer.text());
    let kept = world.kept(endpoint).await;
    assert_eq!((kept.len(), answer.json()["id"].as_str().unwrap()), (1, &*kept[0].id.to_string()));
    assert_eq!((kept[0].sender.as_str(), kept[0].size), ("192.0.2.7", 16));
    assert_eq!(kept[0].parameters, [("ref".to_owned(), "main".to_owned())]);
    let (_, body) = world.state.store.webhook_request(endpoint, kept[0].id).await.unwrap().unwrap();
    assert_eq!(body, r#"{"event":"push"}"#);
    assert!(!format!("{kept:?}").contains(&token.text));
}

#[tokio::test]
async fn behaviour_55_the_endpoint_closes_with_its_token() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let short = NewGrant { expires_at: Some("2099-01-01T00:00:00Z"), ..NewGrant::default() };
    let token = world.token(&ann, short).await;
    let endpoint = world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
    let send = async || world.send(with_token(event("hook"), &token.text)).await.status();
    assert_eq!(send().await, 202);
    for (act, back) in [("disable", "enable")] {
        let path = |act: &str| post(format!("/api/v1/users/ann/{act}")).basic("root", PASSWORD);
        assert!(world.send(path(act)).await.status() < 300);
        assert_eq!(send().await, 401);
        let item = "/api/v1/configuration-items/Configuration/hook";
        let item = world.send(get(item).basic("root", PASSWORD)).await;
        assert!(item.text().contains("has an owner who is disabled"), "{}", item.text());
        assert_eq!(item.json()["boundSecrets"], json!(["secretToken"]));
        assert!(world.send(path(back)).await.status() < 300);
        assert_eq!(send().await, 202);
    }
    let reason = SuspensionReason::OverMaximum;
    for (state, status) in [(GrantState::Suspended { at: NOON, reason }, 401), (GrantState::Active, 202)] {
        let mut change = world.change().await;
        change.set_grant_state(token.id, state).await.unwrap();
        world.commit(change).await;
        assert_eq!(send().await, status);
    }
    world.clock.set("2099-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(send().await, 401);
    assert_eq!(world.refused(endpoint, 2).await[0].cause, "the token expired on 1 January 2099");
    world.clock.set(NOON);
    let mut change = world.change().await;
    change.set_grant_state(token.id, GrantState::Deleted { at: NOON }).await.unwrap();
    world.commit(change).await;
    assert_eq!(send().await, 401);
    assert_eq!(world.kept(endpoint).await.len(), 3);
}

#[tokio::test]
async fn a_token_says_that_an_endpoint_was_called_with_it_and_from_where() {
    let mut world = world().await;
    let ann = world.user("ann", &[]).await;
    let (token, other) =
        (world.token(&ann, NewGrant::default()).await, world.token(&ann, NewGrant::default()).await);
    world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
    // Saving the endpoint looked at the token as well; a sample is taken once a minute.
    world.clock.set(NOON + SignedDuration::from_mins(2));
    let call = with_token(event("hook"), &token.text).header("user-agent", "ci/1.0");
    assert_eq!(world.send(call).await.status(), 202);
    assert_eq!(world.send(with_token(event("hook"), &other.text)).await.status(), 401);
    world.write_last_uses().await;
    let read = async |id: GrantId| {
        let call = get(format!("/api/v1/personal-access-tokens/{id}"));
        world.send(call.basic("ann", PASSWORD)).await.json()
    };
    let shown = read(token.id).await;
    let used = ["lastUsedAt", "lastUsedAddress", "lastUsedUserAgent"].map(|name| shown[name].clone());
    assert_eq!(used, [json!("2026-05-03T12:02:00Z"), json!("192.0.2.7"), json!("ci/1.0")], "{shown}");
    assert!(read(other.id).await["lastUsedAt"].is_null(), "who is refused has used nothing");
}

#[tokio::test]
async fn behaviour_56_a_wrong_or_missing_token_is_401_and_nothing_is_kept() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let (bound, other) =
        (world.token(&ann, NewGrant::default()).await, world.token(&ann, NewGrant::default()).await);
    let by_token = world.post_endpoint("bound", json!({ "secretToken": bound.text })).await;
    let by_secret = world.post_endpoint("plain", json!({ "secretToken": SECRET })).await;
    let mut bodies = Vec::new();
    for path in ["bound", "plain"] {
        for call in [
            event(path),
            with_token(event(path), &other.text),
            with_token(event(path), "a secret of sixteen characterz"),
            with_token(event(path), ""),
            with_token(with_token(event(path), SECRET), SECRET),
            with_token(event(path), &"x".repeat(30_000)),
        ] {
            let answer = world.send(call).await;
            assert_eq!((answer.status(), answer.count("www-authenticate")), (401, 1), "{}", answer.text());
            bodies.push(answer.text().to_owned());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "why is told to nobody");
    assert_eq!(world.send(with_token(event("plain"), SECRET)).await.status(), 202);
    assert_eq!((world.kept(by_token).await.len(), world.kept(by_secret).await.len()), (0, 1));
    let refused = world.refused(by_token, 6).await;
    assert!(refused.iter().any(|refusal| refusal.cause.contains("is missing")), "{refused:?}");
}

#[tokio::test]
async fn behaviour_57_what_the_endpoint_does_not_take_is_refused_by_its_kind() {
    let world = world().await;
    world.post_endpoint("open", json!({ "authentication": "none", "bodyLimit": 1 })).await;
    world.post_endpoint("closed", json!({ "authentication": "none", "enabled": false })).await;
    let [unknown, closed] = [event("nothing"), event("closed")];
    let (unknown, closed) = (world.send(unknown).await, world.send(closed).await);
    assert_eq!((unknown.status(), unknown.text()), (404, closed.text()));
    assert_eq!(unknown.shown(), closed.shown(), "byte by byte");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = world.send(Call::new(method, "/webhooks/open")).await;
        assert_eq!((answer.status(), answer.header("allow")), (405, "POST"));
        assert_eq!(world.send(Call::new(Method::GET, "/webhooks/closed")).await.status(), 404);
    }
    for path in ["/webhooks/", "/webhooks/open/", "/webhooks/open/x", "/webhooks/OPEN", "/webhooks/%ff"] {
        assert_eq!(world.send(post(path).json(&json!({}))).await.status(), 404, "{path}");
    }
    let kind = |body: &str, kind: &str| post("/webhooks/open").raw(body).header("content-type", kind);
    for (call, status) in [
        (post("/webhooks/open").raw("{}"), 415),
        (kind("{}", "text/plain"), 415),
        (kind("{}", "application/json").header("content-type", "text/plain"), 415),
        (kind("a=1", "application/json"), 400),
        (kind("", "application/json"), 400),
        (kind("{}", "application/cloudevents+json; charset=utf-8"), 202),
        (kind(&"1".repeat(1_024), "application/json"), 202),
        (kind(&"1".repeat(1_025), "application/json"), 413),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.text());
    }
    assert_eq!(world.send(event("%6fpen")).await.status(), 202, "RFC 3986 §2.3: the same path");
}

#[tokio::test]
async fn behaviour_58_the_headers_of_the_api_open_no_endpoint() {
    let world = world().await;
    let ann = world.user("ann", &["release#create"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    world.post_endpoint("hook", json!({ "secretToken": token.text })).await;
    for call in [
        event("hook").token(&token),
        event("hook").deploy_token(&token),
        event("hook").basic("", &token.text),
        event("hook").basic("ann", PASSWORD),
        event("hook").header("authorization", &format!("Bearer {}", token.text)),
        event("hook").header("x-gitlab-token", &token.text),
    ] {
        assert_eq!(world.send(call).await.status(), 401);
    }
    assert_eq!(world.send(with_token(event("hook"), &token.text)).await.status(), 202);
    // And that of the endpoint opens nothing else.
    let answer = world.send(with_token(get("/api/v1/personal-access-tokens/current"), &token.text)).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn behaviour_59_an_endpoint_without_authentication_takes_anybodys_requests() {
    let world = world().await;
    let endpoint = world.post_endpoint("open", json!({ "authentication": "none" })).await;
    for call in [event("open"), event("open").basic("x", "y"), with_token(event("open"), "anything")] {
        assert_eq!(world.send(call).await.status(), 202);
    }
    assert_eq!(world.kept(endpoint).await.len(), 3);
}

#[tokio::test]
async fn behaviour_60_a_get_endpoint_keeps_its_parameters_and_needs_no_body() {
    let world = world().await;
    let endpoint = world.get_endpoint("ping", json!({ "secretToken": SECRET })).await;
    let call = get("/webhooks/ping?build=7&tag=a&tag=%C3%A9&token=hush");
    assert_eq!(world.send(call.clone()).await.status(), 401);
    assert_eq!(world.send(with_token(call, SECRET)).await.status(), 202);
    let kept = world.kept(endpoint).await;
    let pairs = [("build", "7"), ("tag", "a"), ("tag", "é"), ("token", "********")];
    assert_eq!(kept[0].parameters, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(kept[0].size, 0);
    let answer = world.send(event("ping")).await;
    assert_eq!((answer.status(), answer.header("allow")), (405, "GET"));
}

#[tokio::test]
async fn behaviour_61_a_second_endpoint_with_the_same_path_is_refused() {
    let world = world().await;
    world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for path in ["hook", "HOOK"] {
        let item = json!({
            "id": "Configuration/other", "type": "events.GetWebhookEndpoint",
            "properties": { "path": path, "authentication": "none" },
        });
        let answer =
            world.send(post("/api/v1/configuration-items").json(&item).basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!("properties.path")));
    }
    world.post_endpoint("second", json!({ "authentication": "none" })).await;
    let answer = world.change_endpoint("second", json!({ "path": "hook" })).await;
    assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!("properties.path")));
    assert_eq!(world.change_endpoint("hook", json!({ "path": "moved" })).await.status(), 200);
    assert_eq!(
        (world.send(event("hook")).await.status(), world.send(event("moved")).await.status()),
        (404, 202)
    );
    assert_eq!(world.change_endpoint("second", json!({ "path": "hook" })).await.status(), 200);
    assert_eq!(
        (world.send(event("hook")).await.status(), world.send(event("second")).await.status()),
        (202, 404)
    );
}

#[tokio::test]
async fn behaviour_62_the_newest_requests_are_kept_after_each_one() {
    let world = world().await;
    let endpoint =
        world.post_endpoint("hook", json!({ "authentication": "none", "requestRetention": 3 })).await;
    for number in 1..=5_usize {
        assert_eq!(world.send(event(&format!("hook?n={number}"))).await.status(), 202);
        assert_eq!(world.kept(endpoint).await.len(), number.min(3));
    }
    let numbers: Vec<_> =
        world.kept(endpoint).await.into_iter().map(|request| request.parameters[0].1.clone()).collect();
    assert_eq!(numbers, ["5", "4", "3"]);
    assert_eq!(world.change_endpoint("hook", json!({ "requestRetention": 1 })).await.status(), 200);
    assert_eq!(world.kept(endpoint).await.len(), 1, "a lower number counts at once");
    assert_eq!(world.change_endpoint("hook", json!({ "requestRetention": 0 })).await.status(), 200);
    assert_eq!(world.send(event("hook")).await.status(), 202);
    assert_eq!(world.kept(endpoint).await.len(), 0);
}

#[tokio::test]
async fn behaviour_63_the_path_of_the_public_url_stands_before_it() {
    let world = World::configured("public_url = 'https://example.org/production-xlr'").await;
    world.user("root", &["admin"]).await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    for path in ["/production-xlr/webhooks/hook", "/webhooks/hook"] {
        assert_eq!(world.send(post(path).json(&json!({}))).await.status(), 202, "{path}");
    }
    assert_eq!(world.kept(endpoint).await.len(), 2);
}
