//! A lower maximum that shortens: who is told, and that it is one change.

use patgate_core::user::Origin;
use patgate_server::service::reminders::{self, Round};
use patgate_store::{MailFilter, MailKind, MailState, Seek, StoredMail};
use patgate_testkit::child;
use patgate_testkit::servers::mail::{MailServer, Way};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{CORP, SETTINGS, anns, end, rules, save, save_over_it};
use crate::common::{NewGrant, PASSWORD, World, get, post};

async fn mails(world: &World) -> Vec<StoredMail> {
    world.state.store.mails(&MailFilter::default(), &Seek::Start, 100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_tokens_are_shortened_is_told_which_and_until_when() {
    let server = MailServer::start();
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, "Configuration/MAIL", server.port(Way::Plain)).await;
    let [ann, bob] = [world.user("ann", &["login"]).await, world.user("bob", &["login"]).await];
    let token = async |owner, name, expires_at| {
        world.token(owner, NewGrant { name, expires_at, ..NewGrant::default() }).await
    };
    let endless = token(&ann, "endless", None).await;
    let longer = token(&ann, "longer", Some("2027-01-01T00:00:00Z")).await;
    let shorter = token(&ann, "shorter", Some("2026-05-20T00:00:00Z")).await;
    let exempt = token(&bob, "exempt", None).await;
    let exemption =
        json!({ "name": "bob", "kind": "user", "reason": "An audit", "endsAt": "2026-12-31T00:00:00Z" });
    let made = post(format!("{SETTINGS}/exemptions")).basic("root", PASSWORD).json(&exemption);
    assert_eq!(world.send(made).await.status(), 201);
    let mut body = rules(&json!(30), &json!({ "overMaximum": "shorten" }));
    body["emailNotifications"]["server"] = json!("Configuration/MAIL");
    let before = world.state.store.last_sequence().await.unwrap();
    let answer = save(&world, &body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let after = world.state.store.last_sequence().await.unwrap();
    assert_eq!(after.as_i64(), before.as_i64() + 1, "one change");
    for (token, ends) in [
        (&endless, "2026-06-02T12:00:00Z"),
        (&longer, "2026-06-02T12:00:00Z"),
        (&shorter, "2026-05-20T00:00:00Z"),
        (&exempt, "never"),
    ] {
        assert_eq!(end(&world, token).await, ends);
    }
    let sent = reminders::send_due(&world.state, &CancellationToken::new()).await.unwrap();
    assert_eq!(sent, Round::Done);
    let kept = server.kept();
    assert_eq!(kept.len(), 1, "one mail, and none for who is exempt");
    assert_eq!(kept[0].recipients, ["ann@example.org"]);
    assert!(kept[0].header("Subject")[0].contains("expire earlier"), "{:?}", kept[0].headers);
    let text = kept[0].text.as_deref().unwrap();
    assert!(text.contains("endless") && text.contains("longer") && !text.contains("shorter"), "{text}");
    assert_eq!(text.matches("2 Jun 2026, 12:00 UTC").count() / 2, 1, "the new end, of both tokens: {text}");
    let mail = &mails(&world).await[0];
    assert_eq!((mail.kind, mail.state, mail.run), (MailKind::Shortened, MailState::Sent, None));
}

#[tokio::test]
async fn a_decision_that_fails_half_way_leaves_nothing() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, _, longer] = anns(&world).await;
    let sql =
        |sql: &str| child::run(child::program("sqlite3"), [&world.database().display().to_string(), sql]);
    // The tokens are shortened by then, and the mail cannot be written.
    sql("CREATE TRIGGER full BEFORE INSERT ON mails BEGIN SELECT RAISE(ABORT, 'no'); END");
    let before = world.state.store.last_sequence().await.unwrap();
    let body = rules(&json!(30), &json!({ "overMaximum": "shorten" }));
    assert_eq!(save(&world, &body).await.status(), 500);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    assert_eq!(world.state.store.token_settings().await.unwrap().maximum_lifetime_days, None);
    assert_eq!(
        (end(&world, &never).await, end(&world, &longer).await),
        ("never".into(), "2026-06-02T12:00:01Z".into())
    );
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
    assert_eq!(listed["decisions"], json!([]));
    sql("DROP TRIGGER full");
    assert_eq!(save(&world, &body).await.status(), 200);
    assert_eq!(mails(&world).await.len(), 1);
}

#[tokio::test]
async fn the_preview_says_when_a_token_was_used_last() {
    let mut world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, _, longer] = anns(&world).await;
    assert_eq!(world.send(get("/auth").token(&longer)).await.status(), 200);
    world.write_last_uses().await;
    let path = format!("{SETTINGS}/preview?maximumLifetimeDays=30");
    let answer = world.send(get(&*path).basic("root", PASSWORD)).await.json();
    let used = |token: &crate::common::IssuedToken| {
        let tokens = answer["tokens"].as_array().unwrap();
        tokens.iter().find(|one| one["id"] == json!(token.id)).unwrap()["lastUsedAt"].clone()
    };
    assert_eq!((used(&never), used(&longer)), (json!(null), json!("2026-05-03T12:00:00Z")));
}

#[tokio::test]
async fn the_preview_of_what_would_change_nothing_lists_nothing() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    anns(&world).await;
    assert_eq!(save(&world, &rules(&json!(30), &json!({}))).await.status(), 200);
    let ask = async |query: &str| {
        let answer =
            world.send(get(format!("{SETTINGS}/preview?{query}")).basic("root", PASSWORD)).await.json();
        (answer["count"].clone(), answer["tokens"].as_array().unwrap().len())
    };
    for query in ["maximumLifetimeDays=60", "closing=release.sso"] {
        assert_eq!(ask(query).await, (json!(0), 0), "{query}");
    }
    assert_eq!(ask("maximumLifetimeDays=30").await, (json!(2), 2), "what exceeds the maximum in force");
    assert_eq!(ask("maximumLifetimeDays=7").await, (json!(3), 3));
    assert_eq!(ask("closing=release.sso,deploy.internal").await.0, json!(3));
}

#[tokio::test]
async fn a_group_is_exempt_by_the_name_that_its_provider_gives_it() {
    let world = World::configured(CORP).await;
    world.user("root", &["admin"]).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    let mut change = world.change().await;
    let mut user = change.user(ann.id).await.unwrap().unwrap();
    user.groups = vec!["/ops".to_owned()];
    change.update_user(&user).await.unwrap();
    world.commit(change).await;
    let exempt = |name: &str, provider: &str, ends: &str| {
        let body =
            json!({ "name": name, "kind": "group", "provider": provider, "reason": "x", "endsAt": ends });
        post(format!("{SETTINGS}/exemptions")).basic("root", PASSWORD).json(&body)
    };
    for (name, provider, ends, field) in [
        ("/ops", "nobody", "2026-12-31T00:00:00Z", "provider"),
        ("/ops", "internal", "2026-12-31T00:00:00Z", "provider"),
        ("", "corp", "2026-12-31T00:00:00Z", "name"),
        ("/ops", "corp", "2031-12-31T00:00:00Z", "endsAt"),
    ] {
        let refused = world.send(exempt(name, provider, ends)).await;
        assert_eq!(
            (refused.status(), refused.json()["field"].as_str()),
            (400, Some(field)),
            "{}",
            refused.text()
        );
    }
    assert_eq!(world.send(exempt("/ops", "corp", "2026-12-31T00:00:00Z")).await.status(), 201);
    assert_eq!(save(&world, &rules(&json!(7), &json!({}))).await.status(), 200);
    // A member makes a longer token than the maximum allows, by session, as people of a directory do.
    let session = world.session(&ann).await;
    let made = world
        .send(
            post("/api/v1/personal-access-tokens")
                .session(&session)
                .json(&json!({ "tokenNote": "long", "application": "deploy" })),
        )
        .await;
    assert_eq!((made.status(), &made.json()["expiresAt"]), (201, &json!(null)), "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().parse().unwrap();
    assert!(world.state.store.grant(id).await.unwrap().unwrap().expires_at.timestamp().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_from_before_there_was_a_bound_is_sent_and_kept_as_it_is() {
    let server = MailServer::start();
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, "Configuration/MAIL", server.port(Way::Plain)).await;
    let line = "&".repeat(79);
    let heavy = vec![&*line; 120].join("\n");
    let stored = serde_json::from_value(json!(heavy)).unwrap();
    world
        .notify(|set| {
            set.server = Some("Configuration/MAIL".parse().unwrap());
            set.body = Some(stored);
        })
        .await;
    let sent = world.send(post("/api/v1/reminders/sample").basic("root", PASSWORD)).await;
    assert_eq!((sent.status(), &sent.json()["sent"]), (200, &json!(true)), "{}", sent.text());
    assert!(server.kept()[0].text.as_deref().unwrap().contains(&line));
    // Who changes something else keeps it; who writes another one is held to the bound.
    let mut body = rules(&json!(null), &json!({}));
    body["emailNotifications"]["body"] = json!(heavy);
    body["emailNotifications"]["days"] = json!(9);
    let answer = save(&world, &body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.json()["emailNotifications"]["body"], json!(heavy));
    body["emailNotifications"]["body"] = json!(format!("{heavy}&"));
    let refused = save_over_it(&world, &body).await;
    assert_eq!((refused.status(), refused.json()["field"].as_str()), (400, Some("emailNotifications.body")));
    body["emailNotifications"]["body"] = json!("Soon.");
    assert_eq!(save_over_it(&world, &body).await.status(), 200);
}
