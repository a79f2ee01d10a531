//! Asking a provider again about somebody, and its new keys.

use jiff::SignedDuration;
use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::item::SecretText;
use patgate_server::provider::Answer;
use patgate_server::provider::oidc::{Callback, OidcFault, Provider, SignedIn};
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Canaille, Visitor};
use serde_json::json;
use url::Url;

use super::{BASE, Stage, come_back, table, world};
use crate::common::World;

/// Signs somebody in without a page, to have the refresh token.
async fn arrive(world: &World, name: &str, password: &str) -> SignedIn {
    let state = &world.state;
    let (provider, now) = (state.oidc.find("company").unwrap(), state.clock.now());
    let (location, begun) = provider.begin("", now, &mut state.random.draw()).await.unwrap();
    let back: Url = Visitor::new(name, password).sign_in(&location, BASE).parse().unwrap();
    let value = |name: &str| {
        let found = back.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let (code, sent, issuer) = (value("code"), value("state"), value("iss"));
    let callback = Callback { path: back.path(), code: &code, state: &sent, issuer: &issuer, error: "" };
    provider.finish(&begun, callback, now, &mut state.random.draw()).await.unwrap()
}

async fn ask(stage: &Stage, provider: &Provider, token: &SecretText) -> (Answer, Option<SecretText>) {
    let state = &stage.world.state;
    let confirmed = provider.confirm(token, "alice", state.clock.now(), &mut state.random.draw()).await;
    (confirmed.answer.unwrap_or_else(|fault| panic!("{fault}")), confirmed.refresh_token)
}

#[tokio::test]
async fn new_groups_are_heard_of_and_a_disabled_person_is_unknown() {
    let stage = Stage::build("").await;
    let arrived = arrive(&stage.world, "alice", "any").await;
    assert_eq!((arrived.subject.as_str(), arrived.session.is_some()), ("alice", true));
    let provider = stage.world.state.oidc.find("company").unwrap();
    stage.provider.change("alice", &json!({ "groups": ["testers"], "email": "new@example.org" }));
    let (answer, token) = ask(&stage, provider, &arrived.refresh_token.unwrap()).await;
    let Answer::Present(person) = answer else { panic!("{answer:?}") };
    assert_eq!((person.groups, person.email.as_str()), (vec!["testers".to_owned()], "new@example.org"));
    // The provider exchanged the token; with the new one it is asked the next time.
    let token = token.unwrap();
    stage.provider.change("alice", &json!({ "disabled": true }));
    assert_eq!(ask(&stage, provider, &token).await.0, Answer::Unknown);
    assert_eq!(ask(&stage, provider, &SecretText::from("never given")).await.0, Answer::Unknown);
}

#[tokio::test]
async fn whom_a_provider_of_another_family_locks_out_is_unknown_as_well() {
    let port = ports::free();
    let secret = "client_secret = 'pat-secret-pat-secret'";
    let world = world(&table("company", &Canaille::issuer_on(port), "patgate", secret)).await;
    let canaille = Canaille::start(port, BASE);
    let arrived = arrive(&world, "alice", "alicepw").await;
    let ask = async |token: &SecretText| {
        let (state, subject) = (&world.state, &arrived.person.subject);
        let provider = state.oidc.find("company").unwrap();
        let confirmed = provider.confirm(token, subject, state.clock.now(), &mut state.random.draw()).await;
        (
            confirmed.answer.unwrap_or_else(|fault| panic!("{fault}\n{}", canaille.log())),
            confirmed.refresh_token,
        )
    };
    let token = arrived.refresh_token.as_ref().unwrap();
    let (answer, next) = ask(token).await;
    assert!(matches!(answer, Answer::Present(_)), "{answer:?}");
    canaille.lock("alice");
    // It calls that `invalid_request`.
    assert_eq!(ask(next.as_ref().unwrap_or(token)).await.0, Answer::Unknown);
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_none() {
    let stage = Stage::build("").await;
    let arrived = arrive(&stage.world, "bob", "any").await;
    let state = &stage.world.state;
    let provider = state.oidc.find("company").unwrap();
    let token = arrived.refresh_token.unwrap();
    let asked = provider.confirm(&token, "alice", state.clock.now(), &mut state.random.draw()).await;
    assert_eq!(asked.answer, Err(OidcFault::SomebodyElse));
    // The token was exchanged all the same, and the old one shown again would end both.
    let (token, now) = (asked.refresh_token.unwrap(), state.clock.now());
    let asked = provider.confirm(&token, "bob", now, &mut state.random.draw()).await;
    assert!(matches!(asked.answer, Ok(Answer::Present(_))));
}

#[tokio::test]
async fn a_wrong_secret_or_an_outage_is_no_word_about_anybody() {
    let mut stage = Stage::with_client("patgate", "client_secret = 'wrong'").await;
    let state = &stage.world.state;
    let ask = async |token: &str| {
        let provider = state.oidc.find("company").unwrap();
        provider.confirm(&token.into(), "alice", state.clock.now(), &mut state.random.draw()).await
    };
    assert!(matches!(ask("any").await.answer, Err(OidcFault::Refused { status: 401, .. })));
    stage.provider.stop();
    assert!(ask("any").await.answer.unwrap_err().is_outage());
}

#[tokio::test]
async fn new_keys_of_a_provider_are_fetched_when_they_are_met() {
    let mut stage = Stage::build("").await;
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    stage.provider.start_again();
    // At once it could be anybody who has us fetch keys again and again.
    stage.sign_in("alice").await.assert_refused();
    stage.world.clock.set(stage.world.clock.now() + SignedDuration::from_secs(31));
    assert_eq!(stage.sign_in("alice").await.status(), 303);
}

#[tokio::test]
async fn a_sign_in_that_began_before_somebody_was_withdrawn_lifts_nothing() {
    let stage = Stage::build("").await;
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    let world = &stage.world;
    let alice = world.found("alice").await.unwrap();
    let wait = || world.clock.set(world.clock.now() + SignedDuration::from_secs(30));
    // Her provider has let her through, and her browser is on its way back.
    let (back, cookie) = stage.visit("alice", "").await;
    wait();
    let mut change = world.change().await;
    change.withdraw_user(alice.id, Withdrawal::Disabled).await.unwrap();
    world.commit(change).await;
    wait();
    come_back(world, &back, &cookie).await.assert_refused();
    let confirmation = async || world.found("alice").await.unwrap().confirmation;
    assert!(matches!(confirmation().await, Confirmation::Withdrawn { .. }));
    assert_eq!(stage.sign_in("alice").await.status(), 303, "asked after that, it is believed");
    assert!(matches!(confirmation().await, Confirmation::At(_)));
}
