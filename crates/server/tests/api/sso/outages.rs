//! What providers and programs are told while a provider or the database does not answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::SECRET;
use ring::hmac;
use serde_json::{Value, json};

use super::{table, world};
use crate::common::{Answer, World, get, post};

/// The address of a provider that does not run.
fn nobodys_issuer() -> String {
    format!("http://localhost:{}", ports::free())
}

/// A token that is signed with the client secret.
pub(super) fn signed(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
}

fn logout_token(world: &World, issuer: &str, id: &str) -> String {
    let now = world.clock.now().as_second();
    signed(&json!({
        "iss": issuer, "aud": "patgate", "sub": "4711", "iat": now, "exp": now + 120, "jti": id,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    }))
}

async fn log_out(world: &World, token: &str) -> Answer {
    world.send(post("/login/backchannel-logout/company").form(&[("logout_token", token)])).await
}

fn assert_later(answer: &Answer) {
    assert_eq!(answer.status(), 503, "{}", answer.shown());
    assert_eq!((answer.header("retry-after"), answer.header("cache-control")), ("30", "no-store"));
}

#[tokio::test]
async fn a_log_out_that_the_database_did_not_take_can_be_told_again() {
    // What is signed with the secret needs nothing of the provider.
    let issuer = nobodys_issuer();
    let lines = format!(
        "client_secret = '{SECRET}'\nid_token_jws_alg = 'HS256'\nkey_retrieval_uri = '{issuer}/jwks'\n\
         access_token_uri = '{issuer}/token'\nuser_authorization_uri = '{issuer}/auth'"
    );
    let world = world(&table("company", &issuer, "patgate", &lines)).await;
    let token = logout_token(&world, &issuer, "first");
    assert_eq!(log_out(&world, &token).await.status(), 200);
    let answer = log_out(&world, &token).await;
    assert_eq!((answer.status(), answer.json()["error"].as_str()), (400, Some("invalid_request")));
    let token = logout_token(&world, &issuer, "second");
    world.state.store.clone().close().await;
    for _ in 0..2 {
        let answer = log_out(&world, &token).await;
        assert_later(&answer);
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
    }
}

#[tokio::test]
async fn whom_a_provider_that_is_away_speaks_of_is_asked_for_later() {
    let issuer = nobodys_issuer();
    let lines =
        format!("client_secret = '{SECRET}'\n[oidc.access_token]\naudience = 'https://api.example.com'");
    let world = world(&table("company", &issuer, "patgate", &lines)).await;
    assert_later(&log_out(&world, &logout_token(&world, &issuer, "any")).await);
    let bearer = async |claims: Value| {
        let line = format!("Bearer {}", signed(&claims));
        world.send(get("/api/v1/personal-access-tokens").header("authorization", &line)).await
    };
    let answer = bearer(json!({ "iss": issuer, "sub": "4711" })).await;
    assert_later(&answer);
    assert_eq!(answer.json()["code"], "provider_unavailable");
    assert_eq!(bearer(json!({ "iss": "https://other.example.com" })).await.status(), 401);
    let page = world.send(get("/login/external/company")).await;
    assert_later(&page);
    assert!(page.text().contains("under reference"), "{}", page.shown());
}
