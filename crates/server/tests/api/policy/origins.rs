//! Exemptions from the maximum, and origins that are closed.

use patgate_core::grant::{GrantState, SuspensionReason};
use patgate_core::user::Origin;
use patgate_server::service::policy;
use patgate_store::{AuditEvent, AuditFilter, Page, SubjectKind};
use serde_json::{Value, json};

use super::{CORP, SETTINGS, anns, later, passes, rules, save, save_over_it, state, token};
use crate::common::{IssuedToken, NewGrant, PASSWORD, World, delete, get, post, put};

#[tokio::test]
async fn the_maximum_does_not_apply_to_the_exempt_while_their_exemption_holds() {
    let world = World::configured(CORP).await;
    world.user("root", &["admin"]).await;
    let [never, ..] = anns(&world).await;
    let bob = world.user("bob", &["login"]).await;
    let bobs = token(&world, &bob, None).await;
    world.clock.set(later(&world, 1));
    let path = format!("{SETTINGS}/exemptions");
    let exempt = |body: Value| world.send(post(&*path).basic("root", PASSWORD).json(&body));
    let ends = later(&world, 10 * 24 * 3_600);
    let made = exempt(json!({"name": "Ann", "reason": "An audit", "endsAt": ends})).await;
    assert_eq!(made.status(), 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(made.header("location").ends_with(&id));
    for (body, status) in [
        (json!({"name": "ann", "reason": "Again", "endsAt": ends}), 409),
        (json!({"name": "nobody", "reason": "x", "endsAt": ends}), 400),
        (json!({"name": "bob", "provider": "corp", "reason": "x", "endsAt": ends}), 400),
        (json!({"name": "bob", "reason": "", "endsAt": ends}), 400),
        (json!({"name": "bob", "reason": "x", "endsAt": world.clock.now()}), 400),
        (json!({"name": "bob", "reason": "x"}), 400),
        (json!({"name": "ops", "kind": "group", "reason": "x", "endsAt": ends}), 400),
        (json!({"name": "ops", "kind": "group", "provider": "corp", "reason": "x", "endsAt": ends}), 201),
    ] {
        let answer = exempt(body.clone()).await;
        assert_eq!(answer.status(), status, "{body}");
        let is_unknown = status == 400 && (body["name"] == "nobody" || body["provider"] == "corp");
        assert!(!is_unknown || answer.json()["field"] == "name", "{body}: {}", answer.text());
    }
    let preview =
        world.send(get(format!("{SETTINGS}/preview?maximumLifetimeDays=7")).basic("root", PASSWORD)).await;
    assert_eq!((&preview.json()["count"], &preview.json()["tokens"][0]["id"]), (&json!(1), &json!(bobs.id)));
    assert_eq!(save(&world, &rules(&json!(7), &json!({"overMaximum": "suspend"}))).await.status(), 200);
    assert!(passes(&world, &never).await && !passes(&world, &bobs).await);
    let make = |name: &'static str, days: u32| {
        let body = json!({"tokenNote": "n", "expiresInDays": days, "globalPermissions": []});
        world.send(post("/api/v1/personal-access-tokens").basic(name, PASSWORD).json(&body))
    };
    assert_eq!((make("ann", 365).await.status(), make("bob", 365).await.status()), (201, 400));
    // It ends: the tokens stay, and the next preview marks them.
    world.clock.set(later(&world, 1));
    assert_eq!(world.send(delete(format!("{path}/{id}")).basic("root", PASSWORD)).await.status(), 204);
    assert_eq!(world.send(delete(format!("{path}/{id}")).basic("root", PASSWORD)).await.status(), 404);
    assert_eq!(make("ann", 365).await.status(), 400);
    assert!(passes(&world, &never).await);
    world.clock.set(later(&world, 1));
    let preview =
        world.send(get(format!("{SETTINGS}/preview?maximumLifetimeDays=7")).basic("root", PASSWORD)).await;
    let preview = preview.json();
    let notes: Vec<_> =
        preview["tokens"].as_array().unwrap().iter().map(|token| token["needsReview"] == true).collect();
    assert_eq!(preview["count"], 5, "{preview}");
    assert_eq!(notes.iter().filter(|needs| **needs).count(), 1, "the one of 365 days: {preview}");
    let listed = world.send(get(&*path).basic("root", PASSWORD)).await.json();
    assert_eq!(listed["exemptions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn closing_single_sign_on_suspends_its_tokens_until_it_opens() {
    closing_suspends_until_it_opens(Origin::Sso).await;
}

#[tokio::test]
async fn closing_ldap_suspends_its_tokens_until_it_opens() {
    closing_suspends_until_it_opens(Origin::Ldap).await;
}

async fn closing_suspends_until_it_opens(origin: Origin) {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sue = world.user_from("sue", origin, "corp", &["login"]).await;
    let of = async |application| world.token(&sue, NewGrant { application, ..NewGrant::default() }).await;
    let (deploy, any) = (of("deploy").await, of("any").await);
    let mut closed = rules(&Value::Null, &json!({}));
    closed["origins"]["deploy"][origin.as_str()] = json!(false);
    let path = format!("{SETTINGS}/preview?closing=deploy.{}", origin.as_str());
    let preview = world.send(get(path).basic("root", PASSWORD)).await;
    let preview = preview.json();
    assert_eq!(preview["count"], 2);
    for token in preview["tokens"].as_array().unwrap() {
        assert_eq!(token["passesElsewhere"] == true, token["id"] == json!(any.id), "{token}");
    }
    assert_eq!(save(&world, &closed).await.status(), 200);
    let at_deploy = |token: &IssuedToken| world.send(get("/auth/deploy").deploy_token(token));
    assert!(matches!(
        state(&world, &deploy).await,
        GrantState::Suspended { reason: SuspensionReason::OriginClosed, .. }
    ));
    assert_eq!(state(&world, &any).await, GrantState::Active, "it passes elsewhere");
    assert_eq!((at_deploy(&deploy).await.status(), at_deploy(&any).await.status()), (401, 401));
    assert!(passes(&world, &any).await);
    // It opens.
    assert_eq!(save(&world, &rules(&Value::Null, &json!({}))).await.status(), 200);
    assert_eq!((at_deploy(&deploy).await.status(), at_deploy(&any).await.status()), (200, 200));
    // Lifted by hand: it works although the origin is closed.
    assert_eq!(save(&world, &closed).await.status(), 200);
    assert_eq!(at_deploy(&deploy).await.status(), 401);
    let lift = async |body: Value| {
        let before = events(&world, &deploy).await.len();
        let lifted =
            world.send(post(format!("{SETTINGS}/suspended")).basic("root", PASSWORD).json(&body)).await;
        assert_eq!(lifted.json(), json!({"lifted": 1}), "{body}");
        assert_eq!(at_deploy(&deploy).await.status(), 200, "{body}");
        let after = events(&world, &deploy).await;
        assert_eq!(after.len(), before + 1, "one event a token: {after:?}");
        assert_eq!(after[0].action, "grant.resume");
        assert_eq!(after[0].detail["closed"], format!("deploy.{}", origin.as_str()));
    };
    lift(json!({"ids": [deploy.id]})).await;
    // And all of them at once, when it was opened and closed again.
    assert_eq!(save(&world, &rules(&Value::Null, &json!({}))).await.status(), 200);
    assert_eq!(save(&world, &closed).await.status(), 200);
    assert_eq!(at_deploy(&deploy).await.status(), 401);
    lift(json!({"reason": "origin_closed"})).await;
}

#[tokio::test]
async fn tokens_can_be_left_working_where_their_origin_closes() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let of = async |application| world.token(&sue, NewGrant { application, ..NewGrant::default() }).await;
    let (deploy, any) = (of("deploy").await, of("any").await);
    let mut closed = rules(&Value::Null, &json!({"originClosed": "leave"}));
    closed["origins"]["deploy"]["sso"] = json!(false);
    assert_eq!(save(&world, &closed).await.status(), 200);
    let at_deploy = |token: &IssuedToken| world.send(get("/auth/deploy").deploy_token(token));
    assert_eq!((at_deploy(&deploy).await.status(), at_deploy(&any).await.status()), (200, 200));
    for token in [&deploy, &any] {
        assert_eq!(decided(&world, token).await, ["grant.leave_working"]);
    }
    let new = of("any").await;
    assert_eq!(at_deploy(&new).await.status(), 401, "it was made after that");
    assert!(passes(&world, &new).await);
    // After a restart as well.
    let world = World::in_folder(world.close().await, "").await;
    assert_eq!(world.send(get("/auth/deploy").deploy_token(&any)).await.status(), 200);
    assert_eq!(world.send(get("/auth/deploy").deploy_token(&new)).await.status(), 401);
    // Opened and closed again with the other choice.
    assert_eq!(save(&world, &rules(&Value::Null, &json!({}))).await.status(), 200);
    closed["existingTokens"] = json!({"originClosed": "suspend"});
    assert_eq!(save(&world, &closed).await.status(), 200);
    assert_eq!(world.send(get("/auth/deploy").deploy_token(&any)).await.status(), 401);
    assert_eq!(state(&world, &any).await, GrantState::Active);
    assert!(matches!(state(&world, &deploy).await, GrantState::Suspended { .. }));
    // Each decision is one event of each token that it changed.
    assert_eq!(decided(&world, &deploy).await, ["grant.suspend", "grant.leave_working"]);
    assert_eq!(decided(&world, &any).await, ["grant.end_left_working", "grant.leave_working"]);
    assert_eq!(decided(&world, &new).await, [""; 0]);
    // What was left working is so no more, also where it was suspended and is let in again.
    assert_eq!(save(&world, &rules(&Value::Null, &json!({}))).await.status(), 200);
    assert_eq!(state(&world, &deploy).await, GrantState::Active);
    assert_eq!(save(&world, &closed).await.status(), 200);
    assert_eq!(decided(&world, &deploy).await, ["grant.suspend", "grant.suspend", "grant.leave_working"]);
    assert_eq!(decided(&world, &any).await.len(), 2);
}

/// What decisions did to a token, as the audit log has it, the newest first.
async fn decided(world: &World, token: &IssuedToken) -> Vec<String> {
    let by_decisions =
        events(world, token).await.into_iter().filter(|event| !event.detail["decision"].is_null());
    by_decisions.map(|event| event.action).collect()
}

/// What the audit log has about a token, the newest first.
async fn events(world: &World, token: &IssuedToken) -> Vec<AuditEvent> {
    let subject = Some((SubjectKind::Grant, token.id.to_string()));
    let filter = AuditFilter { subject, ..AuditFilter::default() };
    world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap()
}

#[tokio::test]
async fn a_request_that_is_under_way_where_its_origin_closes_does_nothing() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("bob", &["login"]).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["admin"]).await;
    let table = |open: bool, existing: Value| {
        let mut rules = rules(&Value::Null, &existing);
        rules["origins"]["release"]["sso"] = json!(open);
        rules["tokensMayMakeTokens"] = json!(true);
        rules
    };
    let changes = put("/api/v1/users/bob").json(&json!({"fullName": "Late"}));
    let makes = json!({"tokenNote": "late", "application": "any"});
    let makes = post("/api/v1/personal-access-tokens").json(&makes);
    for (call, done) in [(changes, 200), (makes, 201)] {
        for (choice, status) in [("suspend", 403), ("leave", done)] {
            assert_eq!(save(&world, &table(true, json!({}))).await.status(), 200);
            let any = token(&world, &sue, None).await;
            let closed = table(false, json!({"originClosed": choice}));
            let closes = async { assert_eq!(save(&world, &closed).await.status(), 200) };
            let late = world.send_in_halves(call.clone().token(&any), closes).await;
            assert_eq!(late.status(), status, "{choice}: {}", late.text());
            assert_eq!(state(&world, &any).await, GrantState::Active, "it passes elsewhere");
        }
    }
}

#[tokio::test]
async fn an_origin_is_closed_at_a_time_that_was_chosen() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let any = token(&world, &sue, None).await;
    let mut closed = rules(&json!(365), &json!({"at": later(&world, 60)}));
    for row in ["deploy", "others"] {
        closed["origins"][row]["sso"] = json!(false);
    }
    closed["tokensMayMakeTokens"] = json!(true);
    let answer = save(&world, &closed).await.json();
    assert_eq!(answer["origins"]["others"]["sso"], true, "not yet");
    assert_eq!(answer["maximumLifetimeDays"], Value::Null, "neither");
    assert_eq!(answer["tokensMayMakeTokens"], true, "but this is");
    world.clock.set(later(&world, 60));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 2);
    assert!(matches!(
        state(&world, &any).await,
        GrantState::Suspended { reason: SuspensionReason::OriginClosed, .. }
    ));
    let settings = world.state.store.token_settings().await.unwrap();
    assert!(!settings.origins.others.sso && !settings.origins.deploy.sso && settings.origins.deploy.ldap);
    assert_eq!(settings.maximum_lifetime_days, Some(365.try_into().unwrap()));
}

#[tokio::test]
async fn the_rules_keep_what_was_open_to_sso_users_before_all_of_it_closed() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let table = |open: bool, existing: Value| {
        let mut rules = rules(&Value::Null, &existing);
        for row in ["release", "deploy", "others"] {
            rules["origins"][row]["sso"] = json!(open);
        }
        rules
    };
    let opened = save(&world, &table(true, json!({}))).await.json();
    assert_eq!(opened.get("ssoReopens"), None, "{opened}");
    let release = world.token(&sue, NewGrant { application: "release", ..NewGrant::default() }).await;
    // What waits closes nothing yet.
    let waiting = save(&world, &table(false, json!({"at": later(&world, 60)}))).await.json();
    assert_eq!((&waiting["origins"]["release"]["sso"], waiting.get("ssoReopens")), (&json!(true), None));
    world.clock.set(later(&world, 60));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    let read = async || world.send(get(SETTINGS).basic("root", PASSWORD)).await.json();
    let closed = read().await;
    assert_eq!(closed["ssoReopens"], "release.sso,deploy.sso,others.sso");
    assert!(!passes(&world, &release).await);
    // It is not set by who sends it, and what is there already is no change.
    let mut again = closed.clone();
    again["ssoReopens"] = json!("deploy.sso");
    let stale =
        world.send(put(SETTINGS).basic("root", PASSWORD).header("if-match", "\"0\"").json(&again)).await;
    assert_eq!((stale.status(), stale.json()), (200, closed.clone()));
    again["tokensMayMakeTokens"] = json!(true);
    again.as_object_mut().unwrap().remove("ssoReopens");
    assert_eq!(save(&world, &again).await.json()["ssoReopens"], closed["ssoReopens"]);
    let event = AuditFilter { action: Some("settings.update".to_owned()), ..AuditFilter::default() };
    let events = world.state.store.audit_events(&event, Page::WHOLE).await.unwrap();
    let kept = |event: &AuditEvent| {
        (event.detail["from"].get("ssoReopens").is_some(), event.detail["to"].get("ssoReopens").is_some())
    };
    assert_eq!(events.iter().map(kept).collect::<Vec<_>>(), [(true, true), (false, true), (false, false)]);
    // A part of it alone: then that is what was open last.
    let mut part = table(false, json!({}));
    part["origins"]["others"]["sso"] = json!(true);
    assert_eq!(save(&world, &part).await.json().get("ssoReopens"), None);
    assert!(!passes(&world, &release).await);
    assert_eq!(save(&world, &table(false, json!({}))).await.json()["ssoReopens"], "others.sso");
    assert_eq!(save(&world, &table(true, json!({}))).await.status(), 200);
    assert!(passes(&world, &release).await);
}

#[tokio::test]
async fn a_scheduled_closing_keeps_what_was_decided_after_it() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let sue = world.user_from("sue", Origin::Sso, "idp", &["login"]).await;
    let of = async |application| world.token(&sue, NewGrant { application, ..NewGrant::default() }).await;
    let (deploy, any) = (of("deploy").await, of("any").await);
    let mut both = rules(&Value::Null, &json!({"at": later(&world, 60)}));
    both["origins"]["deploy"]["sso"] = json!(false);
    both["origins"]["others"]["sso"] = json!(false);
    assert_eq!(save(&world, &both).await.status(), 200);
    let mut one = rules(&Value::Null, &json!({"originClosed": "leave"}));
    one["origins"]["deploy"]["sso"] = json!(false);
    assert_eq!(save_over_it(&world, &one).await.status(), 200);
    // With that, `any` passes somewhere when the rest is closed.
    let preview =
        world.send(get(format!("{SETTINGS}/preview?closing=others.sso")).basic("root", PASSWORD)).await;
    let preview = preview.json();
    assert_eq!((&preview["count"], &preview["tokens"][0]["passesElsewhere"]), (&json!(1), &json!(true)));
    world.clock.set(later(&world, 60));
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    for token in [&deploy, &any] {
        assert_eq!(state(&world, token).await, GrantState::Active);
        assert_eq!(world.send(get("/auth/deploy").deploy_token(token)).await.status(), 200);
    }
    assert!(!passes(&world, &any).await);
    assert!(!world.state.store.token_settings().await.unwrap().origins.others.sso);
}

#[tokio::test]
async fn a_decision_that_cannot_be_read_holds_up_no_other() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let maximum = rules(&json!(365), &json!({"at": later(&world, 30)}));
    assert_eq!(save(&world, &maximum).await.status(), 200);
    let mut closed = rules(&Value::Null, &json!({"at": later(&world, 60)}));
    closed["origins"]["deploy"]["sso"] = json!(false);
    assert_eq!(save(&world, &closed).await.status(), 200);
    let due = later(&world, 60);
    let folder = world.close().await;
    let file = folder.path().join("data/patgate.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let decided = br#"{"rule":"maximum""#;
    let found: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(decided)).collect();
    assert!(!found.is_empty());
    for at in found {
        bytes[at..at + decided.len()].copy_from_slice(br#"{"rule":"minimum""#);
    }
    std::fs::write(&file, bytes).unwrap();
    let world = World::in_folder(folder, "").await;
    // It is shown as one that cannot be read, beside the one that can.
    let listed = world.send(get(format!("{SETTINGS}/decisions")).basic("root", PASSWORD)).await.json();
    let states: Vec<_> = listed["decisions"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert!(states.len() == 2 && states.contains(&&json!("pending")), "{listed}");
    let unreadable = listed["decisions"].as_array().unwrap().iter().find(|one| one["state"] == "unreadable");
    let unreadable = unreadable.unwrap();
    assert_eq!((&unreadable["madeBy"], unreadable.get("overMaximum")), (&json!("root"), None));
    let id = unreadable["id"].as_str().unwrap();
    let undo = delete(format!("{SETTINGS}/decisions/{id}")).basic("root", PASSWORD);
    let undone = world.send(undo).await;
    assert_eq!(undone.status(), 409, "{}", undone.text());
    assert!(undone.json()["detail"].as_str().unwrap().contains("cannot read"), "{}", undone.text());
    let session = world.session(&root).await;
    let page = world.open(&session, "/settings").await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("A decision that this version of Patgate cannot read"), "{}", page.text());
    assert!(!page.text().contains(&format!("/settings/decisions/{id}/undo")), "nobody can undo it here");
    let question = world.open(&session, &format!("/settings/decisions/{id}/undo")).await;
    assert_eq!(question.status(), 409);
    world.clock.set(due);
    assert_eq!(policy::apply_due(&world.state).await.unwrap(), 1);
    let settings = world.state.store.token_settings().await.unwrap();
    assert_eq!((settings.origins.deploy.sso, settings.maximum_lifetime_days), (false, None));
}
