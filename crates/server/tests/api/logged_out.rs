//! Who is logged out while a request of theirs is under way: nothing becomes of it.

use patgate_store::{AuditFilter, Page};
use patgate_testkit::clock::days_from_noon;
use serde_json::json;

use crate::common::{NewGrant, SignedIn, World, delete, post};

const PROFILE: &str = "/account/profile";

async fn log_out(world: &World, session: &SignedIn) {
    let out = world.send(delete("/api/v1/session").session(session)).await;
    assert_eq!(out.status(), 204, "{}", out.text());
}

#[tokio::test]
async fn who_is_logged_out_when_the_whole_form_has_come_deletes_and_ends_nothing() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let works = world.token(&ann, NewGrant::default()).await;
    let ends = NewGrant { expires_at: Some("2026-05-04T00:00:00Z"), ..NewGrant::default() };
    let over = world.token(&ann, ends).await;
    world.clock.set(days_from_noon(2));
    let other = world.session(&ann).await;
    let profile = world.open(&other, PROFILE).await;
    let end = r#"action="/account/profile/sessions/"#;
    let name = profile.text().split(end).nth(1).unwrap().split('"').next().unwrap();
    let forms = [
        format!("/account/tokens/{}/delete", works.id),
        "/account/tokens/expired/clear".to_owned(),
        format!("{PROFILE}/sessions/{name}"),
        format!("{PROFILE}/logout"),
    ];
    let there = async || {
        let grant = async |id| world.state.store.grant(id).await.unwrap().is_some();
        let is_live = world.open(&other, PROFILE).await.status() == 200;
        [grant(works.id).await, grant(over.id).await, is_live]
    };
    for form in &forms {
        let session = world.session(&ann).await;
        let late = post(form).submit(&session, &[]);
        let late = world.send_in_halves(late, log_out(&world, &session)).await;
        assert_eq!(late.status(), 403, "{form}: {}", late.text());
    }
    assert_eq!(there().await, [true; 3]);
    // It is the end of the session that refused it, and nothing else.
    for form in &forms {
        let session = world.session(&ann).await;
        let answer = world.send_in_halves(post(form).submit(&session, &[]), async {}).await;
        assert_eq!(answer.status(), 303, "{form}: {}", answer.text());
    }
    assert_eq!(there().await, [false; 3]);
}

#[tokio::test]
async fn who_is_logged_out_when_the_whole_request_has_come_tries_no_mail_server_out() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.idle_mail_server().await;
    let path = "/api/v1/configuration-items/Configuration/SMTPSERVERTEST/test-mail";
    let call = post(path).json(&json!({ "to": "ann@example.org" }));
    let tried = async || {
        let filter = AuditFilter { action: Some("item.test_mail".to_owned()), ..AuditFilter::default() };
        world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap().len()
    };
    let session = world.session(&root).await;
    let late = call.clone().session(&session);
    let late = world.send_in_halves(late, log_out(&world, &session)).await;
    assert_eq!((late.status(), tried().await), (403, 0), "{}", late.text());
    let session = world.session(&root).await;
    let answer = world.send_in_halves(call.session(&session), async {}).await;
    assert_eq!((answer.status(), tried().await), (200, 1), "{}", answer.text());
}
