//! A lower maximum: preview, choice, schedule, undoing it, and lifting a suspension.

use jiff::Timestamp;
use patgate_core::grant::GrantState;
use patgate_core::identifier::GrantId;
use patgate_server::service::policy;
use patgate_store::{AuditFilter, Page, SubjectKind};
use serde_json::{Value, json};

use super::{SETTINGS, anns, end, later, over_maximum, passes, rules, save, save_over_it, state, token};
use crate::common::{PASSWORD, World, delete, get, post, put};

#[tokio::test]
async fn each_choice_does_what_it_says_at_once() {
    for (choice, endless, over, works) in [
        ("leave", "never", "2026-06-02T12:00:01Z", true),
        ("shorten", "2026-06-02T12:00:00Z", "2026-06-02T12:00:00Z", true),
        ("suspend", "never", "2026-06-02T12:00:01Z", false),
        ("delete", "never", "2026-06-02T12:00:01Z", false),
    ] {
        let world = World::new().await;
        world.user("root", &["admin"]).await;
        let [never, equal, longer] = anns(&world).await;
        let answer = save(&world, &rules(&json!(30), &json!({"overMaximum": choice}))).await;
        assert_eq!(answer.status(), 200, "{choice}: {}", answer.text());
        assert_eq!(answer.json()["maximumLifetimeDays"], 30);
        assert!(answer.json().get("existingTokens").is_none(), "what was asked is no part of the rules");
        assert_eq!(
            (end(&world, &never).await, end(&world, &longer).await),
            (endless.to_owned(), over.to_owned())
        );
        assert_eq!(end(&world, &equal).await, "2026-06-02T12:00:00Z");
        assert!(passes(&world, &equal).await, "what ends with the maximum does not exceed it");
        for token in [&never, &longer] {
            assert_eq!(passes(&world, token).await, works, "{choice}");
            let about = Some((SubjectKind::Grant, token.id.to_string()));
            let filter = AuditFilter { subject: about, ..AuditFilter::default() };
            let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
            assert_eq!(events.len(), if choice == "leave" { 1 } else { 2 }, "{choice}: {events:?}");
        }
        let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
        let decision = &listed["decisions"][0];
        assert_eq!((&decision["state"], &decision["overMaximum"]), (&json!("applied"), &json!(choice)));
        assert_eq!(decision["tokens"], if choice == "leave" { 0 } else { 2 });
    }
}

#[tokio::test]
async fn without_a_choice_nothing_becomes_of_the_tokens() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, ..] = anns(&world).await;
    let mut body = rules(&json!(7), &json!({}));
    body.as_object_mut().unwrap().remove("existingTokens");
    assert_eq!(save(&world, &body).await.status(), 200);
    assert_eq!(
        (state(&world, &never).await, end(&world, &never).await),
        (GrantState::Active, "never".to_owned())
    );
}

#[tokio::test]
async fn the_preview_lists_what_exceeds_the_maximum() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, _, longer] = anns(&world).await;
    let path = format!("{SETTINGS}/preview?maximumLifetimeDays=30");
    let answer = world.send(get(&*path).basic("root", PASSWORD)).await.json();
    assert_eq!(answer["count"], 2);
    let ids: Vec<_> = answer["tokens"].as_array().unwrap().iter().map(|token| token["id"].clone()).collect();
    assert_eq!(ids, [json!(never.id), json!(longer.id)]);
    assert_eq!(answer["tokens"][1]["owner"], "ann");
    assert_eq!(answer["tokens"][1]["expiresAt"], "2026-06-02T12:00:01Z");
    // Who decides about the rules and may not see other people's tokens is told how many they are.
    world.user("officer", &["security#edit"]).await;
    let counted = world.send(get(&*path).basic("officer", PASSWORD)).await.json();
    assert_eq!((&counted["count"], &counted["tokens"]), (&json!(2), &Value::Null));
    world.user("auditor", &["security#view", "token#view_all"]).await;
    assert_eq!(world.send(get(&*path).basic("auditor", PASSWORD)).await.status(), 403);
    for (query, field) in [
        ("", "maximumLifetimeDays"),
        ("maximumLifetimeDays=31", "maximumLifetimeDays"),
        ("closing=release.saml", "closing"),
        ("maximumLifetimeDays=30&closing=release.sso", "maximumLifetimeDays"),
        ("maximumLifetimeDays=30&after=x", "after"),
    ] {
        let refused = world.send(get(format!("{SETTINGS}/preview?{query}")).basic("root", PASSWORD)).await;
        assert_eq!((refused.status(), refused.json()["field"].as_str()), (400, Some(field)), "{query}");
    }
}

#[tokio::test]
async fn a_long_preview_comes_in_pages() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let mut change = world.change().await;
    for _ in 0..230 {
        let (grant, digest) = world.grant_of(root.id);
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    world.commit(change).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut next = String::new();
    for expected in [100, 100, 30] {
        let path = format!("{SETTINGS}/preview?maximumLifetimeDays=30{next}");
        let answer = world.send(get(path).basic("root", PASSWORD)).await.json();
        let tokens = answer["tokens"].as_array().unwrap();
        assert_eq!((answer["count"].as_u64(), tokens.len()), (Some(230), expected));
        seen.extend(tokens.iter().map(|token| token["id"].as_str().unwrap().to_owned()));
        next = answer["next"].as_str().map_or_else(String::new, |next| format!("&after={next}"));
    }
    assert_eq!((seen.len(), next.as_str()), (230, ""));
}

#[tokio::test]
async fn a_scheduled_decision_takes_effect_at_its_time_on_what_exceeds_then() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, equal, longer] = anns(&world).await;
    let at = later(&world, 3_600);
    let body = rules(&json!(30), &json!({"overMaximum": "shorten", "at": at}));
    let answer = save(&world, &body).await;
    assert_eq!((answer.status(), &answer.json()["maximumLifetimeDays"]), (200, &Value::Null), "not yet");
    // A second one about the same rule is refused, and so is one in the past.
    let second = save_over_it(&world, &rules(&json!(7), &json!({"at": at}))).await;
    assert_eq!((second.status(), second.json()["hint"].as_str()), (409, Some("Undo it first")));
    let past = save(&world, &rules(&json!(7), &json!({"at": world.clock.now()}))).await;
    assert_eq!((past.status(), past.json()["field"].as_str()), (400, Some("existingTokens.at")));
    world.clock.set(later(&world, 3_599));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 0);
    // Made after it was decided, and touched all the same.
    let bob = world.user("bob", &["login"]).await;
    let new = token(&world, &bob, None).await;
    world.clock.set(at);
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    for token in [&never, &longer, &new] {
        let expected = if token.id == longer.id { "2026-06-02T12:00:01Z" } else { "2026-06-02T13:00:00Z" };
        assert_eq!(end(&world, token).await, expected, "counted from when it takes effect");
    }
    assert_eq!(end(&world, &equal).await, "2026-06-02T12:00:00Z");
    assert_eq!(
        world.state.store.token_settings().await.unwrap().maximum_lifetime_days,
        Some(30.try_into().unwrap())
    );
    // Once.
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 0);
    let mails = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let applied = mails.iter().filter(|event| event.action == "decision.apply").count();
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_decision_can_be_undone_until_it_takes_effect() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("auditor", &["security#view"]).await;
    let [never, ..] = anns(&world).await;
    let body = |at: Timestamp| rules(&json!(30), &json!({"overMaximum": "delete", "at": at}));
    assert_eq!(save(&world, &body(later(&world, 60))).await.status(), 200);
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("auditor", PASSWORD)).await.json();
    let path = format!("{SETTINGS}/decisions/{}", listed["decisions"][0]["id"].as_str().unwrap());
    assert_eq!(world.send(delete(&*path).basic("auditor", PASSWORD)).await.status(), 403);
    assert_eq!(world.send(delete(&*path).basic("root", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(delete(&*path).basic("root", PASSWORD)).await.status(), 409);
    world.clock.set(later(&world, 120));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 0);
    assert_eq!(state(&world, &never).await, GrantState::Active);
    // What took effect is not undone.
    assert_eq!(save(&world, &body(later(&world, 60))).await.status(), 200);
    world.clock.set(later(&world, 60));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
    let path = format!("{SETTINGS}/decisions/{}", listed["decisions"][0]["id"].as_str().unwrap());
    assert_eq!(world.send(delete(&*path).basic("root", PASSWORD)).await.status(), 409);
    assert!(!passes(&world, &never).await);
    assert_eq!(
        world.send(delete(format!("{SETTINGS}/decisions/x")).basic("root", PASSWORD)).await.status(),
        404
    );
}

#[tokio::test]
async fn what_came_due_while_no_server_ran_takes_effect_at_the_next_start() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, ..] = anns(&world).await;
    let body = rules(&json!(30), &json!({"overMaximum": "suspend", "at": later(&world, 60)}));
    assert_eq!(save(&world, &body).await.status(), 200);
    let world = World::in_folder(world.close().await, "").await;
    world.clock.set(later(&world, 3 * 24 * 3_600));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    assert!(over_maximum(state(&world, &never).await));
    assert!(!passes(&world, &never).await, "in force on this node at once");
}

#[tokio::test]
async fn of_several_who_look_at_once_one_applies() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    anns(&world).await;
    let body = rules(&json!(30), &json!({"overMaximum": "suspend", "at": later(&world, 60)}));
    assert_eq!(save(&world, &body).await.status(), 200);
    world.clock.set(later(&world, 60));
    let looks = (0..4).map(|_| {
        let state = world.state.clone();
        tokio::spawn(async move { policy::apply_due(&state).await.unwrap() })
    });
    let looks: Vec<_> = looks.collect();
    let mut applied = 0;
    for look in looks {
        applied += look.await.unwrap();
    }
    assert_eq!(applied, 1);
    let filter = AuditFilter { action: Some("grant.suspend".to_owned()), ..AuditFilter::default() };
    assert_eq!(
        world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap().len(),
        1,
        "no token twice"
    );
}

#[tokio::test]
async fn a_decision_that_was_overtaken_fails_and_says_why() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, ..] = anns(&world).await;
    let body = rules(&json!(30), &json!({"overMaximum": "delete", "at": later(&world, 60)}));
    assert_eq!(save(&world, &body).await.status(), 200);
    assert_eq!(save_over_it(&world, &rules(&json!(7), &json!({}))).await.status(), 200);
    world.clock.set(later(&world, 60));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
    let failed = listed["decisions"].as_array().unwrap().iter().find(|one| one["state"] == "failed").unwrap();
    assert!(failed["reason"].as_str().unwrap().contains("the maximum was changed"), "{failed}");
    assert_eq!(state(&world, &never).await, GrantState::Active);
    let settings = world.state.store.token_settings().await.unwrap();
    assert_eq!(
        settings.maximum_lifetime_days,
        Some(7.try_into().unwrap()),
        "never raised by an old decision"
    );
}

#[tokio::test]
async fn a_suspension_is_lifted_by_a_higher_maximum_or_by_an_administrator() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let [never, equal, longer] = anns(&world).await;
    assert_eq!(save(&world, &rules(&json!(7), &json!({"overMaximum": "suspend"}))).await.status(), 200);
    for token in [&never, &equal, &longer] {
        assert!(over_maximum(state(&world, token).await));
        assert!(!passes(&world, token).await);
    }
    assert_eq!(save(&world, &rules(&json!(30), &json!({}))).await.status(), 200);
    assert!(passes(&world, &equal).await, "the maximum covers it again");
    assert!(!passes(&world, &longer).await && !passes(&world, &never).await);
    // One by hand.
    let path = format!("{SETTINGS}/suspended");
    let listed = world.send(get(&*path).basic("root", PASSWORD)).await.json();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2);
    let lift = |body: Value| world.send(post(&*path).basic("root", PASSWORD).json(&body));
    let unknown = GrantId::from_i64(1);
    assert_eq!(lift(json!({"ids": [longer.id, equal.id, unknown]})).await.json(), json!({"lifted": 1}));
    assert!(passes(&world, &longer).await && !passes(&world, &never).await);
    for body in
        [json!({}), json!({"ids": [], "reason": "over_maximum"}), json!({"reason": "owner_unconfirmed"})]
    {
        assert_eq!(lift(body.clone()).await.status(), 400, "{body}");
    }
    world.user("auditor", &["security#view", "token#view_all"]).await;
    let refused = post(&*path).basic("auditor", PASSWORD).json(&json!({"reason": "over_maximum"}));
    assert_eq!(world.send(refused).await.status(), 403);
    assert_eq!(lift(json!({"reason": "over_maximum"})).await.json(), json!({"lifted": 1}));
    assert!(passes(&world, &never).await);
    // Without a maximum all pass.
    assert_eq!(save(&world, &rules(&json!(7), &json!({"overMaximum": "suspend"}))).await.status(), 200);
    assert!(!passes(&world, &never).await);
    assert_eq!(save(&world, &rules(&Value::Null, &json!({}))).await.status(), 200);
    assert!(passes(&world, &never).await && passes(&world, &longer).await);
}

#[tokio::test]
async fn deleting_other_peoples_tokens_needs_the_permission_for_it() {
    let world = World::new().await;
    world.user("officer", &["security#edit"]).await;
    let [never, ..] = anns(&world).await;
    let body = rules(&json!(30), &json!({"overMaximum": "delete"}));
    let refused = world.send(put(SETTINGS).basic("officer", PASSWORD).json(&body)).await;
    assert_eq!((refused.status(), refused.text()), (403, "You do not have token#delete_all permission"));
    assert!(passes(&world, &never).await);
    assert_eq!(world.state.store.token_settings().await.unwrap().maximum_lifetime_days, None);
}
