//! A provider that lies: each lie is one thing wrong in what it signs or answers.

use std::collections::BTreeSet;
use std::net::TcpListener;

use patgate_testkit::ports;
use patgate_testkit::servers::fake_http::{FakeHttp, Reply};
use patgate_testkit::servers::oidc::{Liar, Visitor};
use serde_json::json;

use super::{BASE, begin, come_back, document, table, world};
use crate::common::{Answer, World, get};

/// A server whose only provider lies, and lets everybody of it in.
pub(super) async fn stage() -> (World, Liar) {
    stage_with("").await
}

/// The same with these lines more in the provider's table.
async fn stage_with(lines: &str) -> (World, Liar) {
    let port = ports::free();
    let world = world(&table("liars", &format!("http://localhost:{port}"), "patgate", lines)).await;
    world.let_in("everybody", "liars").await;
    (world, Liar::start(port))
}

pub(super) async fn sign_in(world: &World) -> Answer {
    let (location, cookie) = begin(world, "liars", "").await;
    let back = Visitor::new("anybody", "at all").sign_in(&location, BASE);
    come_back(world, &back, &cookie).await
}

#[tokio::test]
async fn no_lie_of_a_provider_is_believed() {
    let (world, liar) = stage().await;
    let mut pages = BTreeSet::new();
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
        pages.insert(answer.assert_refused());
        assert!(world.found("mallory").await.is_none(), "{lie}");
    }
    assert_eq!(pages.len(), 1, "a visitor learns nothing of the reason: {pages:?}");
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
async fn clocks_may_differ_as_far_as_is_set() {
    for (lines, status) in [("", 403), ("clock_skew_seconds = 120", 303)] {
        let (world, liar) = stage_with(lines).await;
        let now = world.state.clock.now().as_second();
        liar.claim(&json!({ "exp": now - 90 }));
        let answer = sign_in(&world).await;
        assert_eq!(answer.status(), status, "{lines}: {}", answer.shown());
        assert_eq!(world.found("mallory").await.is_some(), status == 303, "{lines}");
    }
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
    let visits =
        tokio::join!(world.send(get("/login/external/silent")), world.send(get("/login/external/silent")));
    for answer in [visits.0, visits.1] {
        assert_eq!((answer.status(), answer.cookies().len()), (503, 0));
    }
    assert_eq!(world.send(get("/login")).await.status(), 200);
    silent.set_nonblocking(true).unwrap();
    let calls = silent.incoming().map_while(Result::ok).count();
    assert_eq!(calls, 1, "both waited for the same answer, not one after the other");
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

/// A provider of which one endpoint answers a byte a second.
fn slow(endpoint: &'static str) -> FakeHttp {
    FakeHttp::start(move |url, path| {
        let reply = match path {
            "/token" => Reply::json(
                &json!({ "access_token": "a", "token_type": "Bearer", "id_token": "e30.e30.e30" }),
            ),
            "/keys" => Reply::json(&json!({ "keys": [] })),
            _ => Reply::json(&document(url)),
        };
        if path.ends_with(endpoint) { reply.dribbled() } else { reply }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_a_byte_a_second_is_an_outage() {
    let ends = ["/openid-configuration", "/token", "/keys"];
    let [document, token, keys] = ends.map(slow);
    let before = async || {
        let world = world(&table("slow", &document.url(), "patgate", "")).await;
        (world.send(get("/login/external/slow")).await, document.requests().len())
    };
    let behind = async |provider: &FakeHttp| {
        let world = world(&table("slow", &provider.url(), "patgate", "")).await;
        let (location, cookie) = begin(&world, "slow", "").await;
        let state = location.split("state=").nth(1).unwrap().split('&').next().unwrap();
        let answer = come_back(&world, &format!("{BASE}/oidc-login?code=c&state={state}"), &cookie).await;
        (answer, provider.requests().len())
    };
    let answers = tokio::join!(before(), behind(&token), behind(&keys));
    for ((answer, asked), expected) in [answers.0, answers.1, answers.2].into_iter().zip([1, 2, 3]) {
        assert_eq!((answer.status(), answer.session_cookie()), (503, None), "{}", answer.shown());
        assert_eq!(asked, expected, "it came as far as to the slow one, and no further");
    }
}
