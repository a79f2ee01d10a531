//! People of a directory at every door: pages, API and `/auth`; and what strangers are told.

use std::pin::pin;

use futures_util::FutureExt;
use futures_util::future::{Either, join_all, select};
use patgate_core::user::Origin;
use patgate_testkit::servers::fake_directory::FakeDirectory;
use patgate_testkit::servers::slapd::{PEOPLE, Slapd};
use serde_json::json;

use crate::common::{Answer, NewGrant, PASSWORD, Person, World, get, post, put};

const CURRENT_USER: &str = "/api/v1/session";
const PROBE: &str = "/api/v1/global-permissions";
const SHOP: &str = "\n[[application]]\nname = 'shop'\ntoken_prefix = 'shop'\nallow_passwords = true\n";

fn corp(slapd: &Slapd, more: &str) -> String {
    slapd.table("corp", &format!("timeout_seconds = 2\n{more}"))
}

async fn log_in(world: &World, username: &str, password: &str) -> Answer {
    world.send(post(CURRENT_USER).json(&json!({ "username": username, "password": password }))).await
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn alice_signs_in_with_her_directory_everywhere_and_has_a_token() {
    let slapd = Slapd::start();
    let world = World::configured(&format!("{SHOP}{}", corp(&slapd, ""))).await;
    world.let_in("users", "corp").await;
    let answer = log_in(&world, "Alice", "alice password").await;
    assert_eq!(
        (answer.status(), answer.json()["username"].as_str()),
        (200, Some("alice")),
        "{}",
        answer.shown()
    );
    assert_eq!(world.send(get(PROBE).basic("alice", "alice password")).await.status(), 200);
    let changes = world.state.store.last_sequence().await.unwrap();
    let auth = world.send(get("/auth/shop").basic("alice", "alice password")).await;
    assert_eq!(auth.status(), 200);
    assert_eq!(
        world.state.store.last_sequence().await.unwrap(),
        changes,
        "nothing is new, so nothing is changed"
    );
    slapd.set("alice", "mail", "new@example.org");
    assert_eq!(world.send(get(PROBE).basic("alice", "alice password")).await.status(), 200);
    assert_ne!(world.state.store.last_sequence().await.unwrap(), changes);
    assert_eq!(auth.header("x-patgate-user"), "alice");
    assert_eq!(auth.header("x-patgate-groups"), "Ops%2C%20all,users");
    for (path, password) in [(PROBE, "wrong"), ("/auth/shop", "wrong"), (PROBE, "bob password")] {
        assert_eq!(world.send(get(path).basic("alice", password)).await.status(), 401, "{path}");
    }
    let user = world.state.store.user_by_name(&"alice".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((user.provider.as_str(), user.email.as_str()), ("corp", "new@example.org"));
    let nightly = json!({ "tokenNote": "nightly", "application": "any" });
    let making = post("/api/v1/personal-access-tokens").json(&nightly);
    let made = world.send(making.basic("alice", "alice password")).await;
    assert_eq!(made.status(), 201, "{}", made.shown());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let auth = world.send(get("/auth/shop").basic("", &token)).await;
    assert_eq!((auth.status(), auth.header("x-patgate-user")), (200, "alice"), "{}", auth.shown());
}

#[tokio::test]
async fn the_password_of_a_directory_is_none_for_the_scripts_of_releases() {
    let slapd = Slapd::start();
    let world = World::configured(&corp(&slapd, "")).await;
    world.let_in("users", "corp").await;
    world.user("root", &["admin"]).await;
    // Nobody would tell that it was changed there.
    for (password, why) in [("alice password", "may change unseen"), ("wrong password", "is wrong")] {
        let template =
            json!({ "title": "Ship it", "scriptUsername": "alice", "scriptUserPassword": password });
        let refused = world.send(post("/api/v1/templates").json(&template).basic("root", PASSWORD)).await;
        assert_eq!((refused.status(), &refused.json()["field"]), (400, &json!("scriptUserPassword")));
        assert!(detail(&refused).contains(why), "{}", refused.text());
    }
    let templates = world.send(get("/api/v1/templates").basic("root", PASSWORD)).await;
    assert_eq!(templates.json(), json!([]), "nothing was saved");
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_look_the_same() {
    let slapd = Slapd::start();
    let world = World::configured(&corp(&slapd, "")).await;
    world.user("ann", &["login"]).await;
    let mut told = Vec::new();
    for name in ["ann", "alice", "nobody", "*"] {
        let answer = log_in(&world, name, "wrong password").await;
        told.push((answer.status(), answer.text().to_owned()));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(log_in(&world, "alice", "").await.status(), 401);
}

#[tokio::test]
async fn an_internal_users_name_is_asked_of_no_directory_and_inherits_nothing() {
    let slapd = Slapd::start();
    slapd.add_person("ann", "ann password");
    let world = World::configured(&corp(&slapd, "")).await;
    world.user("ann", &["login"]).await;
    assert_eq!(log_in(&world, "ann", PASSWORD).await.status(), 200);
    assert_eq!(log_in(&world, "ann", "ann password").await.status(), 401);
    assert!(!slapd.log().contains("(uid=ann)"), "{}", slapd.log());
    // By another spelling the directory vouches for somebody whose name is taken here.
    slapd.set("bob", "uid", "bob");
    slapd.modify(&format!("dn: uid=bob,{PEOPLE}\nchangetype: modify\nadd: uid\nuid: robert\n"));
    world.user("bob", &["login"]).await;
    let refused = log_in(&world, "robert", "bob password").await;
    assert_eq!(refused.status(), 401);
    assert!(
        detail(&refused).contains("an administrator finds the reason in the log under"),
        "{}",
        refused.text()
    );
    let user = world.state.store.user_by_name(&"bob".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(user.provider, "internal");
}

#[tokio::test]
async fn a_directory_that_is_down_refuses_nobodys_password_and_touches_no_token() {
    let mut slapd = Slapd::start();
    let world = World::configured(&format!("{SHOP}{}", corp(&slapd, ""))).await;
    world.user("ann", &["login"]).await;
    world.let_in("users", "corp").await;
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
    slapd.stop();
    let answer = log_in(&world, "alice", "alice password").await;
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (503, Some("provider_unavailable")));
    assert!(detail(&answer).contains("under reference"), "{}", answer.text());
    assert_eq!(log_in(&world, "nobody", "x").await.status(), 503);
    assert_eq!(log_in(&world, "ann", "wrong").await.status(), 401);
    assert_eq!(log_in(&world, "ann", PASSWORD).await.status(), 200);
    let auth = world.send(get("/auth/shop").basic("alice", "alice password")).await;
    assert_eq!(auth.status(), 403);
    slapd.start_again();
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
}

#[tokio::test]
async fn the_disabled_are_told_so_only_with_the_right_password() {
    let slapd = Slapd::start();
    let world = World::configured(&format!("{SHOP}{}", corp(&slapd, "preset = 'active-directory'"))).await;
    let refused = log_in(&world, "carol", "carol password").await;
    assert_eq!((refused.status(), detail(&refused).contains("disabled")), (401, true), "{}", refused.text());
    assert!(!detail(&log_in(&world, "carol", "wrong").await).contains("disabled"));
    let auth = world.send(get("/auth/shop").basic("carol", "carol password")).await;
    assert_eq!((auth.status(), detail(&auth).contains("disabled")), (401, true));
    assert!(world.state.store.user_by_name(&"carol".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn who_lacks_login_passes_where_being_somebody_is_enough_and_nowhere_else() {
    let slapd = Slapd::start();
    slapd.add_person("dave", "dave password");
    let rule = "[[application.rule]]\npermission = 'login'\npath = '/**'\n";
    let ruled = format!("{SHOP}{}{rule}", SHOP.replace("shop", "vault"));
    let world = World::configured(&format!("{ruled}{}", corp(&slapd, ""))).await;
    world.let_in("users", "corp").await;
    assert_eq!(log_in(&world, "dave", "dave password").await.status(), 403);
    let token =
        post("/api/v1/personal-access-tokens").json(&json!({ "tokenNote": "x", "application": "any" }));
    let made = world.send(token.basic("dave", "dave password")).await;
    assert_eq!(made.status(), 201, "{}", made.shown());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    for (path, status) in [("/auth/shop", 200), ("/auth/vault", 403)] {
        for call in [get(path).basic("dave", "dave password"), get(path).basic("", &token)] {
            let call = call.header("x-original-method", "GET").header("x-original-uri", "/");
            let answer = world.send(call).await;
            assert_eq!(answer.status(), status, "{path}: {}", answer.shown());
        }
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_under_every_spelling_of_a_name() {
    let slapd = Slapd::start();
    let world = World::configured(&corp(&slapd, "user_search_filter = '(|(uid={0})(mail={0}))'")).await;
    world.let_in("users", "corp").await;
    // slapd locks after five, so that there is one left for the right password.
    for name in ["alice", "alice@example.org", "ALICE@example.org", "alice"] {
        assert_eq!(log_in(&world, name, "wrong password").await.status(), 401, "{name}");
    }
    assert_eq!(log_in(&world, "alice@example.org", "alice password").await.status(), 200);
    for number in 0..5 {
        let name = format!("nobody-{number}");
        assert_eq!(log_in(&world, &name, "x").await.status(), 401);
    }
    for _ in 0..5 {
        assert_eq!(log_in(&world, "alice@example.org", "wrong password").await.status(), 401);
    }
    assert_eq!(log_in(&world, "alice@example.org", "alice password").await.status(), 429);
    let before = slapd.log().matches("err=49").count();
    assert_eq!(log_in(&world, "alice", "wrong password").await.status(), 429, "the same person");
    assert_eq!(slapd.log().matches("err=49").count(), before, "and nothing reached the directory");
}

#[tokio::test]
async fn two_directories_are_asked_in_order_and_the_first_that_knows_the_name_decides() {
    let (first, second) = (Slapd::start(), Slapd::start());
    second.set("alice", "userPassword", "other password");
    second.add_person("dave", "dave password");
    let other = corp(&second, "").replace("'corp'", "'branch'");
    let world = World::configured(&format!("{}{other}", corp(&first, ""))).await;
    world.let_in("users", "corp").await;
    world.let_in_user("dave", "branch").await;
    assert_eq!(log_in(&world, "dave", "dave password").await.status(), 200);
    assert_eq!(log_in(&world, "alice", "other password").await.status(), 401);
    assert!(!second.log().contains("(uid=alice)"), "a password typed for one is shown to no other");
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
    // Whose name is known is asked about where it belongs.
    let before = first.log().matches("(uid=dave)").count();
    assert_eq!(log_in(&world, "dave", "dave password").await.status(), 200);
    assert_eq!(first.log().matches("(uid=dave)").count(), before);
}

#[tokio::test]
async fn guesses_at_a_directory_are_slowed_down_while_another_one_is_down() {
    let (mut first, second) = (Slapd::start(), Slapd::start());
    second.add_person("dave", "dave password");
    let other = corp(&second, "").replace("'corp'", "'branch'");
    let world = World::configured(&format!("{}{other}", corp(&first, ""))).await;
    world.let_in_user("dave", "branch").await;
    first.stop();
    for guess in 0..5 {
        assert_eq!(log_in(&world, "dave", &format!("guess {guess}")).await.status(), 401);
    }
    let answer = log_in(&world, "dave", "dave password").await;
    assert_eq!(answer.status(), 429, "{}", answer.shown());
    // Nobody has judged this one.
    assert_eq!(log_in(&world, "nobody", "x").await.status(), 503);
}

#[tokio::test]
async fn passwords_for_the_api_can_be_switched_off_for_people_of_directories_too() {
    let slapd = Slapd::start();
    let world = World::configured(&corp(&slapd, "")).await;
    world.let_in("users", "corp").await;
    assert_eq!(world.send(get(PROBE).basic("alice", "alice password")).await.status(), 200);
    let asked = slapd.log().matches("(uid=alice)").count();
    let root = world.user("root", &["admin"]).await;
    let token = world.token(&root, NewGrant::default()).await;
    let path = "/api/v1/settings/personal-access-tokens";
    let mut settings = world.send(get(path).token(&token)).await.json();
    settings["passwordsOnApi"] = false.into();
    let answer = world.send(put(path).token(&token).json(&settings)).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(world.send(get(PROBE).basic("alice", "alice password")).await.status(), 401);
    assert_eq!(slapd.log().matches("(uid=alice)").count(), asked);
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200, "the pages take them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_hangs_holds_up_nobody_of_another() {
    let slapd = Slapd::start();
    let hanging = FakeDirectory::mute();
    let branch = format!(
        "[[ldap]]\nname = 'branch'\nurls = ['{}']\nallow_clear_text = true\nuser_search_base = 'dc=x'\n\
         manager_dn = 'cn=m'\nmanager_password = 'secret'\ntimeout_seconds = 20\n",
        hanging.url()
    );
    let world = World::configured(&format!("{}{branch}", corp(&slapd, ""))).await;
    world.let_in("users", "corp").await;
    world.let_in_user("dave", "branch").await;
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
    world.user_from("dave", Origin::Ldap, "branch", &[]).await;
    // More than are asked about at once; whoever comes behind them comes behind them everywhere.
    let mut many = pin!(join_all((0..30).map(|_| log_in(&world, "dave", "dave password"))));
    assert!(many.as_mut().now_or_never().is_none());
    let alice = pin!(log_in(&world, "alice", "alice password"));
    match select(alice, many).await {
        Either::Left((answer, _)) => assert_eq!(answer.status(), 200, "{}", answer.shown()),
        Either::Right(_) => panic!("alice waited for the directory of others"),
    }
    assert!(hanging.searches() > 0);
}

#[tokio::test]
async fn who_is_disabled_in_the_directory_is_out_as_soon_as_they_sign_in() {
    let slapd = Slapd::start();
    let world = World::configured(&corp(&slapd, "preset = 'active-directory'")).await;
    world.let_in("users", "corp").await;
    world.let_in_user("dave", "branch").await;
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
    let id = world.found("alice").await.unwrap().id;
    let alice = Person { id, username: "alice".to_owned() };
    let token = world.token(&alice, NewGrant { application: "any", ..NewGrant::default() }).await;
    let passes = async || world.send(get("/auth").token(&token)).await.status() == 200;
    slapd.set("alice", "userAccountControl", "514");
    assert_eq!(log_in(&world, "alice", "a guess").await.status(), 401);
    assert!(passes().await, "a guess asks nothing about her");
    for _ in 0..2 {
        let refused = log_in(&world, "alice", "alice password").await;
        assert!(refused.status() == 401 && detail(&refused).contains("disabled"), "{}", refused.shown());
        assert!(!passes().await);
    }
    slapd.set("alice", "userAccountControl", "512");
    assert_eq!(log_in(&world, "alice", "alice password").await.status(), 200);
    assert!(passes().await);
}

#[tokio::test]
async fn the_name_of_somebody_of_single_sign_on_is_asked_of_no_directory() {
    let slapd = Slapd::start();
    slapd.add_person("sue", "sue password");
    let world = World::configured(&corp(&slapd, "")).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    assert_eq!(log_in(&world, "sue", "sue password").await.status(), 401);
    assert!(!slapd.log().contains("(uid=sue)"), "{}", slapd.log());
    let kept = world.found("sue").await.unwrap();
    assert_eq!((kept.id, kept.origin), (sue.id, Origin::Sso));
}
