//! Re-checks at an identity provider that says what a test wants it to.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use patgate_core::user::Origin;
use patgate_server::keys;
use patgate_server::service::items::reseal;
use patgate_store::Actor;
use patgate_testkit::servers::fake_http::{FakeHttp, Reply};
use patgate_testkit::servers::mail::{MailServer, Way};
use serde_json::{Value, json};

use crate::common::{NewGrant, Person, World};
use crate::rechecks::{OFTEN, ask, on_day, passes};
use crate::rechecks_in_vain::{owner_from, record};

/// An identity provider whose token endpoint and user information answer as they are told.
struct Told {
    provider: FakeHttp,
    words: Arc<Mutex<(Reply, Reply)>>,
}

impl Told {
    fn start() -> Self {
        let words = Arc::new(Mutex::new((Reply::text(500, ""), Reply::text(500, ""))));
        let said = Arc::clone(&words);
        let provider = FakeHttp::start(move |url, path| match path {
            "/token" => said.lock().unwrap().0.clone(),
            "/information" => said.lock().unwrap().1.clone(),
            "/keys" => Reply::json(&json!({ "keys": [] })),
            _ => {
                let mut document = crate::sso::document(url);
                document["userinfo_endpoint"] = json!(format!("{url}/information"));
                Reply::json(&document)
            }
        });
        Self { provider, words }
    }

    async fn with_world() -> (Self, World) {
        Self::with_lines("").await
    }

    /// With these lines more in its table.
    async fn with_lines(lines: &str) -> (Self, World) {
        let told = Self::start();
        let table = crate::sso::table("company", &told.provider.url(), "patgate", lines);
        (told, World::configured(&format!("{OFTEN}{table}")).await)
    }

    /// The refresh tokens that it was shown, in their order.
    fn shown(&self) -> Vec<String> {
        let forms = self.provider.requests().into_iter().filter(|(path, _)| path == "/token");
        forms
            .filter_map(|(_, form)| Some(form.split("refresh_token=").nth(1)?.split('&').next()?.to_owned()))
            .collect()
    }

    fn say(&self, token: Reply, information: Reply) {
        *self.words.lock().unwrap() = (token, information);
    }
}

/// What a refresh brings, with more than an access token.
fn tokens(more: &Value) -> Reply {
    let mut tokens = json!({ "access_token": "a", "token_type": "Bearer" });
    tokens.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Reply::json(&tokens)
}

/// The user information about alice.
fn alices() -> Reply {
    Reply::json(&json!({ "sub": "key-alice", "preferred_username": "alice" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_said_of_one_person_puts_that_person_off() {
    let (told, world) = Told::with_world().await;
    let alice = owner_from(&world, Origin::Sso, "alice", Some("refresh")).await;
    let refused = |status: u16, error: &str| Reply::text(status, json!({ "error": error }).to_string());
    let nobody = || Reply::text(500, "");
    let (wait, grow) = (60, 120);
    for (what, token, information, pause) in [
        ("invalid_client", refused(401, "invalid_client"), nobody(), wait),
        ("408", refused(408, "slow"), nobody(), wait),
        ("429", Reply::text(429, "slow down"), nobody(), wait),
        ("404", Reply::text(404, "not found"), nobody(), wait),
        ("503", Reply::text(503, ""), nobody(), wait),
        ("a page", Reply::text(200, "<html>"), nobody(), wait),
        ("a token of another key", tokens(&json!({ "id_token": "e30.e30.e30" })), nobody(), wait),
        ("no user information", tokens(&json!({})), Reply::text(404, ""), wait),
        ("invalid_grant", refused(400, "invalid_grant"), nobody(), grow),
        ("invalid_request", refused(400, "invalid_request"), nobody(), grow),
        ("401 of the user information", tokens(&json!({})), Reply::text(401, ""), grow),
        (
            "somebody else",
            tokens(&json!({})),
            Reply::json(&json!({ "sub": "bob", "preferred_username": "b" })),
            grow,
        ),
        ("no name", tokens(&json!({})), Reply::json(&json!({ "sub": "key-alice" })), grow),
    ] {
        told.say(tokens(&json!({})), alices());
        world.clock.set(world.clock.now() + SignedDuration::from_mins(5));
        ask(&world).await;
        assert_eq!(record(&world, alice).await.0, 0, "{what}");
        told.say(token, information);
        for (attempts, pause) in [(1, 60), (2, pause)] {
            ask(&world).await;
            assert_eq!(record(&world, alice).await, (attempts, pause), "{what}");
        }
    }
}

/// Everything that the server has stored.
fn stored(world: &World) -> Vec<u8> {
    let files = std::fs::read_dir(&world.state.data_dir).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_is_asked_with_is_sealed_and_outlives_a_new_key() {
    let (told, world) = Told::with_world().await;
    let [first, second] = ["first-refresh-token", "second-refresh-token"];
    let has = |text: &str| stored(&world).windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let alice = owner_from(&world, Origin::Sso, "alice", Some(first)).await;
    let bob = owner_from(&world, Origin::Sso, "bob", None).await;
    assert!(has("key-alice") && !has(first), "the files are looked through, and it is not in them");
    told.say(tokens(&json!({ "refresh_token": second })), alices());
    ask(&world).await;
    assert_eq!(told.shown(), [first]);
    assert!(!has(first) && !has(second));
    let in_use = world.state.store.sealing_keys().await.unwrap();
    let random = &mut world.state.random.draw();
    keys::add_sealing_key(world.state.sealer.file(), &in_use, random).unwrap();
    let actor = Actor::system("test");
    assert_eq!(reseal(&world.state, &actor).await.unwrap().0, 1);
    assert_ne!(world.state.store.sealing_keys().await.unwrap(), in_use);
    ask(&world).await;
    assert_eq!(told.shown(), [first, second]);
    assert_eq!(
        (record(&world, alice).await.0, record(&world, bob).await.0),
        (0, 0),
        "nobody is asked with nothing"
    );
    assert!(!has(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_provider_vouches_for_whatever_it_did_to_them_is_out_within_the_window() {
    for confirms in [false, true] {
        let (told, world) = Told::with_lines(&format!("recheck_confirms = {confirms}")).await;
        let id = owner_from(&world, Origin::Sso, "alice", Some("refresh")).await;
        let alice = Person { id, username: "alice".into() };
        let token = world.token(&alice, NewGrant { application: "any", ..NewGrant::default() }).await;
        let groups = json!({ "sub": "key-alice", "preferred_username": "alice", "groups": ["testers"] });
        told.say(tokens(&json!({})), Reply::json(&groups));
        let start = world.clock.now();
        for day in 1..=30 {
            assert!(passes(&world, &token).await, "{confirms}, day {day}");
            world.clock.set(start + SignedDuration::from_hours(24 * day) - SignedDuration::from_secs(1));
            ask(&world).await;
        }
        let user = world.state.store.user(id).await.unwrap().unwrap();
        assert_eq!(user.groups, ["testers"], "what a re-check says of groups counts all the same");
        assert_eq!(
            passes(&world, &token).await,
            confirms,
            "it was asked each day, and said the same each day"
        );
        // A sign-in is a word that counts everywhere.
        owner_from(&world, Origin::Sso, "alice", None).await;
        assert!(passes(&world, &token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_only_a_sign_in_confirms_is_told_in_time_although_the_provider_vouches_for_them() {
    let mails = MailServer::start();
    let (told, world) = Told::with_lines("recheck_confirms = false").await;
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, "Configuration/MAIL", mails.port(Way::Plain)).await;
    world.notify(|settings| settings.server = Some("Configuration/MAIL".parse().unwrap())).await;
    let id = owner_from(&world, Origin::Sso, "alice", Some("refresh")).await;
    let alice = Person { id, username: "alice".into() };
    let token = world.token(&alice, NewGrant { application: "any", ..NewGrant::default() }).await;
    let email = "alice@example.org";
    let person = json!({ "sub": "key-alice", "preferred_username": "alice", "email": email });
    told.say(tokens(&json!({})), Reply::json(&person));
    let start = world.clock.now();
    for (day, count) in [(0, 0), (24, 0), (25, 1), (29, 1)] {
        on_day(&world, start, day).await;
        assert_eq!(mails.count(), count, "day {day}");
        assert!(passes(&world, &token).await, "day {day}");
        ask(&world).await;
    }
    assert_eq!(mails.kept()[0].recipients, [email]);
    on_day(&world, start, 30).await;
    assert!(!passes(&world, &token).await);
    owner_from(&world, Origin::Sso, "alice", None).await;
    assert!(passes(&world, &token).await, "she has signed in, as the mail asked her to");
    assert_eq!(mails.count(), 1);
}
