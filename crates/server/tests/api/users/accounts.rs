//! Listing, making, reading and changing users.

use insta::assert_snapshot;
use patgate_core::user::Origin;
use patgate_testkit::clock::{NOON, seconds_from_noon};
use serde_json::{Value, json};

use super::USERS;
use crate::common::{Answer, NewGrant, PASSWORD, World, get, post, put};

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let list = answer.json();
    list.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_officer_makes_reads_and_changes_a_user_with_the_vendors_calls() {
    let world = World::new().await;
    world.user("officer", &["security#edit"]).await;
    let account = json!({
        "username": "Ben Bé", "external": false, "profileId": null, "email": "ben@example.org",
        "password": "a long password", "fullName": "Ben Example", "loginAllowed": true,
        "dateFormat": "yyyy", "timeFormat": "HH", "firstDayOfWeek": 1, "somethingNew": {},
    });
    let path = format!("{USERS}/Ben%20B%C3%A9");
    let made = world.send(post(&*path).json(&account).basic("officer", PASSWORD)).await;
    assert_snapshot!("made", made.shown());
    let read = world.send(get(format!("{USERS}/ben%20b%c3%89")).basic("officer", PASSWORD)).await;
    assert_eq!(read.json(), made.json());
    assert_eq!(world.send(get(&*path).basic("ben bé", "a long password")).await.json(), made.json());
    let mut changed = made.json();
    changed["fullName"] = "Benjamin Example".into();
    changed["loginAllowed"] = false.into();
    changed["password"] = "".into();
    assert_snapshot!(
        "changed",
        world.send(put(&*path).json(&changed).basic("officer", PASSWORD)).await.shown()
    );
    assert_eq!(world.send(get(&*path).basic("ben bé", "a long password")).await.status(), 401);
    let again = world.send(post(&*path).json(&json!({})).basic("officer", PASSWORD)).await;
    assert_snapshot!("name_taken", again.shown());
}

#[tokio::test]
async fn what_a_change_leaves_out_stays() {
    let world = World::new().await;
    world.user("officer", &["security#edit"]).await;
    world.user("ann", &[]).await;
    let path = format!("{USERS}/ann");
    let before = world.send(get(&*path).basic("officer", PASSWORD)).await.json();
    let sequence = world.state.store.last_sequence().await.unwrap();
    let nothing = json!({ "fullName": null, "email": null, "loginAllowed": null, "password": null });
    for body in [json!({}), nothing, before.clone()] {
        let answer = world.send(put(&*path).json(&body).basic("officer", PASSWORD)).await;
        assert_eq!(answer.json(), before, "{body}");
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    let answer = world.send(put(&*path).json(&json!({ "email": "" })).basic("officer", PASSWORD)).await;
    assert_eq!((&answer.json()["email"], &answer.json()["fullName"]), (&"".into(), &before["fullName"]));
}

#[tokio::test]
async fn an_auditor_finds_users() {
    let world = World::new().await;
    world.user("auditor", &["security#view"]).await;
    let ann = world.user("Ann", &["login"]).await;
    let bob = world.user("bob", &[]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    world.disable(&bob).await;
    world.clock.set(seconds_from_noon(10));
    world.session(&ann).await;
    world.clock.set(NOON);
    for (query, found) in [
        ("", &["Ann", "auditor", "bob", "lena"][..]),
        ("?email=ANN@", &["Ann"]),
        ("?fullName=example", &["Ann", "auditor", "bob", "lena"]),
        ("?fullName=b%20ex", &["bob"]),
        ("?fullName=%25", &[]),
        ("?loginAllowed=False", &["bob"]),
        ("?loginAllowed=true&external=False", &["Ann", "auditor"]),
        ("?external=True", &["lena"]),
        ("?lastActiveAfter=2026-05-03T12:00:09Z", &["Ann"]),
        ("?lastActiveAfter=2026-05-03T12:00:10Z", &[]),
        ("?lastActiveBefore=2026-05-03T12:00:11Z%20", &["Ann"]),
        ("?page=1&resultsPerPage=3", &["lena"]),
        ("?page=9", &[]),
    ] {
        let answer = world.send(get(format!("{USERS}{query}")).basic("auditor", PASSWORD)).await;
        assert_eq!(names(&answer), found, "{query}");
    }
    for (query, field) in [
        ("?page=-1", "page"),
        ("?resultsPerPage=0", "resultsPerPage"),
        ("?resultsPerPage=101", "resultsPerPage"),
        ("?external=maybe", "external"),
        ("?lastActiveAfter=yesterday", "lastActiveAfter"),
    ] {
        let answer = world.send(get(format!("{USERS}{query}")).basic("auditor", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &Value::from(field)), "{query}");
    }
}

#[tokio::test]
async fn who_may_not_see_users_sees_themselves_alone() {
    let world = World::new().await;
    let ann = world.user("ann", &[]).await;
    world.user("bob", &[]).await;
    let token = world.token(&ann, NewGrant { permissions: Some(&[]), ..NewGrant::default() }).await;
    let list = world.send(get(USERS).basic("ann", PASSWORD)).await;
    assert_snapshot!("may_not_list", list.shown());
    let other = world.send(get(format!("{USERS}/bob")).basic("ann", PASSWORD)).await;
    let missing = world.send(get(format!("{USERS}/nobody")).basic("ann", PASSWORD)).await;
    assert_eq!(other.status(), 403);
    assert_eq!(other.shown(), missing.shown());
    assert_eq!(world.send(get(format!("{USERS}/ANN")).basic("ann", PASSWORD)).await.status(), 200);
    assert_eq!(world.send(get(format!("{USERS}/ann")).token(&token)).await.status(), 200);
}

#[tokio::test]
async fn ann_changes_her_own_name_and_mail_address_but_no_token_does() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let (token, session) = (world.token(&ann, NewGrant::default()).await, world.session(&ann).await);
    let change =
        || put(format!("{USERS}/ann")).json(&json!({ "fullName": "Ann B.", "email": "a@b.example" }));
    assert_eq!(world.send(change().token(&token)).await.text(), "You do not have security#edit permission");
    assert_eq!(world.send(change().session(&session)).await.status(), 200);
    assert_eq!(world.send(change().basic("ann", PASSWORD)).await.json()["fullName"], "Ann B.");
    let whole = world.send(get(format!("{USERS}/ann")).token(&token)).await.json();
    assert_eq!(
        world.send(put(format!("{USERS}/ann")).json(&whole).basic("ann", PASSWORD)).await.status(),
        200
    );
    let disable = put(format!("{USERS}/ann")).json(&json!({ "loginAllowed": false }));
    assert_eq!(world.send(disable.basic("ann", PASSWORD)).await.status(), 403);
}

#[tokio::test]
async fn several_users_change_together_or_not_at_all() {
    let world = World::new().await;
    world.user("officer", &["security#edit"]).await;
    for name in ["ann", "bob"] {
        world.user(name, &[]).await;
    }
    let good = json!([{ "username": "ann", "fullName": "A" }, { "username": "BOB", "loginAllowed": false }]);
    let answer = world.send(put(USERS).json(&good).basic("officer", PASSWORD)).await;
    assert_eq!(answer.json()[0]["fullName"], "A");
    assert_eq!(answer.json()[1]["loginAllowed"], false);
    let sequence = world.state.store.last_sequence().await.unwrap();
    for (body, status, field) in [
        (json!([{ "username": "ann", "fullName": "B" }, { "username": "nobody" }]), 404, None),
        (json!([{ "username": "ann", "fullName": "B" }, { "username": "Ann" }]), 400, Some("[1].username")),
        (json!([{ "username": "ann", "fullName": "B" }, { "fullName": "B" }]), 400, Some("[1].username")),
        (json!([{ "username": "ann" }, { "username": "bob", "email": "no" }]), 400, Some("[1].email")),
        (
            json!([{ "username": "ann" }, { "username": "bob", "password": "short" }]),
            400,
            Some("[1].password"),
        ),
        (json!([{ "username": "ann", "email": 1 }]), 400, Some("[0].email")),
        (json!({ "username": "ann" }), 400, Some("body")),
    ] {
        let answer = world.send(put(USERS).json(&body).basic("officer", PASSWORD)).await;
        assert_eq!(answer.status(), status, "{body}");
        assert_eq!(answer.json()["field"].as_str(), field, "{body}");
    }
    let many: Vec<_> = (0..101).map(|at| json!({ "username": format!("u{at}") })).collect();
    assert_eq!(world.send(put(USERS).json(&json!(many)).basic("officer", PASSWORD)).await.status(), 400);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    assert_eq!(world.send(put(USERS).json(&json!([])).basic("officer", PASSWORD)).await.json(), json!([]));
}

#[tokio::test]
async fn what_a_provider_keeps_cannot_be_changed_here() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    let path = format!("{USERS}/lena");
    for (body, field) in [
        (json!({ "fullName": "other" }), "fullName"),
        (json!({ "email": "other@example.org" }), "email"),
        (json!({ "password": "a long password" }), "password"),
        (json!({ "external": false }), "external"),
    ] {
        let answer = world.send(put(&*path).json(&body).basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), &answer.json()["field"]), (400, &Value::from(field)), "{body}");
    }
    let set = post(format!("{path}/password")).json(&json!({ "newPassword": "a long password" }));
    assert_eq!(world.send(set.basic("root", PASSWORD)).await.json()["field"], "newPassword");
    let whole = world.send(get(&*path).basic("root", PASSWORD)).await.json();
    assert_eq!(whole["external"], true);
    let mut disabled = whole;
    disabled["loginAllowed"] = false.into();
    assert_eq!(world.send(put(&*path).json(&disabled).basic("root", PASSWORD)).await.json(), disabled);
}
