//! Making and changing endpoints.

use patgate_core::grant::GrantState;
use patgate_store::Page;
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};

use super::methods::WHSEC;
use super::{SECRET, event, with_token, world};
use crate::common::{NewGrant, PASSWORD, get};

const POST: &str = "events.PostWebhookEndpoint";

#[tokio::test]
async fn a_method_needs_its_secrets() {
    let world = world().await;
    for (properties, field) in [
        (json!({}), "secretToken"),
        (json!({ "secretToken": " fifteen-letters " }), "secretToken"),
        (json!({ "authentication": "gitlab" }), "secretToken"),
        (json!({ "authentication": "basic", "password": SECRET }), "username"),
        (json!({ "authentication": "basic", "username": "a:b", "password": SECRET }), "username"),
        (json!({ "authentication": "basic", "username": "ci" }), "password"),
        (json!({ "authentication": "basic", "username": "ci", "password": "fifteen-letters" }), "password"),
        (json!({ "authentication": "github" }), "signingSecret"),
        (json!({ "authentication": "standard", "signingSecret": SECRET }), "signingSecret"),
        (json!({ "authentication": "none", "action": "forward" }), "forwardUrl"),
        (json!({ "authentication": "none", "forwardUrl": "http://a:b@example.org" }), "forwardUrl"),
        (json!({ "authentication": "none", "forwardUrl": "ftp://example.org" }), "forwardUrl"),
        (json!({ "authentication": "none", "forwardHeaders": { "Host": "x" } }), "forwardHeaders"),
        (json!({ "authentication": "none", "forwardHeaders": { "a(b": "x" } }), "forwardHeaders"),
        (json!({ "authentication": "none", "forwardHeaders": { "Webhook-Id": "x" } }), "forwardHeaders"),
        (json!({ "authentication": "none", "forwardHeaders": { "User-Agent": "x" } }), "forwardHeaders"),
        (json!({ "authentication": "none", "forwardHeaders": { "X-Forwarded-For": "x" } }), "forwardHeaders"),
        (json!({ "authentication": "none", "forwardHeaders": { "Forwarded": "x" } }), "forwardHeaders"),
        (
            json!({ "authentication": "none", "forwardHeaders": { "x-a": "b\r\nwebhook-id: c" } }),
            "forwardHeaders",
        ),
        (json!({ "authentication": "none", "forwardHeaders": { "x-a: b\r\nc": "d" } }), "forwardHeaders"),
        (
            json!({ "authentication": "none", "forwardAuthorizationSecret": "a\r\nb: c" }),
            "forwardAuthorizationSecret",
        ),
        (json!({ "authentication": "none", "forwardSigningSecret": SECRET }), "forwardSigningSecret"),
    ] {
        let answer = world.try_endpoint(POST, "hook", properties.clone()).await;
        let wanted = json!(format!("properties.{field}"));
        assert_eq!(
            (answer.status(), &answer.json()["field"]),
            (400, &wanted),
            "{properties} {}",
            answer.text()
        );
    }
    world.post_endpoint("hook", json!({ "secretToken": " sixteen-letters! " })).await;
    assert_eq!(world.send(with_token(event("hook"), "sixteen-letters!")).await.status(), 202);
}

#[tokio::test]
async fn a_token_that_does_not_pass_binds_nothing() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let mut change = world.change().await;
    change.set_grant_state(token.id, GrantState::Deleted { at: NOON }).await.unwrap();
    world.commit(change).await;
    let answer = world.try_endpoint(POST, "hook", json!({ "secretToken": token.text })).await;
    assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!("properties.secretToken")));
    assert!(answer.text().contains("the token was deleted") && !answer.text().contains(&token.text));
}

#[tokio::test]
async fn no_token_is_the_password_of_an_endpoint_that_it_would_outlive() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let basic = |password: &str| json!({ "authentication": "basic", "username": "ci", "password": password });
    let answer = world.try_endpoint(POST, "hook", basic(&token.text)).await;
    assert_eq!((answer.status(), &answer.json()["field"]), (400, &json!("properties.password")));
    assert!(answer.text().contains("Token Authentication") && !answer.text().contains(&token.text));
    world.post_endpoint("hook", basic(SECRET)).await;
    let changed = world.change_endpoint("hook", json!({ "password": token.text })).await;
    assert_eq!((changed.status(), &changed.json()["field"]), (400, &json!("properties.password")));
    assert_eq!(world.send(event("hook").basic("ci", SECRET)).await.status(), 202);
}

#[tokio::test]
async fn no_token_is_a_secret_that_signs_whatever_the_method() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    world.post_endpoint("hook", json!({ "authentication": "github", "signingSecret": WHSEC })).await;
    let before = world.state.store.last_sequence().await.unwrap();
    for method in ["github", "standard", "none"] {
        for property in ["signingSecret", "previousSigningSecret", "forwardSigningSecret"] {
            for text in [token.text.clone(), format!("  {} ", token.text)] {
                let mut properties = json!({ "authentication": method, "signingSecret": WHSEC });
                properties[property] = json!(text);
                for answer in [
                    world.try_endpoint(POST, "other", properties.clone()).await,
                    world.change_endpoint("hook", properties).await,
                ] {
                    let (field, said) = (json!(format!("properties.{property}")), answer.text());
                    assert_eq!((answer.status(), &answer.json()["field"]), (400, &field), "{method}: {said}");
                    assert!(said.contains("personal access token") && !said.contains(&token.text), "{said}");
                }
            }
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    // Another system is told who calls with whatever it takes.
    let forwarded = json!({ "forwardAuthorizationSecret": format!("Bearer {}", token.text) });
    assert_eq!(world.change_endpoint("hook", forwarded).await.status(), 200);
}

#[tokio::test]
async fn no_secret_is_stored_in_clear_or_shown() {
    let world = world().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let signing = "the signing secret of a sender";
    let properties = json!({
        "secretToken": token.text, "password": SECRET, "signingSecret": signing,
        "forwardAuthorizationSecret": "Bearer of the receiver",
    });
    world.post_endpoint("hook", properties).await;
    let item = world.state.store.item(&"Configuration/hook".parse().unwrap()).await.unwrap().unwrap();
    let shown =
        world.send(get("/api/v1/configuration-items/Configuration/hook").basic("root", PASSWORD)).await;
    let audit =
        world.state.store.audit_events(&Default::default(), Page { number: 0, size: 100 }).await.unwrap();
    for secret in [token.text.as_str(), SECRET, signing, "Bearer of the receiver"] {
        for place in [format!("{item:?}"), shown.text().to_owned(), format!("{audit:?}")] {
            assert!(!place.contains(secret), "{secret} is in {place}");
        }
    }
    assert_eq!(shown.json()["properties"]["secretToken"], "********");
    // What was read goes back as it is.
    assert_eq!(world.change_endpoint("hook", shown.json()["properties"].clone()).await.status(), 200);
    assert_eq!(world.send(with_token(event("hook"), &token.text)).await.status(), 202);
    let answer = world.change_endpoint("hook", json!({ "secretToken": SECRET })).await;
    assert_eq!((answer.status(), answer.json().get("boundSecrets")), (200, None::<&Value>));
    assert_eq!(world.send(with_token(event("hook"), &token.text)).await.status(), 401);
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_with_what_it_kept() {
    let world = world().await;
    let endpoint = world.post_endpoint("hook", json!({ "authentication": "none" })).await;
    assert_eq!(world.send(event("hook")).await.status(), 202);
    let gone = crate::common::delete("/api/v1/configuration-items/Configuration/hook");
    assert!(world.send(gone.basic("root", PASSWORD)).await.status() < 300);
    assert_eq!(world.send(event("hook")).await.status(), 404);
    assert!(world.kept(endpoint).await.is_empty());
}
