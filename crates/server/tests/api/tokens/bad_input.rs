//! Requests for a token that are wrong: each is refused by the name of its field and changes nothing.

use std::fmt::Write;

use insta::assert_snapshot;

use super::TOKENS;
use crate::common::{Call, NewGrant, PASSWORD, World, get, post};

/// What is told about a refused body.
async fn refusals(world: &World, bodies: &[&[u8]]) -> String {
    let mut shown = String::new();
    for body in bodies {
        let call = post(TOKENS).basic("ann", PASSWORD).raw(*body).header("content-type", "application/json");
        let answer = world.send(call).await;
        let problem = answer.json();
        let field = problem["field"].as_str().unwrap_or("-");
        let text = String::from_utf8_lossy(body);
        let text: String = text.chars().take(90).collect();
        writeln!(shown, "{}\n  {} {field}: {}", text.escape_debug(), answer.status(), problem["detail"])
            .unwrap();
    }
    shown
}

/// A body with this value of a field beside a name.
fn with(field: &str, value: &str) -> Vec<u8> {
    format!(r#"{{"tokenNote":"n","{field}":{value}}}"#).into_bytes()
}

/// Every kind of wrong body.
fn wrong_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        r#""#,
        r#"{"#,
        r#"[]"#,
        r#"null"#,
        r#"{}"#,
        r#"{"tokenNote":null}"#,
        r#"{"tokenNote":7}"#,
        r#"{"tokenNote":""}"#,
        r#"{"tokenNote":"   "}"#,
        r#"{"tokenNote":"a\nb"}"#,
        r#"{"tokenNote":"a\u0000b"}"#,
        r#"{"tokenNote":"a\u202eb"}"#,
        r#"{"tokenNote":"\ud800"}"#,
        r#"{"tokenNote":"n","tokenNote":"m"}"#,
        r#"{"tokenNote":"n"} {}"#,
        r#"{"tokenNote":"n","expiresAt":"2026-06-01T00:00:00Z","expiryDate":"2026-06-01T00:00:00Z"}"#,
        r#"{"tokenNote":"n","expiresAt":"2026-06-01T00:00:00Z","expiresInDays":7}"#,
    ]
    .map(|body| body.as_bytes().to_vec())
    .into();
    bodies.push(format!(r#"{{"tokenNote":"{}"}}"#, "ü".repeat(101)).into_bytes());
    bodies.push(b"{\"tokenNote\":\"\xff\"}".to_vec());
    for (field, value) in [
        ("expiresat", r#""2026-06-01T00:00:00Z""#),
        ("expires_at", r#""2026-06-01T00:00:00Z""#),
        ("owner", r#""bob""#),
        ("expiresAt", r#""""#),
        ("expiresAt", r#""tomorrow""#),
        ("expiresAt", r#""2026-06-01""#),
        ("expiresAt", r#""2026-06-01T00:00:00""#),
        ("expiresAt", r#""2026-02-30T00:00:00Z""#),
        ("expiresAt", r#""2026-05-03T12:00:00Z""#),
        ("expiresAt", r#""1969-01-01T00:00:00Z""#),
        ("expiresAt", r#""2100-01-01T00:00:00Z""#),
        ("expiresAt", r#""99999-01-01T00:00:00Z""#),
        ("expiresAt", "1780000000000"),
        ("expiryDate", r#""2020-01-01T00:00:00Z""#),
        ("expiresInDays", "0"),
        ("expiresInDays", "-1"),
        ("expiresInDays", "3651"),
        ("expiresInDays", "99999999999999999999"),
        ("expiresInDays", "1.5"),
        ("expiresInDays", r#""7""#),
        ("globalPermissions", r#""login""#),
        ("globalPermissions", "[null]"),
        ("globalPermissions", r#"["login",7]"#),
        ("globalPermissions", r#"["shop#buy"]"#),
        ("globalPermissions", r#"["admin"]"#),
        ("application", r#""""#),
        ("application", r#""shop""#),
        ("application", r#""Release""#),
        ("application", "7"),
    ] {
        bodies.push(with(field, value));
    }
    bodies
}

#[tokio::test]
async fn wrong_bodies_are_refused_by_field_and_change_nothing() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let bodies = wrong_bodies();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    assert_snapshot!(refusals(&world, &bodies).await);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn clients_of_deploy_read_the_same_in_text() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    for body in wrong_bodies() {
        let send = async |path: &str| {
            let call =
                post(path).basic("ann", PASSWORD).raw(&*body).header("content-type", "application/json");
            world.send(call).await
        };
        let (told, text) = (send(TOKENS).await, send("/deployit/tokens/users").await);
        assert_eq!(text.status(), told.status());
        assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
        for part in ["detail", "field", "hint"] {
            let part = told.json()[part].as_str().unwrap_or_default().to_owned();
            assert!(text.text().contains(&part), "`{part}` is missing: {}", text.text());
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_body_that_is_too_long_or_no_json_is_refused() {
    let world = World::configured("body_limit = 1024").await;
    world.user("ann", &["login"]).await;
    let ask = |call: Call| world.send(call.basic("ann", PASSWORD));
    let long = format!(r#"{{"tokenNote":"{}"}}"#, "n".repeat(1024));
    let answer = ask(post(TOKENS).raw(long).header("content-type", "application/json")).await;
    assert_snapshot!("too_long", answer.shown());
    let plain = ask(post(TOKENS).raw(r#"{"tokenNote":"n"}"#)).await;
    assert_snapshot!("no_content_type", plain.shown());
}

#[tokio::test]
async fn several_credentials_and_long_headers_are_refused() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let probe = || get(TOKENS);
    let long = "x".repeat(30 * 1024);
    let mut shown = String::new();
    for call in [
        probe().token(&token).token(&token),
        probe().token(&token).deploy_token(&token),
        probe().basic("ann", PASSWORD).basic("ann", PASSWORD),
        probe().header("x-release-personal-token", "").basic("ann", PASSWORD),
        probe().header("x-release-personal-token", "pat_x").basic("ann", PASSWORD),
        probe().header("x-release-personal-token", &long),
        probe().header("authorization", &long),
        probe().header("authorization", "Basic !!!"),
        probe().header("authorization", "Digest x"),
        probe().header("authorization", "Bearer"),
        probe().basic("bob", &token.text),
        probe().header("cookie", "patgate_session=a; patgate_session=b"),
        probe().header("cookie", &format!("patgate_session={long}")),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.count("www-authenticate"), 1);
        writeln!(shown, "{} {}", answer.status(), answer.header("www-authenticate")).unwrap();
    }
    assert_snapshot!(shown);
}
