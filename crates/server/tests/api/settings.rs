//! `/api/v1/settings/**`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{NewGrant, PASSWORD, World, get, post, put};

const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

fn settings() -> Value {
    json!({
        "maximumLifetimeDays": 30,
        "tokensMayMakeTokens": true,
        "passwordsOnApi": true, "freshnessDays": { "ldap": 30, "sso": 30 },
        "origins": {
            "release": {"internal": true, "ldap": true, "sso": false},
            "deploy": {"internal": true, "ldap": true, "sso": true},
            "others": {"internal": true, "ldap": false, "sso": true},
        },
        "emailNotifications": {
            "enabled": true,
            "days": 14,
            "furtherDays": [30, 1],
            "digest": false,
            "server": null,
            "subject": "Your token ends",
            "body": "<p>Make a new one.</p>\n",
        },
    })
}

#[tokio::test]
async fn an_administrator_reads_and_changes_the_rules() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    assert_snapshot!(world.send(get(SETTINGS).basic("root", PASSWORD)).await.shown());
    let changed = world.send(put(SETTINGS).basic("root", PASSWORD).json(&settings())).await;
    assert_eq!((changed.status(), changed.json()), (200, settings()));
    assert_eq!(world.send(get(SETTINGS).basic("root", PASSWORD)).await.json(), settings());
    // In force at once.
    let made = world.send(
        post("/api/v1/personal-access-tokens").basic("root", PASSWORD).json(&json!({"tokenNote": "n"})),
    );
    assert_eq!(made.await.json()["expiresAt"], "2026-06-02T12:00:00Z");
}

#[tokio::test]
async fn permissions_open_the_rules() {
    let world = World::new().await;
    for (name, permissions, read, write) in [
        ("nobody", &["login"][..], 403, 403),
        ("operator", &["config#view"], 200, 403),
        ("editor", &["config#edit"], 200, 403),
        ("auditor", &["security#view"], 200, 403),
        ("officer", &["security#edit"], 200, 200),
        ("root", &["admin"], 200, 200),
    ] {
        let person = world.user(name, permissions).await;
        assert_eq!(world.send(get(SETTINGS).basic(name, PASSWORD)).await.status(), read, "{name}");
        assert_eq!(
            world.send(put(SETTINGS).basic(name, PASSWORD).json(&settings())).await.status(),
            write,
            "{name}"
        );
        let full = world.token(&person, NewGrant::default()).await;
        assert_eq!(world.send(put(SETTINGS).token(&full).json(&settings())).await.status(), write, "{name}");
        let carried = if name == "root" { &["config#view", "security#edit"] } else { permissions };
        let listed = NewGrant { permissions: Some(carried), ..NewGrant::default() };
        let listed = world.token(&person, listed).await;
        assert_eq!(world.send(get(SETTINGS).token(&listed)).await.status(), read, "{name}");
        assert_eq!(world.send(put(SETTINGS).token(&listed).json(&settings())).await.status(), 403, "{name}");
    }
    let refused = world.send(put(SETTINGS).basic("editor", PASSWORD).json(&settings())).await;
    assert_eq!(refused.text(), "You do not have security#edit permission");
}

#[tokio::test]
async fn passwords_can_be_switched_off_for_the_api() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let token = world.token(&root, NewGrant::default()).await;
    let mut off = settings();
    off["passwordsOnApi"] = json!(false);
    assert_eq!(world.send(put(SETTINGS).basic("root", PASSWORD).json(&off)).await.status(), 200);
    assert_snapshot!(world.send(get(SETTINGS).basic("root", PASSWORD)).await.shown());
    assert_eq!(world.send(put(SETTINGS).token(&token).json(&settings())).await.status(), 200);
    assert_eq!(world.send(get(SETTINGS).basic("root", PASSWORD)).await.status(), 200);
}

#[tokio::test]
async fn closing_an_origin_refuses_its_tokens_at_once() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let token = world.token(&root, NewGrant::default()).await;
    let mut closed = settings();
    closed["origins"]["release"]["internal"] = json!(false);
    assert_eq!(world.send(put(SETTINGS).basic("root", PASSWORD).json(&closed)).await.status(), 200);
    let refused = world.send(get(SETTINGS).token(&token)).await;
    assert_eq!(refused.status(), 401);
    assert!(refused.header("www-authenticate").contains("tokens of its owner's origin are closed"));
}

#[tokio::test]
async fn wrong_rules_are_refused_by_field_and_change_nothing() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let before = world.state.store.last_sequence().await.unwrap();
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 21] = [
        ("maximumLifetimeDays", |body| body["maximumLifetimeDays"] = json!(0)),
        ("maximumLifetimeDays", |body| body["maximumLifetimeDays"] = json!(31)),
        ("maximumLifetimeDays", |body| body["maximumLifetimeDays"] = json!(-7)),
        ("maximumLifetimeDays", |body| body["maximumLifetimeDays"] = json!("7")),
        ("maximumLifetimeDays", |body| drop(body.as_object_mut().unwrap().remove("maximumLifetimeDays"))),
        ("tokensMayMakeTokens", |body| body["tokensMayMakeTokens"] = json!("yes")),
        ("passwordsOnApi", |body| drop(body.as_object_mut().unwrap().remove("passwordsOnApi"))),
        ("maximumLifetime", |body| body["maximumLifetime"] = json!(7)),
        ("origins.release.saml", |body| body["origins"]["release"]["saml"] = json!(true)),
        ("emailNotifications", |body| drop(body.as_object_mut().unwrap().remove("emailNotifications"))),
        ("emailNotifications.days", |body| body["emailNotifications"]["days"] = json!(0)),
        ("emailNotifications.days", |body| body["emailNotifications"]["days"] = json!(366)),
        ("emailNotifications.furtherDays", |body| body["emailNotifications"]["furtherDays"] = json!([1, 1])),
        ("emailNotifications.furtherDays", |body| {
            drop(body["emailNotifications"].as_object_mut().unwrap().remove("furtherDays"));
        }),
        ("emailNotifications.digest", |body| {
            drop(body["emailNotifications"].as_object_mut().unwrap().remove("digest"));
        }),
        ("emailNotifications.server", |body| body["emailNotifications"]["server"] = json!("smtp")),
        ("emailNotifications.subject", |body| body["emailNotifications"]["subject"] = json!("a\r\nBcc: x@y")),
        ("emailNotifications.body", |body| body["emailNotifications"]["body"] = json!("")),
        ("emailNotifications.body", |body| body["emailNotifications"]["body"] = json!("Bye {{ token }}")),
        ("emailNotifications.to", |body| body["emailNotifications"]["to"] = json!("x@y")),
        ("origins.others", |body| drop(body["origins"].as_object_mut().unwrap().remove("others"))),
    ];
    for (field, change) in changes {
        let mut body = settings();
        change(&mut body);
        let answer = world.send(put(SETTINGS).basic("root", PASSWORD).json(&body)).await;
        assert_eq!(answer.status(), 400, "{}", answer.text());
        assert_eq!(answer.json()["field"], field, "{}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    for days in [json!(7), json!(30), json!(45), json!(60), json!(365), Value::Null] {
        let mut body = settings();
        body["maximumLifetimeDays"] = days;
        assert_eq!(world.send(put(SETTINGS).basic("root", PASSWORD).json(&body)).await.status(), 200);
    }
}

#[tokio::test]
async fn anybody_with_a_token_asks_what_the_server_is() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant { permissions: Some(&[]), ..NewGrant::default() }).await;
    let path = "/api/v1/settings/instance-information";
    assert_snapshot!(world.send(get(path).token(&token)).await.shown());
    assert_eq!(world.send(get(path)).await.status(), 401);
}
