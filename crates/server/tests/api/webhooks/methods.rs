//! How callers prove who they are, beside the token of Release.

use jiff::{SignedDuration, Timestamp};
use patgate_core::webhook::{SigningSecret, sign};
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::{SECRET, event, with_token, world};
use crate::common::{Call, NewGrant, get, post};

pub(super) const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[tokio::test]
async fn basic_authentication_needs_name_and_password() {
    let world = world().await;
    let properties = json!({ "authentication": "basic", "username": "ci", "password": SECRET });
    world.post_endpoint("hook", properties.clone()).await;
    world.get_endpoint("ping", properties).await;
    for (name, password, status) in
        [("ci", SECRET, 202), ("CI", SECRET, 401), ("ci", "wrong", 401), ("", SECRET, 401), ("ci", "", 401)]
    {
        assert_eq!(world.send(event("hook").basic(name, password)).await.status(), status, "{name}");
        let call = get("/webhooks/ping?a=1").basic(name, password);
        assert_eq!(world.send(call).await.status(), status);
    }
    let nobody = world.send(event("hook")).await;
    assert_eq!(nobody.header("www-authenticate"), "Basic realm=\"webhooks\", charset=\"UTF-8\"");
    for authorization in ["Basic", "Basic ????", "Bearer x", "Basic Y2k="] {
        let call = event("hook").header("authorization", authorization);
        assert_eq!(world.send(call).await.status(), 401);
    }
}

/// The example of GitHub's page *Validating webhook deliveries*: secret, body and signature.
#[tokio::test]
async fn githubs_documented_example_passes_and_nothing_near_it() {
    let world = world().await;
    let secret = "It's a Secret to Everybody";
    let endpoint =
        world.post_endpoint("github", json!({ "authentication": "github", "signingSecret": secret })).await;
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let call = |body: &str, signature: &str| {
        post("/webhooks/github")
            .raw(body)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
    };
    // The example's body is no JSON: it passes the signature, and only then is refused.
    assert_eq!(world.send(call("Hello, World!", signature)).await.status(), 400);
    assert_eq!(world.send(call("Hello, World?", signature)).await.status(), 401);
    assert_eq!(world.send(call("Hello, World!", &signature.to_uppercase())).await.status(), 401);
    assert_eq!(world.send(event("github")).await.status(), 401);
    let refused = world.refused(endpoint, 4).await;
    assert!(refused.iter().any(|refusal| refusal.cause.contains("not JSON")), "{refused:?}");
    assert!(refused.iter().all(|refusal| !format!("{refusal:?}").contains("757107ea")));
}

#[tokio::test]
async fn gitlabs_token_stands_in_its_own_header() {
    let world = world().await;
    world.post_endpoint("gitlab", json!({ "authentication": "gitlab", "secretToken": SECRET })).await;
    assert_eq!(world.send(event("gitlab").header("x-gitlab-token", SECRET)).await.status(), 202);
    assert_eq!(world.send(event("gitlab").header("x-gitlab-token", "x")).await.status(), 401);
    assert_eq!(world.send(with_token(event("gitlab"), SECRET)).await.status(), 401);
}

#[tokio::test]
async fn a_personal_access_token_opens_an_endpoint_of_gitlabs_as_long_as_it_passes() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let properties = json!({ "authentication": "gitlab", "secretToken": token.text });
    world.post_endpoint("gitlab", properties).await;
    let send = async || world.send(event("gitlab").header("x-gitlab-token", &token.text)).await.status();
    assert_eq!(send().await, 202);
    world.delete_token(&token).await;
    assert_eq!(send().await, 401);
}

fn standard(secret: &str, id: &str, at: Timestamp) -> Call {
    let body = r#"{"event":"push"}"#;
    let signature = sign(&SigningSecret::standard(secret).unwrap(), id, at, body.as_bytes());
    post("/webhooks/std")
        .raw(body)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", &at.as_second().to_string())
        .header("webhook-signature", &signature)
}

#[tokio::test]
async fn standard_webhooks_pass_in_time_and_a_replay_does_nothing() {
    let world = world().await;
    let properties = json!({ "authentication": "standard", "signingSecret": WHSEC });
    let endpoint = world.post_endpoint("std", properties).await;
    let first = world.send(standard(WHSEC, "msg_1", NOON)).await;
    assert_eq!(first.status(), 202, "{}", first.text());
    let again = world.send(standard(WHSEC, "msg_1", NOON)).await;
    assert_eq!((again.status(), &again.json()["id"]), (200, &first.json()["id"]));
    assert_eq!(world.kept(endpoint).await.len(), 1);
    for (seconds, status) in [(299, 202), (-299, 202), (301, 401), (-301, 401)] {
        let at = NOON + SignedDuration::from_secs(seconds);
        let answer = world.send(standard(WHSEC, &format!("msg{seconds}"), at)).await;
        assert_eq!(answer.status(), status, "{seconds}");
    }
    assert_eq!(world.send(standard(OTHER_WHSEC, "msg_2", NOON)).await.status(), 401);
    let answer = world
        .change_endpoint("std", json!({ "signingSecret": OTHER_WHSEC, "previousSigningSecret": WHSEC }))
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    for (secret, id) in [(WHSEC, "msg_3"), (OTHER_WHSEC, "msg_4")] {
        assert_eq!(world.send(standard(secret, id, NOON)).await.status(), 202, "both count while it changes");
    }
    assert_eq!(world.change_endpoint("std", json!({ "previousSigningSecret": null })).await.status(), 200);
    assert_eq!(world.send(standard(WHSEC, "msg_5", NOON)).await.status(), 401);
}

#[tokio::test]
async fn the_same_id_counts_again_after_the_window() {
    let world = world().await;
    let endpoint =
        world.post_endpoint("hook", json!({ "authentication": "none", "duplicateWindow": 10 })).await;
    let send = async |header: &str| world.send(event("hook").header(header, "42")).await.status();
    assert_eq!((send("x-github-delivery").await, send("idempotency-key").await), (202, 200));
    world.clock.set(NOON + SignedDuration::from_mins(11));
    assert_eq!(send("webhook-id").await, 202);
    assert_eq!(world.kept(endpoint).await.len(), 2);
}
