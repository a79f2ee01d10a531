//! Signing in and out, and when a session ends.

use insta::assert_snapshot;
use jiff::SignedDuration;
use patgate_core::user::Origin;
use patgate_testkit::clock::{NOON, seconds_from_noon};
use serde_json::json;

use crate::common::{Answer, Call, NewGrant, PASSWORD, SignedIn, World, delete, get, post, put};

const SESSION: &str = "/api/v1/session";
const TOKENS: &str = "/api/v1/personal-access-tokens";

fn sign_in(username: &str, password: &str) -> Call {
    post(SESSION).json(&json!({ "username": username, "password": password }))
}

fn signed_in(answer: &Answer) -> SignedIn {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    SignedIn { cookie, csrf: answer.json()["csrfToken"].as_str().unwrap().to_owned() }
}

#[tokio::test]
async fn ann_signs_in_and_out() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let answer = world.send(sign_in("Ann ", PASSWORD)).await;
    assert_snapshot!("signed_in", answer.shown());
    let session = signed_in(&answer);
    assert_snapshot!("read", world.send(get(SESSION).cookie(&session)).await.shown());
    assert_eq!(
        world.send(get("/api/v1/users/ann").cookie(&session)).await.json()["lastActive"],
        NOON.to_string()
    );
    assert_snapshot!("signed_out", world.send(delete(SESSION).session(&session)).await.shown());
    assert_snapshot!("over", world.send(get(SESSION).cookie(&session)).await.shown());
}

#[tokio::test]
async fn a_change_with_a_session_shows_the_csrf_token() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let session = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let other = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let body = json!({ "tokenNote": "n" });
    let change = || post(TOKENS).json(&body);
    let refused = world.send(change().cookie(&session)).await;
    assert_snapshot!("no_csrf_token", refused.shown());
    let wrong = SignedIn { csrf: other.csrf.clone(), ..session.clone() };
    assert_eq!(world.send(change().session(&wrong)).await.status(), 403);
    assert_eq!(world.send(delete(SESSION).cookie(&session)).await.status(), 403);
    let twice = change().session(&session).header("x-csrf-token", &session.csrf);
    assert_eq!(world.send(twice).await.status(), 403);
    assert_eq!(world.send(change().session(&session)).await.status(), 201);
    assert_eq!(world.send(get(TOKENS).cookie(&session)).await.status(), 200);
    let foreign = change().session(&session).header("origin", "https://evil.example");
    assert_eq!(world.send(foreign).await.status(), 403);
    assert_eq!(
        world.send(sign_in("ann", PASSWORD).header("sec-fetch-site", "cross-site")).await.status(),
        403
    );
}

#[tokio::test]
async fn who_may_not_sign_in_is_told_no_more_than_they_know() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    world.user("bob", &[]).await;
    let wrong = world.send(sign_in("ann", "wrong password")).await.shown();
    assert_snapshot!("wrong", wrong);
    for (name, password) in [("nobody", PASSWORD), ("lena", PASSWORD), ("no:name", PASSWORD), ("", "")] {
        // In a world of its own, so that the address is not slowed down yet.
        let world = World::new().await;
        world.user_from("lena", Origin::Ldap, "corp", &["login"]).await;
        assert_eq!(world.send(sign_in(name, password)).await.shown(), wrong, "{name}");
    }
    assert_snapshot!("lacks_login", world.send(sign_in("bob", PASSWORD)).await.shown());
    world.disable(&ann).await;
    assert_snapshot!("disabled", world.send(sign_in("ann", PASSWORD)).await.shown());
    assert_eq!(world.send(sign_in("ann", "wrong password")).await.shown(), wrong);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_read_is_refused_by_field() {
    let world = World::new().await;
    for (body, field) in [
        (json!({ "username": "ann" }), "password"),
        (json!({ "username": "ann", "password": 1 }), "password"),
        (json!({ "username": null, "password": "x" }), "username"),
        (json!({ "username": "ann", "password": "x", "remember": true }), "remember"),
    ] {
        let answer = world.send(post(SESSION).json(&body)).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert_eq!(answer.json()["field"], field, "{body}");
    }
    assert_eq!(world.send(post(SESSION).raw("username=ann")).await.status(), 415);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_a_week() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let used = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let idle = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let status_at = async |seconds: i64, session: &SignedIn| {
        world.clock.set(seconds_from_noon(seconds));
        world.send(get(SESSION).cookie(session)).await.status()
    };
    const HOUR: i64 = 3_600;
    assert_eq!(status_at(8 * HOUR - 1, &used).await, 200);
    assert_eq!(status_at(8 * HOUR, &idle).await, 401);
    assert_eq!(status_at(16 * HOUR - 2, &used).await, 200);
    let mut hour = 20;
    while hour < 7 * 24 {
        assert_eq!(status_at(hour * HOUR, &used).await, 200, "hour {hour}");
        hour += 4;
    }
    assert_eq!(status_at(7 * 24 * HOUR - 1, &used).await, 200);
    assert_eq!(status_at(7 * 24 * HOUR, &used).await, 401);
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let first = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let second = signed_in(&world.send(sign_in("ann", PASSWORD).cookie(&first)).await);
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(world.send(get(SESSION).cookie(&first)).await.status(), 401);
    assert_eq!(world.send(get(SESSION).cookie(&second)).await.status(), 200);
    // Who fails to sign in keeps the session.
    assert_eq!(world.send(sign_in("ann", "wrong password").cookie(&second)).await.status(), 401);
    assert_eq!(world.send(get(SESSION).cookie(&second)).await.status(), 200);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_no_token() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let here = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let there = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    let new = json!({ "currentPassword": PASSWORD, "newPassword": "another long one" });
    let set = post("/api/v1/users/ann/password").json(&new);
    assert_eq!(world.send(set.session(&here)).await.status(), 204);
    assert_eq!(world.send(get(SESSION).cookie(&here)).await.status(), 200);
    assert_eq!(world.send(get(SESSION).cookie(&there)).await.status(), 401);
    assert_eq!(world.send(get(TOKENS).token(&token)).await.status(), 200);
    assert_eq!(world.send(get(TOKENS).basic("ann", PASSWORD)).await.status(), 401);
    assert_eq!(world.send(get(TOKENS).basic("ann", "another long one")).await.status(), 200);
}

#[tokio::test]
async fn sessions_of_the_disabled_and_the_deleted_end() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (name, change) in [
        ("ann", put("/api/v1/users/ann").json(&json!({ "loginAllowed": false }))),
        ("ben", delete("/api/v1/users/ben")),
    ] {
        let person = world.user(name, &["login"]).await;
        let session = world.session(&person).await;
        assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), 200);
        let status = world.send(change.basic("root", PASSWORD)).await.status();
        assert!([200, 204].contains(&status), "{status}");
        assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), 401, "{name}");
        assert_eq!(world.send(post("/api/v1/users/ann/enable").basic("root", PASSWORD)).await.status(), 204);
        assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), 401, "{name}");
    }
}

#[tokio::test]
async fn a_session_rests_while_its_user_may_not_sign_in() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let role = world.send(get("/api/v1/roles?principalName=ann").basic("root", PASSWORD)).await.json();
    let mut role = role[0].clone();
    for (permissions, status) in [(json!([]), 401), (json!(["login"]), 200)] {
        role["permissions"] = permissions;
        let change = put("/api/v1/roles/ann's%20role").json(&role).basic("root", PASSWORD);
        assert_eq!(world.send(change).await.status(), 200);
        assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), status);
    }
}

#[tokio::test]
async fn people_sign_in_although_the_api_takes_no_passwords() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let mut change = world.change().await;
    let settings = patgate_core::policy::TokenSettings { passwords_on_api: false, ..Default::default() };
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    assert_eq!(world.send(get(SESSION).basic("ann", PASSWORD)).await.status(), 401);
    let session = signed_in(&world.send(sign_in("ann", PASSWORD)).await);
    assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), 200);
}

#[tokio::test]
async fn over_https_the_cookie_is_for_this_host_and_tls_alone() {
    let world = World::configured("public_url = \"https://tokens.example.org/pat\"\n").await;
    world.user("ann", &["login"]).await;
    let answer = world.send(sign_in("ann", PASSWORD)).await;
    let line = answer.header("set-cookie");
    assert!(line.starts_with("__Host-patgate_session="), "{line}");
    assert!(line.ends_with("; Secure; HttpOnly; SameSite=Lax; Path=/"), "{line}");
    let session = signed_in(&answer);
    assert_eq!(world.send(get(SESSION).cookie(&session)).await.status(), 200);
    // The name of the plain cookie does not count here: another host of the site could have set it.
    let plain = SignedIn { cookie: session.cookie.replacen("__Host-", "", 1), ..session };
    assert_eq!(world.send(get(SESSION).cookie(&plain)).await.status(), 401);
}

#[tokio::test]
async fn other_credentials_are_no_session() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    for call in
        [get(SESSION).token(&token), get(SESSION).basic("ann", PASSWORD), delete(SESSION).token(&token)]
    {
        assert_eq!(world.send(call).await.status(), 404);
    }
    let garbage = SignedIn { cookie: "patgate_session=garbage".into(), csrf: "garbage".into() };
    assert_eq!(world.send(get(SESSION).cookie(&garbage)).await.status(), 401);
    assert_eq!(world.send(delete(SESSION).session(&garbage)).await.status(), 401);
}

#[tokio::test]
async fn a_request_in_the_same_minute_writes_nothing() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let expires_after = async |seconds: i64| {
        world.clock.set(seconds_from_noon(seconds));
        let answer = world.send(get(SESSION).cookie(&session)).await;
        answer.json()["expiresAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let idle = SignedDuration::from_hours(8);
    assert_eq!(expires_after(59).await, NOON + idle);
    assert_eq!(expires_after(60).await, seconds_from_noon(60) + idle);
    assert_eq!(expires_after(61).await, seconds_from_noon(60) + idle);
}
