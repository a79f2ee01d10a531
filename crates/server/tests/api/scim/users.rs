//! Users over SCIM: made, changed, switched off, taken away, and what that does to their tokens.

use jiff::SignedDuration;
use patgate_core::provider::ProviderName;
use patgate_core::user::Origin;
use patgate_server::provider::{Answer as ProviderAnswer, Person as Claims};
use patgate_server::service::confirmations;
use patgate_server::service::sign_in::{SignInRefused, arrive};
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use super::{groups_at, person, status_at, token_of};
use crate::common::{PASSWORD, Provisioner, TWO_PROVIDERS, World, arrival, claims, delete, get, post, put};

async fn world() -> World {
    World::configured(TWO_PROVIDERS).await
}

fn provider() -> ProviderName {
    "corp".parse().unwrap()
}

async fn sign_in(world: &World, person: &Claims) -> Result<String, SignInRefused> {
    let arrived = arrive(&world.state, arrival(world, Origin::Sso, &provider(), person)).await;
    arrived.map(|id| id.to_string())
}

#[tokio::test]
async fn a_user_is_made_found_changed_and_taken_away() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let path = format!("/Users/{id}");
    let read = corp.get(&path).await;
    let user = read.json();
    let tag = read.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && user["meta"]["version"] == tag, "{}", read.shown());
    let location = format!("http://127.0.0.1:5516/scim/v2/Users/{id}");
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id, "externalId": "key-ann", "userName": "ann", "displayName": "ann Example",
        "name": { "formatted": "ann Example" },
        "emails": [{ "value": "ann@example.org", "type": "work", "primary": true }],
        "active": true, "groups": [],
        "meta": { "resourceType": "User", "created": "2026-05-03T12:00:00Z", "location": location, "version": tag },
    });
    assert_eq!(user, expected);
    for filter in ["externalId%20eq%20%22key-ann%22", "userName+eq+%22ANN%22"] {
        let list = corp.get(&format!("/Users?filter={filter}")).await.json();
        assert_eq!((&list["totalResults"], &list["Resources"][0]), (&json!(1), &user));
    }
    let search = json!({ "filter": "userName eq \"ann\"", "attributes": ["userName"] });
    let found = corp.post("/Users/.search", &search).await.json();
    let named = json!({ "schemas": user["schemas"], "id": id, "userName": "ann" });
    assert_eq!(found["Resources"], json!([named]));
    // Again: whoever has the key is named.
    let again = corp.post("/Users", &json!({ "userName": "ann", "externalId": "key-ann" })).await;
    assert_eq!((again.status(), &again.json()["scimType"]), (409, &json!("uniqueness")));
    assert!(again.text().contains(&id));
    // Put in its place: what is left out is gone, but the key and whether they are let in.
    let put = corp.put(&path, &json!({ "userName": "ann.lee", "name": { "formatted": "Ann Lee" } })).await;
    assert_eq!(put.status(), 200, "{}", put.shown());
    let after = put.json();
    assert_eq!((&after["userName"], &after["displayName"]), (&json!("ann.lee"), &json!("Ann Lee")));
    assert!(after["emails"].is_null() && after["externalId"] == "key-ann" && after["active"] == true);
    assert_eq!(after["id"], id);
    let patched = corp
        .patch(
            &path,
            &json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "lee@example.org" }]),
        )
        .await;
    assert_eq!(patched.json()["emails"][0]["value"], "lee@example.org");
    assert_eq!(corp.delete(&path).await.status(), 204);
    for gone in [corp.get(&path).await, corp.delete(&path).await, corp.patch(&path, &json!([])).await] {
        assert_eq!(gone.status(), 404);
    }
    assert_eq!(corp.get("/Users").await.json()["totalResults"], 0);
}

#[tokio::test]
async fn who_is_switched_off_is_refused_at_the_next_request_everywhere() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let (first, second) = (token_of(&world, &id).await, token_of(&world, &id).await);
    let session = world.session(&person(&world, &id).await).await;
    let path = format!("/Users/{id}");
    let off = |value: Value| json!([{ "op": "Replace", "path": "active", "value": value }]);
    let current = || get("/api/v1/personal-access-tokens/current");
    for value in [json!("False"), json!(false)] {
        assert_eq!((status_at(&world, &first).await, status_at(&world, &second).await), (200, 200));
        let answer = corp.patch(&path, &off(value)).await;
        assert_eq!((answer.status(), &answer.json()["active"]), (200, &json!(false)));
        assert_eq!((status_at(&world, &first).await, status_at(&world, &second).await), (401, 401));
        assert_eq!(world.send(current().token(&first)).await.status(), 401);
        assert_eq!(world.send(get("/api/v1/session").session(&session)).await.status(), 401);
        // What says nothing of it leaves it so.
        let answer = corp.put(&path, &json!({ "userName": "ann", "externalId": "key-ann" })).await;
        assert_eq!((answer.status(), &answer.json()["active"]), (200, &json!(false)));
        assert_eq!(status_at(&world, &first).await, 401);
        let answer = corp.patch(&path, &json!([{ "op": "replace", "value": { "active": true } }])).await;
        assert_eq!((answer.status(), &answer.json()["active"]), (200, &json!(true)));
    }
    assert_eq!(status_at(&world, &first).await, 200);
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let withdrawals: Vec<_> = events.iter().filter(|event| event.action == "user.withdraw").collect();
    assert_eq!(withdrawals.len(), 2);
    assert_eq!(withdrawals[0].actor.name, "corp-robot");
    assert_eq!(withdrawals[0].actor.grant, Some(corp.token.id));
    assert_eq!(withdrawals[0].actor.address.as_deref(), Some("192.0.2.7"));
}

#[tokio::test]
async fn who_is_taken_away_comes_back_with_the_same_key_alone() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let token = token_of(&world, &id).await;
    let group = corp.group("Ops", &[&id]).await;
    assert_eq!(groups_at(&world, &token).await, "Ops");
    assert_eq!(corp.delete(&format!("/Users/{id}")).await.status(), 204);
    assert_eq!(status_at(&world, &token).await, 401);
    assert_eq!(corp.get(&format!("/Groups/{group}")).await.json()["members"], json!([]));
    let members = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    assert_eq!(corp.patch(&format!("/Groups/{group}"), &members).await.status(), 400);
    let back = corp.post("/Users", &json!({ "userName": "ann", "externalId": "key-ann" })).await;
    assert_eq!((back.status(), &back.json()["id"]), (201, &json!(id)), "{}", back.shown());
    assert_eq!((status_at(&world, &token).await, groups_at(&world, &token).await), (200, String::new()));
    // Taken away, and the name given to somebody else: the old one is deleted for good.
    assert_eq!(corp.delete(&format!("/Users/{id}")).await.status(), 204);
    let new =
        corp.post("/Users", &json!({ "userName": "Ann", "externalId": "key-2", "active": false })).await;
    assert_eq!((new.status(), &new.json()["active"]), (201, &json!(false)), "{}", new.shown());
    assert_ne!(new.json()["id"], id);
    assert_eq!(status_at(&world, &token).await, 401);
    let back = corp.post("/Users", &json!({ "userName": "ann3", "externalId": "key-ann" })).await;
    assert_eq!(back.status(), 201);
    assert_ne!(back.json()["id"], id);
    assert_eq!(status_at(&world, &token).await, 401);
}

#[tokio::test]
async fn an_administrators_word_is_not_the_providers() {
    let world = world().await;
    world.user("root", &["admin"]).await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let token = token_of(&world, &id).await;
    let disabled = world.send(post("/api/v1/users/ann/disable").basic("root", PASSWORD)).await;
    assert_eq!(disabled.status(), 204);
    let answer =
        corp.patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "value": { "active": true } }])).await;
    assert_eq!((answer.status(), &answer.json()["active"]), (200, &json!(true)));
    assert_eq!(status_at(&world, &token).await, 401);
    assert_eq!(world.send(delete("/api/v1/users/ann").basic("root", PASSWORD)).await.status(), 204);
    assert_eq!(corp.get(&format!("/Users/{id}")).await.status(), 404);
    let new = corp.post("/Users", &json!({ "userName": "ann", "externalId": "key-ann" })).await;
    assert_eq!(new.status(), 201);
    assert_ne!(new.json()["id"], id);
}

#[tokio::test]
async fn each_word_about_an_active_user_keeps_them_fresh() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let token = token_of(&world, &id).await;
    let path = format!("/Users/{id}");
    let days = |days: i64| SignedDuration::from_hours(days * 24);
    let start = world.clock.now();
    world.clock.set(start + days(20));
    assert_eq!(
        corp.patch(&path, &json!([{ "op": "replace", "path": "title", "value": "x" }])).await.status(),
        200
    );
    world.clock.set(start + days(49));
    assert_eq!(status_at(&world, &token).await, 200);
    world.clock.set(start + days(50));
    assert_eq!(status_at(&world, &token).await, 401);
    // A read is no word, a change is.
    assert_eq!(corp.get(&path).await.json()["active"], true);
    assert_eq!(status_at(&world, &token).await, 401);
    assert_eq!(
        corp.patch(&path, &json!([{ "op": "replace", "path": "active", "value": true }])).await.status(),
        200
    );
    assert_eq!(status_at(&world, &token).await, 200);
}

#[tokio::test]
async fn who_signed_in_before_scim_is_found_and_what_scim_says_holds_at_a_sign_in() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = sign_in(&world, &claims("ann", &["claimed"])).await.unwrap();
    let found = corp.get("/Users?filter=externalId%20eq%20%22key-ann%22").await.json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    let again = corp.post("/Users", &json!({ "userName": "ann", "externalId": "key-ann" })).await;
    assert_eq!(again.status(), 409);
    let token = token_of(&world, &id).await;
    corp.group("Ops", &[&id]).await;
    assert_eq!(groups_at(&world, &token).await, "Ops,claimed");
    // Another sign-in: other groups, and those of SCIM stay.
    sign_in(&world, &claims("ann", &["new"])).await.unwrap();
    assert_eq!(groups_at(&world, &token).await, "Ops,new");
    sign_in(&world, &claims("ann", &[])).await.unwrap();
    assert_eq!(groups_at(&world, &token).await, "Ops");
    // Switched off over SCIM: neither a sign-in nor a re-check lifts it.
    let path = format!("/Users/{id}");
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    let stale = world.state.store.user(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(corp.patch(&path, &off).await.status(), 200);
    assert!(matches!(sign_in(&world, &claims("ann", &[])).await, Err(SignInRefused::Withdrawn)));
    let present = [(stale, ProviderAnswer::Present(claims("ann", &["new"])))];
    confirmations::apply(&world.state, &present, world.clock.now(), true).await.unwrap();
    assert_eq!(status_at(&world, &token).await, 401);
    assert_eq!(corp.delete(&path).await.status(), 204);
    assert!(matches!(sign_in(&world, &claims("ann", &[])).await, Err(SignInRefused::Withdrawn)));
    assert_eq!(status_at(&world, &token).await, 401);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_and_changes_nothing() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let before = world.state.store.last_sequence().await.unwrap();
    for (body, kind) in [
        (json!({ "userName": "bob" }), "invalidValue"),
        (json!({ "externalId": "b" }), "invalidValue"),
        (json!({ "userName": "", "externalId": "b" }), "invalidValue"),
        (json!({ "userName": "b/b", "externalId": "b" }), "invalidValue"),
        (json!({ "userName": "\u{430}nn", "externalId": "b" }), "invalidValue"),
        (json!({ "userName": "bob", "externalId": "x".repeat(256) }), "invalidValue"),
        (json!({ "userName": "bob", "externalId": "a\nb" }), "invalidValue"),
        (json!({ "userName": 5, "externalId": "b" }), "invalidValue"),
        (json!({ "userName": "bob", "externalId": "b", "active": "maybe" }), "invalidValue"),
        (json!({ "userName": "bob", "externalId": "b", "emails": [5] }), "invalidValue"),
        (json!({ "userName": "bob", "externalId": "b", "a b": 5 }), "invalidPath"),
        (json!([]), "invalidSyntax"),
    ] {
        let answer = corp.post("/Users", &body).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (400, &json!(kind)), "{body}");
    }
    for (operation, kind) in [
        (json!({ "op": "replace", "path": "externalId", "value": "other" }), "mutability"),
        (json!({ "op": "replace", "path": "id", "value": "other" }), "mutability"),
        (json!({ "op": "add", "path": "groups", "value": [] }), "mutability"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "replace", "path": "a[", "value": 1 }), "invalidFilter"),
        (json!({ "op": "replace", "path": "a b", "value": 1 }), "invalidPath"),
        (json!({ "op": "turn", "path": "active", "value": 1 }), "invalidSyntax"),
        (json!({ "op": "replace", "path": "userName", "value": "x:y" }), "invalidValue"),
    ] {
        // The first of two is undone with the second.
        let first = json!({ "op": "replace", "path": "active", "value": false });
        let answer = corp.patch(&format!("/Users/{id}"), &json!([first, operation])).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (400, &json!(kind)), "{operation}");
    }
    let raw = |body: &'static str, kind: &str| post("/scim/v2/Users").raw(body).header("content-type", kind);
    for (call, status, kind) in [
        (raw("{", "application/scim+json"), 400, json!("invalidSyntax")),
        (raw("{}", "text/plain"), 415, Value::Null),
        (put("/scim/v2/Users/x").raw("{}").header("content-type", "application/json"), 404, Value::Null),
    ] {
        let answer = corp.send(call).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (status, &kind), "{}", answer.shown());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn of_two_who_change_the_same_one_is_told() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let path = format!("/scim/v2/Users/{id}");
    let tag = corp.send(get(&*path)).await.header("etag").to_owned();
    let cached = corp.send(get(&*path).header("if-none-match", &tag)).await;
    assert_eq!((cached.status(), cached.header("etag"), cached.bytes().len()), (304, &*tag, 0));
    let change = |name: &str| {
        let body = json!({ "userName": "ann", "displayName": name });
        corp.send(put(&*path).json(&body).header("if-match", &tag))
    };
    let (first, second) = tokio::join!(change("First"), change("Second"));
    let statuses = [first.status(), second.status()];
    assert!(statuses == [200, 412] || statuses == [412, 200], "{statuses:?}");
    let winner = if first.status() == 200 { &first } else { &second };
    let now = corp.send(get(&*path)).await;
    assert_eq!((now.header("etag"), now.json()), (winner.header("etag"), winner.json()));
    assert_ne!(now.header("etag"), tag);
    assert_eq!(corp.send(delete(&*path).header("if-match", &tag)).await.status(), 412);
    assert_eq!(corp.send(get(&*path).header("if-none-match", &tag)).await.status(), 200);
    assert_eq!(corp.send(delete(&*path).header("if-match", "*")).await.status(), 204);
}

#[tokio::test]
async fn a_name_that_looks_like_anothers_is_refused_whoever_came_first() {
    let world = world().await;
    let corp = Provisioner::of(&world, "corp").await;
    let cyrillic = "\u{441}\u{43e}\u{441}\u{43e}";
    let refused = async |name: &str, double: &str| {
        let answer = corp.post("/Users", &json!({ "userName": name, "externalId": "key-other" })).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (409, &json!("uniqueness")), "{name}");
        assert!(answer.text().contains(&format!("looks like `{double}`")), "{}", answer.shown());
        let reason = sign_in(&world, &claims(name, &[])).await.unwrap_err().to_string();
        assert_eq!(reason, format!("the name `{name}` looks like `{double}`, which is another user's"));
    };
    let coco = corp.user("Coco").await;
    refused(cyrillic, "Coco").await;
    // Turkish has a letter i without a dot.
    corp.user("robin").await;
    refused("rob\u{131}n", "robin").await;
    assert_eq!(corp.delete(&format!("/Users/{coco}")).await.status(), 204);
    refused(cyrillic, "Coco").await;
    // Two names of plain letters are two people, whatever the typeface.
    corp.user("annal").await;
    corp.user("anna1").await;
    // The other way round, and at a new name for somebody who is there.
    let papa = "\u{440}\u{430}\u{440}\u{430}";
    let made = corp.post("/Users", &json!({ "userName": papa, "externalId": "key-cyrillic" })).await;
    assert_eq!(made.status(), 201, "{}", made.shown());
    refused("papa", papa).await;
    let id = corp.user("bob").await;
    let answer = corp.put(&format!("/Users/{id}"), &json!({ "userName": "Papa" })).await;
    assert_eq!(answer.status(), 409, "{}", answer.shown());
    let apart = corp.post("/Users", &json!({ "userName": "ju\u{308}rgen", "externalId": "b" })).await;
    assert_eq!(apart.status(), 400);
    assert!(apart.text().contains("normal form C"), "{}", apart.shown());
}

#[tokio::test]
async fn nobody_is_renamed_to_whom_a_role_awaits() {
    let world = world().await;
    world.user("root", &["admin"]).await;
    let corp = Provisioner::of(&world, "corp").await;
    let id = corp.user("ann").await;
    let role = json!({
        "principals": [{ "username": "keeper", "provider": "corp" }], "permissions": ["login"],
    });
    let made = world.send(post("/api/v1/roles/keepers").json(&role).basic("root", PASSWORD)).await;
    assert_eq!(made.status(), 201, "{}", made.shown());
    for answer in [
        corp.put(&format!("/Users/{id}"), &json!({ "userName": "Keeper" })).await,
        corp.patch(
            &format!("/Users/{id}"),
            &json!([{ "op": "replace", "path": "userName", "value": "keeper" }]),
        )
        .await,
    ] {
        assert_eq!(
            (answer.status(), &answer.json()["scimType"]),
            (409, &json!("uniqueness")),
            "{}",
            answer.shown()
        );
        assert!(answer.text().contains("change the role first"), "{}", answer.shown());
    }
    assert_eq!(corp.get(&format!("/Users/{id}")).await.json()["userName"], "ann");
    // Who comes under that name for the first time is the one who was awaited.
    assert_eq!(corp.post("/Users", &json!({ "userName": "keeper", "externalId": "k" })).await.status(), 201);
}
