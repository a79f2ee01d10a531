//! Nobody gives, takes or takes over more than they hold, and the last administrator stays.

use patgate_core::user::{Origin, Principal, PrincipalKind, User};
use serde_json::{Value, json};

use super::USERS;
use crate::common::{Call, NewGrant, PASSWORD, Person, World, delete, get, post, put};

/// Lets a provider say that somebody is in these groups, and in no others.
async fn put_into(world: &World, person: &Person, groups: &[&str]) {
    let mut change = world.change().await;
    let user = change.user(person.id).await.unwrap().unwrap();
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    change.update_user(&User { groups, ..user }).await.unwrap();
    world.commit(change).await;
}

/// All ways to change the user `name`.
fn changes(name: &str) -> Vec<(&'static str, Call)> {
    let path = format!("{USERS}/{name}");
    vec![
        ("full name", put(&*path).json(&json!({ "fullName": "Changed" }))),
        ("mail address", put(&*path).json(&json!({ "email": "changed@example.org" }))),
        ("password", put(&*path).json(&json!({ "password": "a long password" }))),
        (
            "password call",
            post(format!("{path}/password")).json(&json!({ "newPassword": "a long password" })),
        ),
        ("loginAllowed", put(&*path).json(&json!({ "loginAllowed": false }))),
        ("bulk", put(USERS).json(&json!([{ "username": name, "loginAllowed": false }]))),
        ("disable", post(format!("{path}/disable"))),
        ("enable", post(format!("{path}/enable"))),
        ("unlock", post(format!("{path}/unlock"))),
        ("delete", delete(&*path)),
    ]
}

#[tokio::test]
async fn an_officer_changes_nobody_who_holds_more() {
    let world = World::new().await;
    world.user("officer", &["security#edit", "login"]).await;
    world.user("auditor", &["audit#view"]).await;
    world.user("root", &["admin"]).await;
    let sequence = world.state.store.last_sequence().await.unwrap();
    for name in ["auditor", "root"] {
        for (what, call) in changes(name) {
            let answer = world.send(call.basic("officer", PASSWORD)).await;
            assert_eq!(answer.status(), 403, "{what} of {name}: {}", answer.text());
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    for (what, call) in changes("nobody") {
        assert_eq!(world.send(call.basic("officer", PASSWORD)).await.status(), 404, "{what}");
    }
}

#[tokio::test]
async fn an_officer_changes_those_who_hold_no_more() {
    let world = World::new().await;
    world.user("officer", &["security#edit", "login"]).await;
    world.user("ann", &["login"]).await;
    for (what, call) in changes("ann") {
        let answer = world.send(call.basic("officer", PASSWORD)).await;
        assert!([200, 204].contains(&answer.status()), "{what}: {} {}", answer.status(), answer.text());
    }
}

#[tokio::test]
async fn who_may_not_edit_changes_nobody() {
    let world = World::new().await;
    world.user("auditor", &["security#view"]).await;
    world.user("ann", &[]).await;
    for name in ["ann", "nobody"] {
        for (what, call) in changes(name) {
            let answer = world.send(call.basic("auditor", PASSWORD)).await;
            assert_eq!(answer.status(), 403, "{what}");
            assert_eq!(answer.text(), "You do not have security#edit permission", "{what}");
        }
        let make = post(format!("{USERS}/{name}")).json(&json!({}));
        assert_eq!(world.send(make.basic("auditor", PASSWORD)).await.status(), 403);
    }
}

#[tokio::test]
async fn a_token_reaches_no_further_than_it_carries() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.user("ann", &["login"]).await;
    let carries = ["security#edit"];
    let narrow = world.token(&root, NewGrant { permissions: Some(&carries), ..NewGrant::default() }).await;
    for name in ["ann", "root"] {
        for (what, call) in changes(name) {
            assert_eq!(world.send(call.token(&narrow)).await.status(), 403, "{what} of {name}");
        }
    }
    let wide = world.token(&root, NewGrant::default()).await;
    for (what, call) in changes("root") {
        if what.starts_with("password") {
            let answer = world.send(call.token(&wide)).await;
            let told =
                "A token cannot set the password of its owner; sign in, or send user name and password";
            assert_eq!((answer.status(), answer.text()), (403, told), "{what}");
        }
    }
    let with_current = json!({ "currentPassword": PASSWORD, "newPassword": "a long password" });
    let set = post(format!("{USERS}/root/password")).json(&with_current);
    assert_eq!(world.send(set.token(&wide)).await.status(), 403);
    for (what, call) in changes("ann") {
        let status = world.send(call.token(&wide)).await.status();
        if what.starts_with("password") { assert_eq!(status, 403) } else { assert!(status < 300, "{what}") }
    }
}

#[tokio::test]
async fn a_token_leaves_no_password_behind_unless_it_may_leave_a_token() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.user("ann", &[]).await;
    let carries = ["security#edit", "login"];
    let listed = world.token(&root, NewGrant { permissions: Some(&carries), ..NewGrant::default() }).await;
    let unlisted = world.token(&root, NewGrant::default()).await;
    let password = json!({ "password": "a long password" });
    let attempts = |name: &str| {
        vec![
            post(format!("{USERS}/{name}")).json(&password),
            put(format!("{USERS}/ann")).json(&password),
            put(USERS).json(&json!([{ "username": "ann", "password": "a long password" }])),
            post(format!("{USERS}/ann/password")).json(&json!({ "newPassword": "a long password" })),
        ]
    };
    let settings = |may: bool| {
        let all = json!({ "internal": true, "ldap": true, "sso": true });
        let origins = json!({ "release": all, "deploy": all, "others": all });
        let body = json!({
            "maximumLifetimeDays": null, "tokensMayMakeTokens": may, "passwordsOnApi": true, "freshnessDays": { "ldap": 30, "sso": 30 }, "origins": origins,
            "emailNotifications": {"enabled": false, "days": 7, "furtherDays": [], "digest": false, "server": null,
            "subject": "Soon", "body": "Soon."},
        });
        put("/api/v1/settings/personal-access-tokens").json(&body).basic("root", PASSWORD)
    };
    let told = "This token cannot set passwords: it has a permission list, or tokens may not make tokens; sign in, \
                or send user name and password";
    for (may, token, name, refused) in [
        (false, &listed, "puppet1", true),
        (false, &unlisted, "puppet2", true),
        (true, &listed, "puppet3", true),
        (true, &unlisted, "puppet4", false),
    ] {
        assert_eq!(world.send(settings(may)).await.status(), 200);
        for call in attempts(name) {
            let answer = world.send(call.token(token)).await;
            if refused {
                assert_eq!((answer.status(), answer.text()), (403, told), "{name}");
            } else {
                assert!(answer.status() < 300, "{name}: {}", answer.text());
            }
        }
        let without = post(format!("{USERS}/{name}-without")).json(&json!({ "fullName": "No Password" }));
        assert_eq!(world.send(without.token(token)).await.status(), 201, "{name}");
    }
}

#[tokio::test]
async fn making_a_user_is_no_way_into_a_role_that_names_them_already() {
    let world = World::new().await;
    world.user("officer", &["security#edit"]).await;
    let ann = world.user("ann", &["admin"]).await;
    // A role may keep naming an internal user who is not there: this one was made so by hand.
    let mut change = world.change().await;
    let role = change.role(&"ann's role".parse().unwrap()).await.unwrap().unwrap();
    change.delete_user(ann.id).await.unwrap();
    change.update_role(&role).await.unwrap();
    world.commit(change).await;
    let make = || post(format!("{USERS}/ANN")).json(&json!({ "password": "a long password" }));
    assert_eq!(world.send(make().basic("officer", PASSWORD)).await.status(), 403);
    world.user("root", &["admin"]).await;
    assert_eq!(world.send(make().basic("root", PASSWORD)).await.status(), 201);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let second = world.user("second", &["admin"]).await;
    world.disable(&second).await;
    let takes_away = || {
        let role = "/api/v1/roles/root's%20role";
        vec![
            ("loginAllowed", put(format!("{USERS}/root")).json(&json!({ "loginAllowed": false }))),
            ("disable", post(format!("{USERS}/root/disable"))),
            ("bulk", put(USERS).json(&json!([{ "username": "root", "loginAllowed": false }]))),
            ("delete", delete(format!("{USERS}/root"))),
            ("no principals", put(role).json(&json!({ "principals": [] }))),
            ("no permissions", put(role).json(&json!({ "permissions": ["login"] }))),
            (
                "bulk of roles",
                put("/api/v1/roles").json(&json!([{ "name": "root's role", "permissions": [] }])),
            ),
            ("no role", delete(role)),
        ]
    };
    let sequence = world.state.store.last_sequence().await.unwrap();
    for (what, call) in takes_away() {
        let answer = world.send(call.basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), 409, "{what}: {}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), sequence);
    assert_eq!(
        world.send(post(format!("{USERS}/second/enable")).basic("root", PASSWORD)).await.status(),
        204
    );
    assert_eq!(world.send(post(format!("{USERS}/root/disable")).basic("root", PASSWORD)).await.status(), 204);
    let answer = world.send(delete(format!("{USERS}/second")).basic("second", PASSWORD)).await;
    assert_eq!(answer.status(), 409, "{}", answer.text());
    assert_eq!(world.send(delete(format!("{USERS}/root")).basic("second", PASSWORD)).await.status(), 204);
    assert_ne!(root.id, second.id);
}

#[tokio::test]
async fn an_administrator_without_a_password_is_not_the_one_who_stays() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let made = post(format!("{USERS}/empty")).json(&json!({})).basic("root", PASSWORD);
    assert_eq!(world.send(made).await.status(), 201);
    let with = |principals: Value| {
        let role = json!({ "principals": principals, "permissions": ["admin"] });
        post("/api/v1/roles/others").json(&role).basic("root", PASSWORD)
    };
    assert_eq!(world.send(with(json!([{ "username": "empty" }]))).await.status(), 201);
    let disable = || post(format!("{USERS}/root/disable")).basic("root", PASSWORD);
    assert_eq!(world.send(disable()).await.status(), 409);
    // In one change, the other one gets a password and root goes.
    let both = json!([
        { "username": "empty", "password": "a long password" }, { "username": "root", "loginAllowed": false },
    ]);
    assert_eq!(world.send(put(USERS).json(&both).basic("root", PASSWORD)).await.status(), 200);
    let enable = post(format!("{USERS}/root/enable")).basic("empty", "a long password");
    assert_eq!(world.send(enable).await.status(), 204);
}

#[tokio::test]
async fn an_administrator_from_elsewhere_needs_no_password_here() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &["admin"]).await;
    let disable = post(format!("{USERS}/root/disable")).basic("root", PASSWORD);
    assert_eq!(world.send(disable).await.status(), 204);
}

#[tokio::test]
async fn an_administrator_stays_who_is_named_after_a_thousand_who_never_came() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &["login"]).await;
    let named = |name: &str, provider: &str| Principal {
        username: name.parse().unwrap(),
        fullname: None,
        kind: PrincipalKind::User,
        provider: provider.to_owned(),
    };
    let strangers: Vec<_> = (0..1_200).map(|number| named(&format!("stranger-{number}"), "corp")).collect();
    for (last, status) in [(named("LENA", "other"), 409), (named("LENA", "corp"), 204)] {
        let mut change = world.change().await;
        let mut role = change.role(&"lena's role".parse().unwrap()).await.unwrap().unwrap();
        role.principals = [strangers.clone(), vec![last]].concat();
        role.permissions = ["admin".parse().unwrap()].into();
        change.update_role(&role).await.unwrap();
        world.commit(change).await;
        let disable = post(format!("{USERS}/root/disable")).basic("root", PASSWORD);
        let answer = world.send(disable).await;
        assert_eq!(answer.status(), status, "{}", answer.text());
    }
}

#[tokio::test]
async fn an_administrator_stays_who_is_in_a_group_of_the_provider_that_a_role_names() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    for (name, groups) in [("lena", ["staff", "Ops"]), ("mia", ["ops", "staff"])] {
        let person = world.user_from(name, Origin::Ldap, "corp", &["login"]).await;
        put_into(&world, &person, &groups).await;
    }
    let group = |name: &str, provider: &str| Principal {
        username: PrincipalKind::Group.name(name).unwrap(),
        fullname: None,
        kind: PrincipalKind::Group,
        provider: provider.to_owned(),
    };
    let disable = async |name: &str| {
        let call = post(format!("{USERS}/{name}/disable")).basic("root", PASSWORD);
        world.send(call).await.status()
    };
    let name_alone = async |principal: Principal| {
        let mut change = world.change().await;
        let mut role = change.role(&"lena's role".parse().unwrap()).await.unwrap().unwrap();
        role.principals = vec![principal];
        role.permissions = ["admin".parse().unwrap()].into();
        change.update_role(&role).await.unwrap();
        world.commit(change).await;
    };
    for stranger in [group("OPS", "corp"), group("Ops", "other"), group("lena", "corp")] {
        name_alone(stranger).await;
        assert_eq!(disable("root").await, 409);
    }
    name_alone(group("Ops", "corp")).await;
    assert_eq!(disable("lena").await, 204);
    assert_eq!(disable("root").await, 409, "lena, the only one in the group, is disabled");
    let enable = post(format!("{USERS}/lena/enable")).basic("root", PASSWORD);
    assert_eq!(world.send(enable).await.status(), 204);
    assert_eq!(disable("root").await, 204);
}

#[tokio::test]
async fn who_holds_more_through_a_group_is_out_of_reach() {
    let world = World::new().await;
    world.user("officer", &["login", "security#edit"]).await;
    let lena = world.user_from("lena", Origin::Ldap, "corp", &["login"]).await;
    put_into(&world, &lena, &["ops"]).await;
    let calls = || {
        let enabled = json!([{ "username": "LENA", "loginAllowed": true }]);
        [put(USERS).json(&enabled), post(format!("{USERS}/lena/enable"))]
    };
    for (provider, statuses) in [("other", [200, 204]), ("corp", [403, 403])] {
        world.role_of(PrincipalKind::Group, "ops", provider, &["audit#view"]).await;
        for (call, status) in calls().into_iter().zip(statuses) {
            let answer = world.send(call.basic("officer", PASSWORD)).await;
            assert_eq!(answer.status(), status, "{provider}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn two_administrators_who_disable_each_other_at_once_leave_one() {
    for _ in 0..5 {
        let world = World::new().await;
        world.user("ann", &["admin"]).await;
        world.user("ben", &["admin"]).await;
        let (ann, ben) = tokio::join!(
            world.send(post(format!("{USERS}/ben/disable")).basic("ann", PASSWORD)),
            world.send(post(format!("{USERS}/ann/disable")).basic("ben", PASSWORD)),
        );
        let mut statuses = [ann.status(), ben.status()];
        statuses.sort_unstable();
        // The second is disabled by the time of the change, or of the verdict.
        assert!([[204, 401], [204, 403]].contains(&statuses), "{statuses:?}");
        let enabled: Vec<_> =
            world.state.store.users(&Default::default(), patgate_store::Page::WHOLE).await.unwrap();
        let enabled = enabled.iter().filter(|user| user.state == patgate_core::user::UserState::Enabled);
        assert_eq!(enabled.count(), 1);
    }
}

#[tokio::test]
async fn everybody_reads_the_ids_of_the_permissions() {
    let world = World::configured(
        "[[application]]\nname = \"shop\"\ntoken_prefix = \"shop\"\npermissions = [\"shop#order\"]\n",
    )
    .await;
    world.user("ann", &[]).await;
    let ids = world.send(get("/api/v1/global-permissions").basic("ann", PASSWORD)).await.json();
    let ids = ids.as_array().unwrap();
    assert!(ids.contains(&json!("runner#registration")));
    assert_eq!((ids.first(), ids.last()), (Some(&json!("admin")), Some(&json!("shop#order"))));
}
