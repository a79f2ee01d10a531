//! Browsers that bring back what is not theirs, or not any more.

use jiff::SignedDuration;
use patgate_core::user::Origin;
use patgate_testkit::clock::today;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Certified, Liar, SECRET, Visitor};

use super::{BASE, Stage, begin, come_back, table, world};
use crate::common::{NewGrant, get};

#[tokio::test]
async fn nobody_is_signed_in_by_a_link_that_somebody_else_made() {
    let stage = Stage::build("").await;
    let (mallorys, mallorys_cookie) = stage.visit("bob", "").await;
    // Login CSRF: a browser that began nothing, and one that began something else.
    let path = mallorys.strip_prefix(BASE).unwrap();
    let page = stage.world.send(get(path)).await.assert_refused();
    let (_, own_cookie) = begin(&stage.world, "company", "").await;
    come_back(&stage.world, &mallorys, &own_cookie).await.assert_refused();
    // Two such cookies, one of them planted: neither counts.
    let both = format!("{own_cookie}; {mallorys_cookie}");
    come_back(&stage.world, &mallorys, &both).await.assert_refused();
    // A cookie that was made up, or changed.
    for forged in
        ["patgate_sign_in=", "patgate_sign_in=AAAA", &format!("{mallorys_cookie}A"), &mallorys_cookie[..60]]
    {
        assert_eq!(come_back(&stage.world, &mallorys, forged).await.assert_refused(), page);
    }
    assert!(stage.world.found("bob").await.is_none(), "nobody came into being");
    assert_eq!(come_back(&stage.world, &mallorys, &mallorys_cookie).await.status(), 303);
}

#[tokio::test]
async fn a_sign_in_is_brought_back_once_and_soon() {
    let stage = Stage::build("").await;
    let (back, cookie) = stage.visit("alice", "").await;
    assert_eq!(come_back(&stage.world, &back, &cookie).await.status(), 303);
    // The code is used up, and the provider says so.
    come_back(&stage.world, &back, &cookie).await.assert_refused();
    let (back, cookie) = stage.visit("alice", "").await;
    stage.world.clock.set(stage.world.clock.now() + SignedDuration::from_mins(10));
    come_back(&stage.world, &back, &cookie).await.assert_refused();
}

#[tokio::test]
async fn what_comes_back_must_be_of_the_provider_that_was_asked() {
    let stage = Stage::build("").await;
    let issuer = stage.provider.issuer();
    let encoded: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    for (from, to) in [
        (format!("iss={encoded}"), "iss=https%3A%2F%2Fevil.example".to_owned()),
        // It promises to say who it is (RFC 9207 §2.3).
        (format!("&iss={encoded}"), String::new()),
        ("state=".to_owned(), "state=x".to_owned()),
        ("code=".to_owned(), "code=x".to_owned()),
        ("code=".to_owned(), "error=access_denied&x=".to_owned()),
        ("code=".to_owned(), "nothing=".to_owned()),
    ] {
        let (back, cookie) = stage.visit("alice", "").await;
        assert!(back.contains(&from), "{back} has no {from}");
        come_back(&stage.world, &back.replace(&from, &to), &cookie).await.assert_refused();
    }
}

#[tokio::test]
async fn the_answer_of_one_provider_is_not_taken_for_that_of_another() {
    let (honest, liar) = (ports::free(), ports::free());
    let secret = format!("client_secret = '{SECRET}'");
    let file = [
        table("company", &Certified::issuer_on(honest), "patgate", &secret),
        table("other", &format!("http://localhost:{liar}"), "patgate", ""),
    ];
    let world = world(&file.concat()).await;
    let (provider, other) = (Certified::start(honest, BASE, "company"), Liar::start(liar));
    // Alice chose the liar; it sent her on to the honest one, whose code would now go to the liar.
    let (to_liar, liars_cookie) = begin(&world, "other", "").await;
    let state = to_liar.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (to_honest, cookie) = begin(&world, "company", "").await;
    let mixed =
        to_honest.replace(to_honest.split("state=").nth(1).unwrap().split('&').next().unwrap(), &state);
    let back = Visitor::new("alice", "any").sign_in(&mixed, BASE);
    come_back(&world, &back, &liars_cookie).await.assert_refused();
    come_back(&world, &back, &cookie).await.assert_refused();
    // Each by itself is well.
    let back = Visitor::new("alice", "any").sign_in(&to_honest, BASE);
    assert_eq!(come_back(&world, &back, &cookie).await.status(), 303);
    world.let_in("everybody", "other").await;
    let back = Visitor::new("x", "x").sign_in(&to_liar, BASE);
    assert_eq!(come_back(&world, &back, &liars_cookie).await.status(), 303);
    assert_eq!(world.found("mallory").await.unwrap().provider, "other");
    drop((provider, other));
}

#[tokio::test]
async fn one_never_goes_on_at_another_site() {
    let stage = Stage::build("").await;
    for next in ["//evil.example", "https://evil.example", "/%5Cevil.example", "javascript:alert(1)"] {
        let (back, cookie) = stage.visit("alice", next).await;
        let answer = come_back(&stage.world, &back, &cookie).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/account/tokens"), "{next}");
    }
    let long = format!("/account/tokens?search={}", "x".repeat(2_000));
    let (back, cookie) = stage.visit("alice", &long).await;
    assert!(cookie.len() < 4_096);
    assert_eq!(come_back(&stage.world, &back, &cookie).await.header("location"), "/account/tokens");
}

#[tokio::test]
async fn a_session_that_was_planted_is_worth_nothing_afterwards() {
    let stage = Stage::build("").await;
    let mallory = stage.world.user("mallory", &["login"]).await;
    let planted = stage.world.session(&mallory).await;
    let (back, cookie) = stage.visit("alice", "").await;
    let both = format!("{cookie}; {}", planted.cookie);
    let answer = come_back(&stage.world, &back, &both).await;
    assert_ne!(answer.session_cookie().unwrap(), planted.cookie);
    assert_eq!(stage.world.send(get("/api/v1/session").cookie(&planted)).await.status(), 401);
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_inherits_nothing() {
    let stage = Stage::build("").await;
    let alice = stage.world.user("Alice", &["login", "admin"]).await;
    let token = stage.world.token(&alice, NewGrant::default()).await;
    stage.sign_in("alice").await.assert_refused();
    let kept = stage.world.found("alice").await.unwrap();
    assert_eq!((kept.id, kept.origin), (alice.id, Origin::Internal));
    assert_eq!(stage.world.send(get("/api/v1/users/Alice").token(&token)).await.status(), 200);
    // Nor does one of a directory.
    let bob = stage.world.user_from("Bob", Origin::Ldap, "directory", &["login", "admin"]).await;
    stage.sign_in("bob").await.assert_refused();
    let kept = stage.world.found("bob").await.unwrap();
    assert_eq!((kept.id, kept.origin, kept.provider.as_str()), (bob.id, Origin::Ldap, "directory"));
}

#[tokio::test]
async fn a_provider_that_is_away_keeps_people_out_and_nobody_else() {
    let mut stage = Stage::build("").await;
    let (back, cookie) = stage.visit("alice", "").await;
    let bob = stage.world.user("bobby", &["login"]).await;
    let token = stage.world.token(&bob, NewGrant::default()).await;
    stage.provider.stop();
    let answer = come_back(&stage.world, &back, &cookie).await;
    assert_eq!(answer.status(), 503, "{}", answer.shown());
    assert!(answer.text().contains("has the cause under reference"));
    assert_eq!(answer.header("retry-after"), "30");
    // What it said of itself counts for an hour; then it is asked again.
    stage.world.clock.set(today() + SignedDuration::from_hours(2));
    let answer = stage.world.send(get("/login/external/company")).await;
    assert_eq!((answer.status(), answer.cookies().len()), (503, 0));
    assert_eq!(
        stage.world.send(get("/api/v1/personal-access-tokens/current").token(&token)).await.status(),
        200
    );
}
