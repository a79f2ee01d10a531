//! A provider tells of log-outs: of a session there, of somebody, or of both.

use patgate_store::{AuditFilter, Page};
use patgate_testkit::servers::oidc::Liar;
use serde_json::{Value, json};

use super::liar::{sign_in, stage};
use crate::common::{NewGrant, Person, World, get, post};
use crate::rechecks::passes;

/// Somebody signs in, in this session at the provider: the cookie of the session here.
async fn opened(world: &World, liar: &Liar, name: &str, session: &str) -> String {
    liar.claim(&json!({ "sub": name, "preferred_username": name, "sid": session }));
    let answer = sign_in(world).await;
    answer.session_cookie().unwrap_or_else(|| panic!("{name}: {}", answer.shown()))
}

/// Two sessions of mallory's, and one of trudy's; each is `one`, `two`, `three` at the provider.
async fn three(world: &World, liar: &Liar) -> [String; 3] {
    [
        opened(world, liar, "mallory", "one").await,
        opened(world, liar, "mallory", "two").await,
        opened(world, liar, "trudy", "three").await,
    ]
}

/// Which of these sessions are open.
async fn are_open(world: &World, cookies: &[String; 3]) -> [bool; 3] {
    let mut open = [false; 3];
    for (open, cookie) in open.iter_mut().zip(cookies) {
        *open = world.send(get("/account/profile").header("cookie", cookie)).await.status() == 200;
    }
    open
}

/// The provider tells of a log-out; the status that it is answered with.
async fn tell(world: &World, liar: &Liar, number: u32, claims: &Value) -> u16 {
    let token = liar.logout_token(number, claims);
    let told = post("/login/backchannel-logout/liars").form(&[("logout_token", &token)]);
    world.send(told).await.status()
}

async fn ended_by_the_provider(world: &World) -> usize {
    let filter = AuditFilter { action: Some("session.delete".into()), ..Default::default() };
    let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
    events.iter().filter(|event| event.actor.name == "provider liars").count()
}

#[tokio::test]
async fn a_log_out_that_names_a_session_alone_ends_that_session_alone() {
    let (world, liar) = stage().await;
    let cookies = three(&world, &liar).await;
    assert_eq!(tell(&world, &liar, 1, &json!({ "sid": "two" })).await, 200);
    assert_eq!(are_open(&world, &cookies).await, [true, false, true]);
    assert_eq!(ended_by_the_provider(&world).await, 1);
    // One that nobody has here is well, too.
    assert_eq!(tell(&world, &liar, 2, &json!({ "sid": "four" })).await, 200);
    assert_eq!(are_open(&world, &cookies).await, [true, false, true]);
}

#[tokio::test]
async fn a_log_out_that_names_somebody_alone_ends_all_their_sessions_and_no_token() {
    let (world, liar) = stage().await;
    let cookies = three(&world, &liar).await;
    let id = world.found("mallory").await.unwrap().id;
    let mallory = Person { id, username: "mallory".into() };
    let token = world.token(&mallory, NewGrant { application: "any", ..NewGrant::default() }).await;
    assert_eq!(tell(&world, &liar, 1, &json!({ "sub": "mallory" })).await, 200);
    assert_eq!(are_open(&world, &cookies).await, [false, false, true]);
    assert_eq!(ended_by_the_provider(&world).await, 2);
    assert!(passes(&world, &token).await, "a log-out is no word against her tokens");
}

#[tokio::test]
async fn a_log_out_that_names_both_ends_what_is_of_both_and_one_that_names_nobody_is_refused() {
    let (world, liar) = stage().await;
    let cookies = three(&world, &liar).await;
    assert_eq!(tell(&world, &liar, 1, &json!({ "sub": "trudy", "sid": "one" })).await, 200);
    assert_eq!(are_open(&world, &cookies).await, [true, true, true], "hers is another session");
    assert_eq!(tell(&world, &liar, 2, &json!({ "sub": "mallory", "sid": "one" })).await, 200);
    assert_eq!(are_open(&world, &cookies).await, [false, true, true]);
    assert_eq!(tell(&world, &liar, 3, &json!({})).await, 400);
    assert_eq!(are_open(&world, &cookies).await, [false, true, true]);
}
