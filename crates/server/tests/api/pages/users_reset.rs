//! Password reset links: made by an administrator, used once by whoever has them.

use jiff::SignedDuration;
use patgate_core::confirmation::Withdrawal;
use patgate_core::user::{INTERNAL_PROVIDER, Origin, PrincipalKind};

use crate::common::{Answer, NewGrant, PASSWORD, SignedIn, World, get, post};

const NEW: &str = "another good password";

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

/// The path of the link that a page shows.
fn link(page: &Answer) -> String {
    let rest = page.text().split("data-secret>").nth(1).unwrap_or_else(|| panic!("no link: {}", page.text()));
    let link = rest.split('<').next().unwrap();
    let at = link.find("/reset/").unwrap();
    assert!(link.starts_with("http://"), "{link}");
    link[at..].to_owned()
}

/// A page without its head: each says when it was made.
fn body(page: &Answer) -> String {
    page.text().split_once("<body>").unwrap().1.to_owned()
}

async fn make(world: &World, session: &SignedIn, name: &str) -> Answer {
    world.send(post(format!("/admin/users/{name}/reset-link")).submit(session, &[])).await
}

fn set(path: &str, new: &str, again: &str) -> crate::common::Call {
    post(path).form(&[("password", new), ("password_again", again)])
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_all_sessions() {
    let world = World::new().await;
    let root = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let token = world.token(&ann, NewGrant::default()).await;
    assert!(world.open(&root, "/admin/users/ann/reset-link").await.text().contains("Make link"));
    let made = make(&world, &root, "ann").await;
    assert_eq!((made.status(), made.header("cache-control")), (200, "no-store"));
    let path = link(&made);
    let about = world.open(&root, "/admin/users/ann").await;
    assert!(about.text().contains("a reset link can be used until") && !about.text().contains(&path));
    let page = world.send(get(&path)).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("Set a new password") && page.text().contains("ann"));
    // Mistakes leave the link as it is.
    let differ = world.send(set(&path, NEW, "other")).await;
    assert_eq!(differ.status(), 400);
    assert!(differ.text().contains("The two passwords differ.") && !differ.text().contains(NEW));
    let short = world.send(set(&path, "short", "short")).await;
    assert_eq!(short.status(), 400);
    assert!(short.text().contains("A password has at least 8 characters."), "{}", short.text());
    let done = world.send(set(&path, NEW, NEW)).await;
    assert_eq!((done.status(), done.header("location")), (303, "/login?done=password-changed"));
    assert_eq!(world.open(&session, "/account/profile").await.status(), 303, "every session ended");
    let log_in = |password| post("/login").form(&[("username", "ann"), ("password", password)]);
    assert_eq!(world.send(log_in(NEW)).await.status(), 303);
    assert_eq!(world.send(log_in(PASSWORD)).await.status(), 401);
    let call = get("/api/v1/personal-access-tokens/current").token(&token);
    assert_eq!(world.send(call).await.status(), 200, "tokens stay");
    // Used.
    assert_eq!(world.send(get(&path)).await.status(), 404);
    assert_eq!(world.send(set(&path, "a third password", "a third password")).await.status(), 404);
    assert_eq!(world.send(log_in(NEW)).await.status(), 303);
}

#[tokio::test]
async fn unknown_used_replaced_and_expired_links_look_alike() {
    let world = World::new().await;
    let root = root(&world).await;
    for name in ["ann", "bob", "cid", "dan"] {
        world.user(name, &["login"]).await;
    }
    let replaced = link(&make(&world, &root, "ann").await);
    let live = link(&make(&world, &root, "ann").await);
    let used = link(&make(&world, &root, "bob").await);
    assert_eq!(world.send(set(&used, NEW, NEW)).await.status(), 303);
    let disabled = link(&make(&world, &root, "cid").await);
    assert_eq!(world.send(post("/admin/users/cid/disable").submit(&root, &[])).await.status(), 303);
    let deleted = link(&make(&world, &root, "dan").await);
    assert_eq!(world.send(post("/admin/users/dan/delete").submit(&root, &[])).await.status(), 303);
    let unknown = format!("/reset/rst_{}", "a".repeat(44));
    let mut pages = Vec::new();
    for path in [&unknown, &replaced, &used, &disabled, &deleted, &"/reset/x".to_owned()] {
        for call in [get(path), set(path, NEW, NEW), set(path, "a", "b")] {
            let answer = world.send(call).await;
            assert_eq!(answer.status(), 404, "{path}");
            pages.push(body(&answer));
        }
    }
    // At its end a link has ended, as a token has.
    let almost = world.clock.now() + SignedDuration::from_hours(24) - SignedDuration::from_millis(1);
    world.clock.set(almost);
    assert_eq!(world.send(get(&live)).await.status(), 200);
    world.clock.set(almost + SignedDuration::from_millis(1));
    for call in [get(&live), set(&live, NEW, NEW)] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), 404);
        pages.push(body(&answer));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "they look alike");
}

#[tokio::test]
async fn no_link_is_made_for_who_holds_more_for_oneself_or_for_a_user_of_a_provider() {
    let world = World::new().await;
    let root = root(&world).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    world.user("ann", &["login"]).await;
    world.user_from("sam", Origin::Sso, "idp", &["login"]).await;
    for (session, name, status, words) in [
        (&officer, "root", 403, "You lack permissions that this user has"),
        (&officer, "officer", 403, "A link for oneself is not made"),
        (&root, "root", 403, "A link for oneself is not made"),
        (&root, "sam", 400, "is kept by `idp`"),
    ] {
        let answer = make(&world, session, name).await;
        assert_eq!(answer.status(), status, "{name}");
        assert!(answer.text().contains(words) && !answer.text().contains("/reset/"), "{}", answer.text());
    }
    assert_eq!(make(&world, &root, "nobody").await.status(), 404);
    assert_eq!(world.send(post("/admin/users/ann/disable").submit(&root, &[])).await.status(), 303);
    assert_eq!(make(&world, &root, "ann").await.status(), 409);
    assert!(link(&make(&world, &root, "officer").await).starts_with("/reset/rst_"));
}

#[tokio::test]
async fn a_link_opens_nothing_once_its_maker_may_not_make_it() {
    let world = World::new().await;
    let root = root(&world).await;
    let officer = world.user("officer", &["login", "security#edit"]).await;
    let officer = world.session(&officer).await;
    for name in ["ann", "bob"] {
        world.user(name, &["login"]).await;
    }
    let (ann, bob) = (link(&make(&world, &officer, "ann").await), link(&make(&world, &officer, "bob").await));
    // Ann becomes an administrator: what the officer had for her must not open that.
    let role = serde_json::json!({"principals": [{"username": "ann"}], "permissions": ["admin"]});
    let call = post("/api/v1/roles/admins").basic("root", PASSWORD).json(&role);
    assert!(world.send(call).await.status() < 300);
    for call in [get(&ann), set(&ann, NEW, NEW), set(&ann, NEW, "differs")] {
        assert_eq!(world.send(call).await.status(), 404);
    }
    assert_eq!(world.send(post("/admin/users/officer/disable").submit(&root, &[])).await.status(), 303);
    for call in [get(&bob), set(&bob, NEW, NEW)] {
        assert_eq!(world.send(call).await.status(), 404);
    }
    let log_in = post("/login").form(&[("username", "bob"), ("password", PASSWORD)]);
    assert_eq!(world.send(log_in).await.status(), 303, "the password stayed");
}

#[tokio::test]
async fn a_link_opens_nothing_while_the_provider_of_its_maker_does_not_vouch_for_them() {
    let world = World::new().await;
    let officer = world.user_from("officer", Origin::Sso, "idp", &["login", "security#edit"]).await;
    world.user("ann", &["login"]).await;
    let path = link(&make(&world, &world.session(&officer).await, "ann").await);
    assert_eq!(world.send(get(&path)).await.status(), 200);
    for reason in [Withdrawal::Disabled, Withdrawal::Gone] {
        let mut change = world.change().await;
        change.withdraw_user(officer.id, reason).await.unwrap();
        world.commit(change).await;
        for call in [get(&path), set(&path, NEW, NEW)] {
            assert_eq!(world.send(call).await.status(), 404, "{reason:?}");
        }
    }
    let mut change = world.change().await;
    change.confirm_users(&[officer.id], world.clock.now()).await.unwrap();
    world.commit(change).await;
    assert_eq!(world.send(set(&path, NEW, NEW)).await.status(), 303);
}

#[tokio::test]
async fn what_no_node_knows_opens_no_link_for_who_holds_it() {
    let world = World::new().await;
    let officer = world.user("officer", &["login", "security#edit", "shop#buy"]).await;
    let officer = world.session(&officer).await;
    world.user("ann", &["login"]).await;
    let path = link(&make(&world, &officer, "ann").await);
    assert_eq!(world.send(get(&path)).await.status(), 200);
    world.role_of(PrincipalKind::User, "ann", INTERNAL_PROVIDER, &["audit#view"]).await;
    for call in [get(&path), set(&path, NEW, NEW)] {
        assert_eq!(world.send(call).await.status(), 404);
    }
    assert_eq!(make(&world, &officer, "ann").await.status(), 403);
}
