//! Groups over SCIM: what their members may do follows in the same request.

use std::collections::BTreeSet;

use patgate_core::user::PrincipalKind;
use patgate_store::{AuditFilter, Page};
use serde_json::{Value, json};

use super::{groups_at, token_of};
use crate::common::{IssuedToken, Provisioner, TWO_PROVIDERS, World, get, patch, put};

/// Gives a group of a provider a permission.
async fn role(world: &World, group: &str, provider: &str, permission: &str) {
    world.role_of(PrincipalKind::Group, group, provider, &[permission]).await;
}

/// The permissions of a token, as the next request sees them.
async fn permissions_at(world: &World, token: &IssuedToken) -> String {
    world.send(get("/auth").token(token)).await.header("x-patgate-permissions").to_owned()
}

#[tokio::test]
async fn what_a_group_gives_comes_and_goes_with_it() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    role(&world, "Ops", "corp", "release#view").await;
    role(&world, "Ops", "other", "admin").await;
    role(&world, "Operators", "corp", "audit#view").await;
    let (ann, bob) = (corp.user("ann").await, corp.user("bob").await);
    let (anns, bobs) = (token_of(&world, &ann).await, token_of(&world, &bob).await);
    assert_eq!(permissions_at(&world, &anns).await, "");
    let group = corp.group("Ops", &[&ann]).await;
    let path = format!("/Groups/{group}");
    // Of corp's group of this name, and not of the other's.
    assert_eq!(permissions_at(&world, &anns).await, "release#view");
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "value": bob }] }]);
    for _ in 0..2 {
        assert_eq!(corp.patch(&path, &add).await.status(), 204);
        assert_eq!(permissions_at(&world, &bobs).await, "release#view");
    }
    let user = corp.get(&format!("/Users/{bob}")).await.json();
    assert_eq!(user["groups"][0]["display"], "Ops");
    assert_eq!(user["groups"][0]["value"], group);
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ann}\"]") }]);
    for _ in 0..2 {
        assert_eq!(corp.patch(&path, &remove).await.status(), 204);
        assert_eq!(permissions_at(&world, &anns).await, "");
    }
    let rename = json!([{ "op": "replace", "value": { "id": group, "displayName": "Operators" } }]);
    let answer = corp.patch(&format!("{path}?attributes=displayName"), &rename).await;
    let renamed = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": group, "displayName": "Operators",
    });
    assert_eq!((answer.status(), answer.json()), (200, renamed));
    assert_eq!(
        (permissions_at(&world, &bobs).await, groups_at(&world, &bobs).await),
        ("audit#view".into(), "Operators".into())
    );
    let body = json!({ "displayName": "Operators", "externalId": "g1", "members": [{ "value": ann }] });
    let answer = corp.put(&path, &body).await;
    assert_eq!((answer.status(), &answer.json()["members"][0]["display"]), (200, &json!("ann")));
    assert_eq!(
        (permissions_at(&world, &anns).await, permissions_at(&world, &bobs).await),
        ("audit#view".into(), String::new())
    );
    assert_eq!(corp.delete(&path).await.status(), 204);
    assert_eq!(
        (permissions_at(&world, &anns).await, groups_at(&world, &anns).await),
        (String::new(), String::new())
    );
    assert_eq!(corp.get(&path).await.status(), 404);
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let by_robot: BTreeSet<_> = events
        .iter()
        .filter(|event| event.actor.grant == Some(corp.token.id))
        .map(|event| event.action.as_str())
        .collect();
    let expected = ["group.create", "group.delete", "group.update", "user.create", "user.update"];
    assert_eq!(by_robot, BTreeSet::from(expected));
}

#[tokio::test]
async fn a_group_is_listed_with_its_members_or_without() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let (ann, bob) = (corp.user("ann").await, corp.user("bob").await);
    let group = corp.group("Ops", &[&bob, &ann]).await;
    corp.group("Staff", &[]).await;
    let whole = corp.get(&format!("/Groups/{group}")).await;
    let location = |kind: &str, id: &str| format!("http://127.0.0.1:5516/scim/v2/{kind}/{id}");
    let member = |name: &str, id: &str| json!({ "value": id, "display": name, "type": "User", "$ref": location("Users", id) });
    let body = whole.json();
    assert_eq!(body["members"], json!([member("ann", &ann), member("bob", &bob)]));
    assert_eq!(body["meta"]["location"], location("Groups", &group));
    assert_eq!(body["meta"]["version"], whole.header("etag"));
    // What Entra ID asks.
    let found =
        corp.get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22OPS%22").await.json();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(found["Resources"][0]["id"], group);
    assert!(found["Resources"][0]["members"].is_null());
    let filter = format!("id%20eq%20%22{group}%22%20and%20members%20eq%20%22{ann}%22");
    assert_eq!(corp.get(&format!("/Groups?filter={filter}")).await.json()["totalResults"], 1);
    let search = json!({ "filter": "not (members pr)", "count": 1 });
    let list = corp.post("/Groups/.search", &search).await.json();
    assert_eq!(list["Resources"][0]["displayName"], "Staff");
    assert_eq!(list["Resources"][0]["members"], json!([]));
    let page = corp.get("/Groups?startIndex=2&count=5").await.json();
    let shown = [&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]];
    assert_eq!(shown, [&json!(2), &json!(2), &json!(1)]);
}

#[tokio::test]
async fn what_no_group_can_be_is_refused_and_changes_nothing() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let ann = corp.user("ann").await;
    let group = corp.group("Ops", &[&ann]).await;
    corp.group("Staff", &[]).await;
    let path = format!("/Groups/{group}");
    let before = world.state.store.last_sequence().await.unwrap();
    for (body, status, kind) in [
        (json!({}), 400, "invalidValue"),
        (json!({ "displayName": " " }), 400, "invalidValue"),
        (json!({ "displayName": "a\u{200b}b" }), 400, "invalidValue"),
        // Cyrillic О and р, a full-width letter.
        (json!({ "displayName": "\u{41e}ps" }), 400, "invalidValue"),
        (json!({ "displayName": "O\u{440}s" }), 400, "invalidValue"),
        (json!({ "displayName": "\u{ff2f}ps" }), 400, "invalidValue"),
        (json!({ "displayName": "x".repeat(256) }), 400, "invalidValue"),
        (json!({ "displayName": "ops" }), 409, "uniqueness"),
        (json!({ "displayName": "New", "members": [{ "value": "nobody" }] }), 400, "invalidValue"),
        (json!({ "displayName": "New", "members": [{ "value": group }] }), 400, "invalidValue"),
        (
            json!({ "displayName": "New", "members": [{ "value": ann, "type": "Group" }] }),
            400,
            "invalidValue",
        ),
        (json!({ "displayName": "New", "members": vec!["00000000001"; 10_001] }), 400, "invalidValue"),
    ] {
        let answer = corp.post("/Groups", &body).await;
        assert_eq!(
            (answer.status(), &answer.json()["scimType"]),
            (status, &json!(kind)),
            "{}",
            answer.text()
        );
    }
    let many: Vec<_> = (0..10_001_u32).map(|number| json!({ "value": format!("{number:011}") })).collect();
    let first = json!({ "op": "remove", "path": "members" });
    for (operation, status, kind) in [
        (json!({ "op": "replace", "path": "displayName", "value": "STAFF" }), 409, "uniqueness"),
        (json!({ "op": "remove", "path": "displayName" }), 400, "invalidValue"),
        (json!({ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }), 400, "invalidValue"),
        (json!({ "op": "add", "path": "members", "value": many }), 400, "tooMany"),
        (json!({ "op": "remove", "path": "members[display eq \"ann\"]" }), 400, "invalidFilter"),
        (json!({ "op": "replace", "path": "meta", "value": {} }), 400, "mutability"),
    ] {
        let answer = corp.patch(&path, &json!([first, operation])).await;
        assert_eq!(
            (answer.status(), &answer.json()["scimType"]),
            (status, &json!(kind)),
            "{}",
            answer.text()
        );
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    assert_eq!(corp.get(&path).await.json()["members"][0]["value"], ann);
}

#[tokio::test]
async fn of_two_who_change_a_group_one_is_told_when_they_ask_for_it() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let (ann, bob) = (corp.user("ann").await, corp.user("bob").await);
    let group = corp.group("Ops", &[]).await;
    let path = format!("/scim/v2/Groups/{group}");
    let tag = corp.send(get(&*path)).await.header("etag").to_owned();
    let add =
        |id: &str| json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": id }] }] });
    let guarded = |body: Value| corp.send(patch(&*path).json(&body).header("if-match", &tag));
    let (first, second) = tokio::join!(guarded(add(&ann)), guarded(add(&bob)));
    let statuses = [first.status(), second.status()];
    assert!(statuses == [204, 412] || statuses == [412, 204], "{statuses:?}");
    // Without a tag both are in it: members come and go one by one.
    let (first, second) =
        tokio::join!(corp.send(patch(&*path).json(&add(&ann))), corp.send(patch(&*path).json(&add(&bob))));
    assert_eq!((first.status(), second.status()), (204, 204));
    let now = corp.send(get(&*path)).await;
    assert_eq!(now.json()["members"].as_array().unwrap().len(), 2);
    assert_eq!(corp.send(get(&*path).header("if-none-match", now.header("etag"))).await.status(), 304);
    let body = json!({ "displayName": "Ops" });
    assert_eq!(corp.send(put(&*path).json(&body).header("if-match", &tag)).await.status(), 412);
}

#[tokio::test]
async fn ten_thousand_members_come_in_one_request() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let template = corp.user("template").await;
    let template = world.state.store.user(template.parse().unwrap()).await.unwrap().unwrap();
    let mut change = world.change().await;
    let mut ids = vec![template.id];
    for number in 1..10_000 {
        let id = patgate_core::identifier::UserId::from_i64(number);
        let user = patgate_core::user::User {
            id,
            subject: format!("s{number}"),
            username: format!("user{number}").parse().unwrap(),
            ..template.clone()
        };
        change.insert_user(&user, None).await.unwrap();
        ids.push(id);
    }
    world.commit(change).await;
    let members: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
    let answer =
        corp.post("/Groups?attributes=id", &json!({ "displayName": "Everybody", "members": members })).await;
    assert_eq!(answer.status(), 201);
    let last = token_of(&world, &ids[9_999].to_string()).await;
    assert_eq!(groups_at(&world, &last).await, "Everybody");
    let path = format!("/Groups/{}", answer.json()["id"].as_str().unwrap());
    assert_eq!(corp.delete(&path).await.status(), 204);
    assert_eq!(groups_at(&world, &last).await, "");
}
