//! Behind a trusted proxy: whose attempt a wrong password is, from where a change came, and passwords at `/auth`.

use std::net::IpAddr;

use patgate_core::policy::TokenSettings;
use patgate_server::password::Attempt;
use patgate_store::{AuditFilter, Page};
use patgate_testkit::clock::{NOON, seconds_from_noon};
use serde_json::json;
use tokio::task::JoinSet;

use crate::common::{Answer, Call, PASSWORD, World, get, post};

/// The proxy is the peer of all calls here.
const TRUSTED: &str = "trusted_proxies = ['192.0.2.7']\n";
const SHOP: &str = "[[application]]\nname = 'shop'\ntoken_prefix = 'shop'\nallow_passwords = true\n";
const TOKENS: &str = "/api/v1/personal-access-tokens";
const CLIENT: &str = "198.51.100.1";
const OTHER: &str = "198.51.100.2";

/// A way to sign in: what it is called, the call with a password, and the status of one that passes.
type Way<'w> = (&'w str, &'w dyn Fn(&str) -> Call, u16);

/// A call that the proxy passes on for this client, who wrote an address there as well.
fn forwarded(call: Call, client: &str) -> Call {
    call.header("x-forwarded-for", &format!("203.0.113.99, {client}"))
}

async fn world(file: &str) -> World {
    let world = World::configured(file).await;
    world.user("ann", &["login"]).await;
    world
}

fn told(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn wrong_passwords_slow_down_the_client_and_not_the_proxy() {
    let sign_in = |password: &str| [("username", "ann".to_owned()), ("password", password.to_owned())];
    let by_api = |password: &str| get(TOKENS).basic("ann", password);
    let by_session =
        |password: &str| post("/api/v1/session").json(&json!({ "username": "ann", "password": password }));
    let by_page = |password: &str| {
        let fields = sign_in(password);
        post("/login").form(&fields.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    let ways: [Way<'_>; 3] =
        [("Basic", &by_api, 200), ("a session", &by_session, 200), ("the page", &by_page, 303)];
    for (way, call, passes) in ways {
        let world = world(TRUSTED).await;
        let status =
            async |password: &str, client: &str| world.send(forwarded(call(password), client)).await.status();
        for _ in 0..5 {
            assert_eq!(status("wrong password", CLIENT).await, 401, "{way}");
        }
        assert_eq!(status(PASSWORD, CLIENT).await, 429, "{way}");
        assert_eq!(status(PASSWORD, OTHER).await, passes, "{way}");
    }
}

#[tokio::test]
async fn a_client_that_nobody_vouches_for_does_not_choose_its_address() {
    let world = world("").await;
    for guess in 0..5 {
        let call = get(TOKENS).basic("ann", "wrong password");
        assert_eq!(world.send(forwarded(call, &format!("198.51.100.{guess}"))).await.status(), 401);
    }
    assert_eq!(world.send(forwarded(get(TOKENS).basic("ann", PASSWORD), OTHER)).await.status(), 429);
}

#[tokio::test]
async fn the_audit_log_has_the_address_of_the_client() {
    for (file, address) in [(TRUSTED, CLIENT), ("", "192.0.2.7")] {
        let world = world(file).await;
        let call = post(TOKENS).basic("ann", PASSWORD).json(&json!({ "tokenNote": "n" }));
        assert_eq!(world.send(forwarded(call, CLIENT)).await.status(), 201);
        let filter = AuditFilter { actor: Some("ann".to_owned()), ..AuditFilter::default() };
        let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
        assert_eq!(events[0].actor.address.as_deref(), Some(address));
    }
}

#[tokio::test]
async fn a_password_at_auth_is_judged_for_the_client_and_a_slowed_down_one_is_a_401_as_well() {
    let world = world(&format!("{TRUSTED}{SHOP}")).await;
    let ask = async |password: &str, client: &str| {
        let pair = get("/auth/shop").header("x-original-method", "GET").header("x-original-uri", "/");
        world.send(forwarded(pair.basic("ann", password), client)).await
    };
    let passed = ask(PASSWORD, CLIENT).await;
    assert_eq!((passed.status(), passed.header("x-patgate-user")), (200, "ann"), "{}", passed.shown());
    for _ in 0..5 {
        let refused = ask("wrong password", CLIENT).await;
        assert_eq!(
            (refused.status(), told(&refused)),
            (401, "the user name or the password is wrong".into())
        );
    }
    let slowed = ask(PASSWORD, CLIENT).await;
    assert_eq!((slowed.status(), told(&slowed)), (401, "too many wrong passwords: try again in 1 s".into()));
    assert_eq!(slowed.count("www-authenticate"), 1);
    assert_eq!(ask(PASSWORD, OTHER).await.status(), 200);
    world.clock.set(seconds_from_noon(1));
    assert_eq!(ask(PASSWORD, CLIENT).await.status(), 200);
}

#[tokio::test]
async fn passwords_that_are_switched_off_are_not_looked_at_by_auth() {
    let world = world(&format!("{TRUSTED}{SHOP}")).await;
    let ask = || world.send(get("/auth/shop").basic("ann", PASSWORD));
    assert_eq!(ask().await.status(), 200);
    let mut change = world.change().await;
    let settings = TokenSettings { passwords_on_api: false, ..TokenSettings::default() };
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    let refused = ask().await;
    assert_eq!(
        (refused.status(), told(&refused)),
        (401, "passwords are not accepted here, only tokens".into())
    );
}

#[tokio::test]
async fn a_password_for_which_there_is_no_place_is_refused_by_auth_at_once() {
    let world = world(SHOP).await;
    // More than are hashed and wait together, each under a name and from an address of its own.
    let mut guesses = JoinSet::new();
    for guess in 0..80 {
        let passwords = world.state.passwords.clone();
        guesses.spawn(async move {
            let (username, address) = (format!("a{guess}"), IpAddr::from([198, 51, 100, guess]));
            let attempt = Attempt { username: &username, password: "wrong password", address };
            let _ = passwords.prove(attempt, NOON).await;
        });
    }
    // All of them go as far as they get before this goes on; the runtime takes turns about sixty tasks at a time.
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    let refused = world.send(get("/auth/shop").basic("ann", PASSWORD)).await;
    assert_eq!(
        (refused.status(), told(&refused)),
        (401, "too many passwords are being checked: try again soon".into())
    );
}
