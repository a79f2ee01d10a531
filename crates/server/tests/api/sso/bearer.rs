//! A provider's access tokens on the API, where the operator lets them count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use patgate_core::confirmation::Withdrawal;
use patgate_core::user::Origin;
use patgate_server::provider::Person as Claims;
use patgate_server::service::sign_in;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{AUDIENCE, Certified, SECRET, Visitor};
use serde_json::json;

use super::outages::signed;
use super::{BASE, begin, come_back, table, world};
use crate::common::{Answer, NewGrant, World, arrival, claims, get};

async fn call(world: &World, token: &str) -> Answer {
    world
        .send(get("/api/v1/personal-access-tokens").header("authorization", &format!("Bearer {token}")))
        .await
}

/// A server and a provider whose access tokens are for its API.
async fn stage(lines: &str) -> (World, Certified) {
    let port = ports::free();
    let lines = format!("client_secret = '{SECRET}'\n{lines}");
    let world = world(&table("company", &Certified::issuer_on(port), "patgate", &lines)).await;
    (world, Certified::start_with_audience(port, BASE, "company"))
}

/// The tokens that the provider gives for somebody: the access token and the ID token.
async fn tokens(world: &World, provider: &Certified, name: &str) -> (String, String) {
    let (location, cookie) = begin(world, "company", "").await;
    let verifier = "a-verifier-that-is-long-enough-for-every-provider-of-them-all";
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(digest);
    let own = location.split("code_challenge=").nth(1).unwrap().split('&').next().unwrap();
    let back = Visitor::new(name, "any").sign_in(&location.replace(own, &challenge), BASE);
    drop(cookie);
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (pair, url) = (user(), format!("{}/token", provider.issuer()));
    let fields = [
        "grant_type=authorization_code".to_owned(),
        format!("code={code}"),
        format!("redirect_uri={BASE}/oidc-login"),
        format!("code_verifier={verifier}"),
    ];
    let mut words = vec!["-u", &pair];
    words.extend(fields.iter().flat_map(|field| ["-d", field.as_str()]));
    words.push(&url);
    let answer = patgate_testkit::curl::curl(words).json();
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("access_token"), text("id_token"))
}

fn user() -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    format!("patgate:{encoded}")
}

async fn sign_in(world: &World, name: &str) {
    let (location, cookie) = begin(world, "company", "").await;
    let back = Visitor::new(name, "any").sign_in(&location, BASE);
    assert_eq!(come_back(world, &back, &cookie).await.status(), 303);
}

#[tokio::test]
async fn an_access_token_for_this_api_speaks_for_who_has_signed_in_once() {
    let (world, provider) = stage(&format!("[oidc.access_token]\naudience = '{AUDIENCE}'")).await;
    let (access, id) = tokens(&world, &provider, "alice").await;
    assert_eq!(call(&world, &access).await.status(), 401, "nobody yet");
    sign_in(&world, "alice").await;
    let answer = call(&world, &access).await;
    assert_eq!(answer.status(), 200, "{}", answer.shown());
    // What was signed for the sign-in opens nothing, nor does what was changed.
    for bad in [id.as_str(), &access[..access.len() - 4], &access.replacen('.', ".A", 1), "a.b.c"] {
        assert_eq!(call(&world, bad).await.status(), 401);
    }
    // Tokens of ours are read as before, and `/auth` takes no others.
    let ann = world.user("ann", &["login"]).await;
    let token = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
    assert_eq!(call(&world, &token.text).await.status(), 200);
    let auth = world.send(get("/auth").header("authorization", &format!("Bearer {access}"))).await;
    assert_eq!(auth.status(), 401);
}

#[tokio::test]
async fn no_access_token_counts_where_none_is_wanted_or_for_another_api() {
    for lines in ["", "[oidc.access_token]\naudience = 'https://other.example.com'"] {
        let (world, provider) = stage(lines).await;
        sign_in(&world, "alice").await;
        let (access, _) = tokens(&world, &provider, "alice").await;
        assert_eq!(call(&world, &access).await.status(), 401);
    }
}

#[tokio::test]
async fn an_access_token_that_the_provider_did_not_sign_or_that_has_ended_does_not_count() {
    let (world, provider) = stage(&format!("[oidc.access_token]\naudience = '{AUDIENCE}'")).await;
    sign_in(&world, "alice").await;
    let (access, _) = tokens(&world, &provider, "alice").await;
    let parts: Vec<_> = access.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{access}") };
    let now = world.clock.now();
    let seconds = now.as_second();
    let forged = json!({
        "iss": provider.issuer(), "aud": AUDIENCE, "sub": "alice", "iat": seconds, "exp": seconds + 60,
    });
    let none = URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "typ": "at+jwt" }).to_string());
    // With what the provider shares with us, with nothing, and with a signature of something else.
    let by_secret = signed(&forged);
    let other_claims = by_secret.split('.').nth(1).unwrap();
    for (what, token) in [
        ("the client secret", by_secret.clone()),
        ("nothing", format!("{none}.{claims}.")),
        ("other claims", format!("{header}.{other_claims}.{signature}")),
    ] {
        assert_eq!(call(&world, &token).await.status(), 401, "{what}");
    }
    assert_eq!(call(&world, &access).await.status(), 200);
    // It counts for 600 s, and clocks may differ by 60.
    for later in [-1_000, 1_000] {
        world.clock.set(now + SignedDuration::from_secs(later));
        assert_eq!(call(&world, &access).await.status(), 401, "{later} s from now");
    }
}

#[tokio::test]
async fn an_access_token_of_somebody_who_is_out_does_not_count() {
    let (world, provider) = stage(&format!("[oidc.access_token]\naudience = '{AUDIENCE}'")).await;
    let today = world.clock.now();
    let company = "company".parse().unwrap();
    let person = Claims { subject: "alice".to_owned(), ..claims("alice", &["developers"]) };
    let arrive = async || {
        let arrival = arrival(&world, Origin::Sso, &company, &person);
        sign_in::arrive(&world.state, arrival).await.unwrap()
    };
    // She was confirmed a window ago; the provider makes an access token for her today all the same.
    world.clock.set(today - SignedDuration::from_hours(30 * 24));
    let id = arrive().await;
    world.clock.set(today);
    let (access, _) = tokens(&world, &provider, "alice").await;
    assert_eq!(call(&world, &access).await.status(), 401, "she has lapsed");
    arrive().await;
    let answer = call(&world, &access).await;
    assert_eq!(answer.status(), 200, "{}", answer.shown());
    for reason in [Withdrawal::Gone, Withdrawal::Disabled] {
        let mut change = world.change().await;
        change.withdraw_user(id, reason).await.unwrap();
        world.commit(change).await;
        assert_eq!(call(&world, &access).await.status(), 401, "{reason:?}");
        arrive().await;
        assert_eq!(call(&world, &access).await.status(), 200);
    }
    let mut change = world.change().await;
    change.disable_user(id).await.unwrap();
    world.commit(change).await;
    assert_eq!(call(&world, &access).await.status(), 401, "an administrator disabled her");
}
