//! The version of the rules: nobody's change, and no decision, is undone unseen.

use serde_json::{Value, json};

use super::{SETTINGS, later, rules, save, save_over_it, version};
use crate::common::{PASSWORD, World, get, put};

#[tokio::test]
async fn a_change_over_an_old_version_is_refused() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("officer", &["security#edit"]).await;
    let read = version(&world).await;
    assert!(read.starts_with('"') && read.ends_with('"'), "a strong entity tag: {read}");
    assert_eq!(version(&world).await, read, "the same rules have the same version");
    let put_over = |versions: &str, body: &Value| {
        world.send(put(SETTINGS).basic("officer", PASSWORD).header("if-match", versions).json(body))
    };
    assert_eq!(save(&world, &rules(&json!(30), &json!({}))).await.status(), 200);
    let stale = put_over(&read, &rules(&json!(60), &json!({}))).await;
    assert_eq!((stale.status(), stale.json()["code"].as_str()), (412, Some("overtaken")));
    assert!(stale.json()["hint"].as_str().unwrap().contains("Read it again"), "{}", stale.text());
    for versions in [format!("W/{}", version(&world).await), "\"0\"".to_owned()] {
        assert_eq!(put_over(&versions, &rules(&json!(60), &json!({}))).await.status(), 412, "{versions}");
    }
    assert_eq!(put_over("0", &rules(&json!(60), &json!({}))).await.status(), 400);
    let kept = world.send(get(SETTINGS).basic("root", PASSWORD)).await.json();
    assert_eq!(kept["maximumLifetimeDays"], 30);
    // What is there already is no lost change; any version, or this one of several, is as good as none.
    let other = format!("\"0\", {}", version(&world).await);
    for (versions, maximum) in [(&*read, 30), (&other, 60), ("*", 45)] {
        let answer = put_over(versions, &rules(&json!(maximum), &json!({}))).await;
        assert_eq!(
            (answer.status(), &answer.json()["maximumLifetimeDays"]),
            (200, &json!(maximum)),
            "{versions}"
        );
    }
}

#[tokio::test]
async fn a_decision_is_not_undone_by_who_has_not_seen_it() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let before = version(&world).await;
    let at = later(&world, 60);
    let mut scheduled = rules(&json!(30), &json!({"at": at}));
    scheduled["origins"]["deploy"]["sso"] = json!(false);
    assert_eq!(save(&world, &scheduled).await.status(), 200);
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
    let id = |rule: &str| {
        let decisions = listed["decisions"].as_array().unwrap();
        decisions.iter().find(|one| one.get(rule).is_some()).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut closed = rules(&Value::Null, &json!({}));
    closed["origins"]["deploy"]["sso"] = json!(false);
    for (body, rule) in [
        (rules(&json!(7), &json!({})), "maximumLifetimeDays"),
        (rules(&json!(30), &json!({})), "maximumLifetimeDays"),
        (closed, "closing"),
    ] {
        let refused = save(&world, &body).await;
        assert_eq!(refused.status(), 409, "{}", refused.text());
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&id(rule)) && detail.contains("3 May 2026, 12:01 UTC"), "{detail}");
        // Whoever read the rules before it was decided has not seen it either.
        let stale = put(SETTINGS).basic("root", PASSWORD).header("if-match", &before).json(&body);
        assert_eq!(world.send(stale).await.status(), 412);
    }
    // What it is not about is changed without a version.
    let mut other = rules(&Value::Null, &json!({}));
    other["tokensMayMakeTokens"] = json!(true);
    other["origins"]["others"]["ldap"] = json!(false);
    assert_eq!(save(&world, &other).await.status(), 200);
    // Who has seen it may.
    other["maximumLifetimeDays"] = json!(7);
    let seen = save_over_it(&world, &other).await;
    assert_eq!((seen.status(), &seen.json()["maximumLifetimeDays"]), (200, &json!(7)));
}
