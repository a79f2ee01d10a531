//! Who may speak for a provider, what two providers see of each other, and what this server says it can do.

use patgate_core::user::Origin;
use serde_json::{Value, json};

use super::person;
use crate::common::{Call, NewGrant, PASSWORD, Provisioner, TWO_PROVIDERS, World, delete, get, patch, put};

const ANY: NewGrant<'_> =
    NewGrant { name: "provisioning", application: "any", permissions: None, expires_at: None };

#[tokio::test]
async fn nobody_but_the_token_of_a_providers_client_comes_in() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let robot = person(&world, &owner_of(&world, "corp-robot").await).await;
    let root = world.user("root", &["admin"]).await;
    let lazy = world.token(&robot, NewGrant { permissions: Some(&["login"]), ..ANY }).await;
    let able = world.token(&robot, NewGrant { permissions: Some(&["scim#provision"]), ..ANY }).await;
    let roots = world.token(&root, ANY).await;
    let deploys = world.token(&robot, NewGrant { application: "deploy", ..ANY }).await;
    let users = || get("/scim/v2/Users");
    let session = world.session(&root).await;
    for (call, status, detail) in [
        (users(), 401, "This needs a token, or user name and password."),
        (
            users().basic("corp-robot", PASSWORD),
            403,
            "Users and groups are changed over SCIM with a personal \
          access token alone. Send it as `Authorization: Bearer`.",
        ),
        (users().session(&session), 403, ""),
        (users().token(&lazy), 403, "You do not have scim#provision permission."),
        (
            users().token(&roots),
            403,
            "No provider has you as its SCIM client. Set `scim_user` to your user name in \
          the `[[oidc]]` of the provider, and start Patgate again.",
        ),
        (users().deploy_token(&deploys), 401, ""),
        (users().header("authorization", "Bearer garbage"), 401, ""),
        (users().token(&corp.token).header("sec-fetch-site", "cross-site"), 200, ""),
        (delete("/scim/v2/Users/x").token(&corp.token).header("sec-fetch-site", "cross-site"), 403, ""),
        (users().token(&able), 200, ""),
        (users().basic("", &able.text), 200, ""),
    ] {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.shown());
        let body = answer.json();
        assert_eq!(answer.header("content-type"), "application/scim+json");
        if status >= 400 {
            assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
            assert_eq!(body["status"], status.to_string());
            assert_eq!(answer.count("www-authenticate"), usize::from(status == 401));
            assert!(detail.is_empty() || body["detail"] == detail, "{}", answer.shown());
        }
    }
    // Whose user name is the client's, but who comes from a provider, is another.
    let world = World::configured(TWO_PROVIDERS).await;
    let impostor = world.user_from("corp-robot", Origin::Sso, "corp", &["scim#provision"]).await;
    let token = world.token(&impostor, ANY).await;
    let mut change = world.change().await;
    let mut settings = change.token_settings().await.unwrap();
    settings.origins.release.sso = true;
    change.put_token_settings(&settings).await.unwrap();
    world.commit(change).await;
    assert_eq!(world.send(users().token(&token)).await.status(), 403);
}

#[tokio::test]
async fn two_providers_see_nothing_of_each_other() {
    let world = World::configured(TWO_PROVIDERS).await;
    let (corp, other) = (Provisioner::of(&world, "corp").await, Provisioner::of(&world, "other").await);
    let ann = corp.user("ann").await;
    let group = corp.group("Ops", &[&ann]).await;
    let eve = other.user("eve").await;
    let internal = owner_of(&world, "corp-robot").await;
    let before = world.state.store.last_sequence().await.unwrap();
    let with = |call: Call, body: &Value| call.json(body);
    for (kind, id) in [("Users", &ann), ("Users", &internal), ("Groups", &group)] {
        let missing = "00000000000";
        let body = json!({ "userName": "x", "displayName": "x", "Operations": [] });
        for call in [get as fn(String) -> Call, put, patch, delete] {
            let at = |id: &str| with(call(format!("/scim/v2/{kind}/{id}")), &body);
            let (theirs, nobodys) = (other.send(at(id)).await, other.send(at(missing)).await);
            assert_eq!((theirs.status(), theirs.shown()), (404, nobodys.shown()), "{kind}");
        }
    }
    for filter in
        ["userName eq \"ann\"", "externalId eq \"key-ann\"", "groups.display eq \"Ops\"", "active eq true"]
    {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = other.get(&format!("/Users?filter={query}")).await.json();
        assert_eq!(found["totalResults"], usize::from(filter.starts_with("active")), "{filter}");
    }
    assert_eq!(other.get("/Groups").await.json()["totalResults"], 0);
    let members = json!([{ "op": "add", "path": "members", "value": [{ "value": ann }] }]);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    let own = other.group("Ops", &[&eve]).await;
    let answer = other.patch(&format!("/Groups/{own}"), &members).await;
    assert_eq!((answer.status(), &answer.json()["scimType"]), (400, &json!("invalidValue")));
    // Names are one space: another's is taken, and nothing says whose it is.
    let taken = |name: &str| json!({ "userName": name, "externalId": "new" });
    for name in ["ANN", "corp-robot"] {
        let answer = other.post("/Users", &taken(name)).await;
        assert_eq!((answer.status(), &answer.json()["scimType"]), (409, &json!("uniqueness")));
        assert!(
            !answer.text().contains("corp\"") && !answer.text().contains("internal"),
            "{}",
            answer.text()
        );
    }
    // The same key of two providers is two people.
    let answer = other.post("/Users", &json!({ "userName": "ann2", "externalId": "key-ann" })).await;
    assert_eq!(answer.status(), 201);
}

#[tokio::test]
async fn a_client_that_is_disabled_meanwhile_changes_nothing() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    corp.user("ann").await;
    let robot = person(&world, &owner_of(&world, "corp-robot").await).await;
    world.disable(&robot).await;
    assert_eq!(corp.get("/Users").await.status(), 401);
    assert_eq!(corp.post("/Users", &json!({ "userName": "bob", "externalId": "b" })).await.status(), 401);
}

#[tokio::test]
async fn a_client_reads_what_there_is() {
    let world = World::configured(TWO_PROVIDERS).await;
    let corp = Provisioner::of(&world, "corp").await;
    let configuration = corp.get("/ServiceProviderConfig").await.json();
    for (feature, is_there) in
        [("patch", true), ("bulk", false), ("filter", true), ("sort", false), ("etag", true)]
    {
        assert_eq!(configuration[feature]["supported"], is_there, "{feature}");
    }
    for (kind, ids) in [
        ("ResourceTypes", ["User", "Group"]),
        (
            "Schemas",
            ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"],
        ),
    ] {
        let list = corp.get(&format!("/{kind}")).await.json();
        assert_eq!(list["totalResults"], 2);
        for (at, id) in ids.iter().enumerate() {
            let one = corp.get(&format!("/{kind}/{id}")).await.json();
            assert_eq!(one, list["Resources"][at]);
            assert_eq!(one["meta"]["location"], format!("http://127.0.0.1:5516/scim/v2/{kind}/{id}"));
        }
        assert_eq!(corp.get(&format!("/{kind}/x")).await.status(), 404);
    }
    // Each attribute of a resource is in its schema.
    let ann = corp.user("ann").await;
    let group = corp.group("Ops", &[&ann]).await;
    for (path, schema) in [(format!("/Users/{ann}"), "User"), (format!("/Groups/{group}"), "Group")] {
        let schema =
            corp.get(&format!("/Schemas/urn:ietf:params:scim:schemas:core:2.0:{schema}")).await.json();
        let named =
            |list: &Value, name: &str| list.as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
        for (name, value) in corp.get(&path).await.json().as_object().unwrap() {
            if ["schemas", "id", "meta", "externalId"].contains(&name.as_str()) {
                continue;
            }
            let attribute = named(&schema["attributes"], name).unwrap_or_else(|| panic!("{path}: {name}"));
            let one = if value.is_array() { &value[0] } else { value };
            assert_eq!(attribute["multiValued"], value.is_array(), "{name}");
            for part in one.as_object().iter().flat_map(|parts| parts.keys()) {
                assert!(named(&attribute["subAttributes"], part).is_some(), "{name}.{part}");
            }
        }
    }
    for missing in ["/Me", "/Bulk", "/", ""] {
        let answer = corp.get(missing).await;
        assert_eq!((answer.status(), &answer.json()["status"]), (404, &json!("404")), "{missing}");
    }
    let answer = corp.put("/Users", &json!({})).await;
    assert_eq!((answer.status(), answer.json()["status"].as_str()), (405, Some("405")));
    assert!(answer.header("allow").contains("POST"));
}

async fn owner_of(world: &World, username: &str) -> String {
    world.state.store.user_by_name(&username.parse().unwrap()).await.unwrap().unwrap().id.to_string()
}
