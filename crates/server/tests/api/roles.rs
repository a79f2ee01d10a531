//! Roles: the vendor's calls, and who may make them.

use insta::assert_snapshot;
use patgate_core::user::Origin;
use serde_json::{Value, json};

use crate::common::{Answer, NewGrant, PASSWORD, World, delete, get, post, put};

const ROLES: &str = "/api/v1/roles";

fn field(answer: &Answer) -> Value {
    assert_eq!(answer.status(), 400, "{}", answer.text());
    answer.json()["field"].clone()
}

#[tokio::test]
async fn an_administrator_makes_reads_changes_renames_and_deletes_a_role() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("ann", &[]).await;
    let role = json!({
        "id": null, "name": "developers", "principals": [{ "username": "ann", "fullname": "Ann Example" }],
        "permissions": ["release#create", "login"], "somethingNew": 1,
    });
    let path = format!("{ROLES}/Developers");
    let made = world.send(post(&*path).json(&role).basic("root", PASSWORD)).await;
    assert_snapshot!("made", made.shown());
    let read = world.send(get(format!("{ROLES}/DEVELOPERS")).basic("root", PASSWORD)).await;
    assert_eq!(read.json(), made.json());
    let changed = put(&*path).json(&json!({ "permissions": ["login"] })).basic("root", PASSWORD);
    let changed = world.send(changed).await.json();
    assert_eq!(changed["permissions"], json!(["login"]));
    assert_eq!(changed["principals"], made.json()["principals"]);
    let renamed = world.send(post(format!("{path}/rename?newName=Makers%20")).basic("root", PASSWORD)).await;
    assert_eq!(renamed.json()["name"], "Makers");
    assert_eq!(renamed.json()["id"], made.json()["id"]);
    assert_eq!(world.send(get(&*path).basic("root", PASSWORD)).await.status(), 404);
    assert_eq!(world.send(delete(format!("{ROLES}/makers")).basic("root", PASSWORD)).await.status(), 204);
    assert_snapshot!(
        "missing",
        world.send(delete(format!("{ROLES}/makers")).basic("root", PASSWORD)).await.shown()
    );
}

#[tokio::test]
async fn what_a_role_gives_and_takes_is_in_force_at_once() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &[]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let probe = || get(ROLES).token(&token);
    assert_eq!(world.send(probe()).await.status(), 403);
    let role = json!({ "principals": [{ "username": "ANN" }], "permissions": ["security#view"] });
    assert_eq!(
        world.send(post(format!("{ROLES}/auditors")).json(&role).basic("root", PASSWORD)).await.status(),
        201
    );
    assert_eq!(world.send(probe()).await.status(), 200);
    let nobody = put(format!("{ROLES}/auditors")).json(&json!({ "principals": [] })).basic("root", PASSWORD);
    assert_eq!(world.send(nobody).await.status(), 200);
    assert_eq!(world.send(probe()).await.status(), 403);
}

#[tokio::test]
async fn an_auditor_finds_roles() {
    let world = World::new().await;
    world.user("auditor", &["security#view"]).await;
    world.user("ann", &[]).await;
    world.user("anna", &[]).await;
    for (query, found) in [
        ("", &["ann's role", "anna's role", "auditor's role"][..]),
        ("?roleName=ANNA", &["anna's role"]),
        ("?principalName=ann", &["ann's role", "anna's role"]),
        ("?principalName=a&roleName=auditor", &["auditor's role"]),
        ("?page=1&resultsPerPage=2", &["auditor's role"]),
        ("?roleName=_", &[]),
    ] {
        let answer = world.send(get(format!("{ROLES}{query}")).basic("auditor", PASSWORD)).await.json();
        let names: Vec<_> = answer.as_array().unwrap().iter().map(|role| role["name"].clone()).collect();
        assert_eq!(names, found, "{query}");
    }
    for call in [get(ROLES), get(format!("{ROLES}/ann's%20role")), get(format!("{ROLES}/none"))] {
        let answer = world.send(call.basic("ann", PASSWORD)).await;
        assert_eq!((answer.status(), answer.text()), (403, "You do not have security#view permission"));
    }
    let change = put(format!("{ROLES}/ann's%20role")).json(&json!({}));
    assert_eq!(world.send(change.basic("auditor", PASSWORD)).await.status(), 403);
}

#[tokio::test]
async fn no_officer_rises_through_a_role() {
    let world = World::new().await;
    let officer = world.user("officer", &["security#edit", "login"]).await;
    world.user("root", &["admin"]).await;
    world.user("ann", &["audit#view"]).await;
    let me = json!([{ "username": "officer" }]);
    let roots = format!("{ROLES}/root's%20role");
    let anns = format!("{ROLES}/ann's%20role");
    let sequence = world.state.store.last_sequence().await.unwrap();
    for call in [
        post(format!("{ROLES}/new")).json(&json!({ "principals": me, "permissions": ["admin"] })),
        post(format!("{ROLES}/new")).json(&json!({ "permissions": ["audit#view"] })),
        post(ROLES).json(&json!([{ "name": "fine" }, { "name": "new", "permissions": ["admin"] }])),
        put(&*roots).json(&json!({ "principals": me })),
        put(&*roots).json(&json!({ "permissions": [] })),
        put(&*anns).json(&json!({ "principals": me })),
        put(&*anns).json(&json!({ "principals": [] })),
        put(&*anns).json(&json!({ "permissions": ["login"] })),
        put(ROLES).json(&json!([{ "name": "ann's role", "principals": me }])),
        put(format!("{ROLES}/officer's%20role")).json(&json!({ "permissions": ["admin"] })),
        post(format!("{roots}/rename?newName=other")),
        delete(&*roots),
        delete(&*anns),
    ] {
        let answer = world.send(call.clone().basic("officer", PASSWORD)).await;
        assert_eq!(answer.status(), 403, "{}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    let fine =
        json!({ "principals": [{ "username": "ann" }, { "username": "officer" }], "permissions": ["login"] });
    let make = || post(format!("{ROLES}/staff")).json(&fine);
    let narrow = NewGrant { permissions: Some(&["security#edit"]), ..NewGrant::default() };
    let token = world.token(&officer, narrow).await;
    assert_eq!(world.send(make().token(&token)).await.status(), 403);
    assert_eq!(world.send(make().basic("officer", PASSWORD)).await.status(), 201);
}

#[tokio::test]
async fn principals_are_found_or_named_whole() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("Ann", &[]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    let principals = json!([
        { "username": "ann" }, { "username": "ANN", "kind": "user", "provider": "internal" }, { "username": "lena" },
        { "username": "ops", "kind": "group", "provider": "corp" }, { "username": "max", "provider": "corp" },
        { "username": "ops", "kind": "group", "provider": "corp", "fullname": "twice" },
    ]);
    let made = post(format!("{ROLES}/mixed")).json(&json!({ "principals": principals }));
    let made = world.send(made.basic("root", PASSWORD)).await;
    assert_snapshot!("mixed", made.shown());
    let read_and_written = put(format!("{ROLES}/mixed")).json(&made.json()).basic("root", PASSWORD);
    assert_eq!(world.send(read_and_written).await.json(), made.json());
}

#[tokio::test]
async fn wrong_fields_are_named_and_no_role_changes() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    let sequence = world.state.store.last_sequence().await.unwrap();
    let principal = |principal: Value| json!({ "principals": [principal] });
    for (body, named) in [
        (json!({ "name": "other" }), "name"),
        (json!({ "permissions": ["login", "shop#buy"] }), "permissions"),
        (json!({ "permissions": ["Log In"] }), "permissions[0]"),
        (json!({ "permissions": "login" }), "permissions"),
        (json!({ "principals": {} }), "principals"),
        (principal(json!({})), "principals[0].username"),
        (principal(json!({ "username": "nobody" })), "principals[0].username"),
        (principal(json!({ "username": "a:b" })), "principals[0].username"),
        (principal(json!({ "username": "lena", "provider": "internal" })), "principals[0].username"),
        (principal(json!({ "username": "ops", "kind": "group" })), "principals[0].provider"),
        (
            principal(json!({ "username": "ops", "kind": "group", "provider": "internal" })),
            "principals[0].provider",
        ),
        (principal(json!({ "username": "root", "kind": "robot" })), "principals[0].kind"),
        (principal(json!({ "username": "root", "fullname": "a\nb" })), "principals[0].fullname"),
        (principal(json!({ "username": "max", "provider": " " })), "principals[0].provider"),
    ] {
        for call in [post(format!("{ROLES}/new")), put(format!("{ROLES}/root's%20role"))] {
            let answer = world.send(call.json(&body).basic("root", PASSWORD)).await;
            assert_eq!(field(&answer), named, "{body}");
        }
    }
    let unknown = json!([{ "name": "n", "permissions": ["shop#buy", "shop#sell"] }]);
    let unknown = world.send(post(ROLES).json(&unknown).basic("root", PASSWORD)).await;
    assert_snapshot!("unknown_permissions", unknown.shown());
    let rename = |query: &str| post(format!("{ROLES}/root's%20role/rename{query}")).basic("root", PASSWORD);
    for query in ["", "?newName=", "?newName=a%2Fb", "?newName=a&newName=b"] {
        assert_eq!(field(&world.send(rename(query)).await), "newName", "{query}");
    }
    assert_eq!(world.send(rename("?newName=lena's%20role")).await.status(), 409);
    let taken = post(format!("{ROLES}/ROOT's%20role")).json(&json!({})).basic("root", PASSWORD);
    assert_eq!(world.send(taken).await.status(), 409);
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
}

#[tokio::test]
async fn several_roles_change_together_or_not_at_all() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let both = json!([{ "name": "one", "permissions": ["login"] }, { "name": "two" }]);
    let made = world.send(post(ROLES).json(&both).basic("root", PASSWORD)).await;
    assert_eq!((made.status(), made.json().as_array().unwrap().len()), (201, 2));
    let sequence = world.state.store.last_sequence().await.unwrap();
    for (body, status) in [
        (json!([{ "name": "one", "permissions": [] }, { "name": "three" }]), 404),
        (json!([{ "name": "one", "permissions": [] }, { "name": "ONE" }]), 400),
        (json!([{ "name": "one", "permissions": [] }, {}]), 400),
    ] {
        let answer = world.send(put(ROLES).json(&body).basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), status, "{body}");
    }
    let again = json!([{ "name": "three" }, { "name": "Two" }]);
    assert_eq!(world.send(post(ROLES).json(&again).basic("root", PASSWORD)).await.status(), 409);
    // Of two that are wrong, the first is told.
    let (taken, unknown) = (json!({ "name": "Two" }), json!({ "name": "four", "permissions": ["no#such"] }));
    for (body, status) in [(json!([taken, unknown]), 409), (json!([unknown, taken]), 400)] {
        let answer = world.send(post(ROLES).json(&body).basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), status, "{body}: {}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    let good = json!([{ "name": "one", "permissions": [] }, { "name": "two", "permissions": ["login"] }]);
    let changed = world.send(put(ROLES).json(&good).basic("root", PASSWORD)).await.json();
    assert_eq!((&changed[0]["permissions"], &changed[1]["permissions"]), (&json!([]), &json!(["login"])));
}

#[tokio::test]
async fn a_permission_that_is_not_known_any_more_is_kept_and_only_administrators_touch_it() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user("officer", &["security#edit"]).await;
    world.user("ann", &["shop#buy"]).await;
    let path = format!("{ROLES}/ann's%20role");
    let keep = || put(&*path).json(&json!({ "permissions": ["shop#buy", "login"] }));
    assert_eq!(world.send(keep().basic("officer", PASSWORD)).await.status(), 403);
    assert_eq!(world.send(keep().basic("root", PASSWORD)).await.status(), 200);
    assert_eq!(
        world
            .send(put("/api/v1/users/ann").json(&json!({ "email": "" })).basic("officer", PASSWORD))
            .await
            .status(),
        403
    );
    let drop = put(&*path).json(&json!({ "permissions": [] }));
    assert_eq!(world.send(drop.basic("root", PASSWORD)).await.status(), 200);
    assert_eq!(
        world
            .send(put(&*path).json(&json!({ "permissions": ["shop#buy"] })).basic("root", PASSWORD))
            .await
            .status(),
        400
    );
}
