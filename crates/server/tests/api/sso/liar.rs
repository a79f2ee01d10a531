//! A provider that lies: each lie is one thing wrong in what it signs or answers.

use std::net::TcpListener;

use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Liar, Visitor};

use super::{BASE, begin, come_back, table, world};
use crate::common::{Answer, World, get};

/// A server whose only provider lies, and lets everybody of it in.
async fn stage() -> (World, Liar) {
    let port = ports::free();
    let world = world(&table("liars", &format!("http://localhost:{port}"), "patgate", "")).await;
    world.let_in("everybody", "liars").await;
    (world, Liar::start(port))
}

async fn sign_in(world: &World) -> Answer {
    let (location, cookie) = begin(world, "liars", "").await;
    let back = Visitor::new("anybody", "at all").sign_in(&location, BASE);
    come_back(world, &back, &cookie).await
}

#[tokio::test]
async fn no_lie_of_a_provider_is_believed() {
    let (world, liar) = stage().await;
    for lie in [
        "expired",
        "future",
        "audience",
        "audiences",
        "party",
        "issuer",
        "nonce",
        "nameless",
        "known",
        "odd",
        "userinfo",
        "unsigned",
        "signature",
        "claims",
        "public-key",
        "no-id-token",
        "refuses",
    ] {
        if lie == "known" {
            world.user("admin", &["admin"]).await;
        }
        liar.lie(lie);
        let answer = sign_in(&world).await;
        assert!(answer.status() == 403, "{lie}: {}", answer.shown());
        answer.assert_refused();
        assert!(world.found("mallory").await.is_none(), "{lie}");
    }
    liar.lie("none");
    assert_eq!(sign_in(&world).await.status(), 303);
    assert!(world.found("mallory").await.is_some());
}

#[tokio::test]
async fn an_id_token_of_an_earlier_sign_in_is_not_taken_again() {
    let (world, liar) = stage().await;
    liar.lie("replayed");
    assert_eq!(sign_in(&world).await.status(), 303);
    sign_in(&world).await.assert_refused();
}

#[tokio::test]
async fn a_provider_that_breaks_or_babbles_is_an_outage() {
    let (world, liar) = stage().await;
    for lie in ["broken", "huge"] {
        liar.lie(lie);
        let answer = sign_in(&world).await;
        assert_eq!(answer.status(), 503, "{lie}: {}", answer.shown());
        assert!(answer.session_cookie().is_none());
    }
}

#[tokio::test]
async fn a_provider_that_says_nothing_holds_nobody_up_for_ever() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let world = world(&table("silent", &issuer, "patgate", "")).await;
    // Both wait for the same answer, not one after the other.
    let visits =
        tokio::join!(world.send(get("/login/external/silent")), world.send(get("/login/external/silent")));
    for answer in [visits.0, visits.1] {
        assert_eq!((answer.status(), answer.cookies().len()), (503, 0));
    }
    assert_eq!(world.send(get("/login")).await.status(), 200);
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_not_believed() {
    let port = ports::free();
    let _liar = Liar::start(port);
    // The same server by another name, as after a redirect of somebody's DNS.
    let world = world(&table("liars", &format!("http://127.0.0.1:{port}"), "patgate", "")).await;
    let answer = world.send(get("/login/external/liars")).await;
    assert_eq!((answer.status(), answer.cookies().len()), (503, 0));
}
