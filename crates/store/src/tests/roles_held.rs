//! What users hold, found by their names and groups: the same as a walk over all roles says, whatever came and went before, and by
//! as little as if nobody else were in these roles.

use std::collections::BTreeSet;

use patgate_core::role::PrincipalKey;
use patgate_core::user::PrincipalKind;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::keyset::plan;
use super::*;
use crate::tables::RolePrincipals;
use crate::{Change, Page, RoleFilter, Seek};

fn principal(kind: PrincipalKind, provider: &str, name: &str) -> Principal {
    Principal { username: kind.name(name).unwrap(), fullname: None, kind, provider: provider.into() }
}

fn with(id: i64, name: &str, principals: &[Principal], permission: &str) -> Role {
    Role {
        principals: principals.to_vec(),
        permissions: [permission.parse().unwrap()].into(),
        ..role(id, name, &[])
    }
}

fn of(id: i64, username: &str, provider: &str, groups: &[&str]) -> User {
    let origin = if provider == INTERNAL_PROVIDER { Origin::Internal } else { Origin::Ldap };
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    let confirmation = if origin == Origin::Internal { Confirmation::Own } else { Confirmation::At(now()) };
    User { origin, provider: provider.into(), groups, confirmation, ..user(id, username) }
}

/// People of two providers, some in the same groups, one disabled, and roles that name them in every way.
async fn company(store: &Store) {
    use PrincipalKind::{Group, User as Person};
    let mut change = store.change(&admin(), now()).await.unwrap();
    for user in [
        of(1, "Ann", INTERNAL_PROVIDER, &[]),
        of(2, "bob", "corp", &["ops", "Dev"]),
        of(3, "cyd", "other", &["ops"]),
        of(4, "Dörte", "corp", &["ops", "ops", "all"]),
        of(5, "eve", "corp", &["dev"]),
        of(6, "ops", "corp", &[]),
    ] {
        change.insert_user(&user, None).await.unwrap();
    }
    change.disable_user(UserId::from_i64(4)).await.unwrap();
    let roles = [
        with(
            1,
            "named",
            &[principal(Person, INTERNAL_PROVIDER, "aNN"), principal(Person, "corp", "ann")],
            "login",
        ),
        with(2, "Ops", &[principal(Group, "corp", "ops"), principal(Person, "corp", "DÖRTE")], "audit#view"),
        with(3, "dev", &[principal(Group, "corp", "Dev"), principal(Group, "other", "ops")], "security#view"),
        with(
            4,
            "people",
            &[principal(Person, "corp", "ops"), principal(Person, "corp", "bob")],
            "config#view",
        ),
        with(5, "nobody", &[], "admin"),
    ];
    change.insert_roles(&roles).await.unwrap();
    change.commit().await.unwrap();
}

/// Demands that what is found of each user is what a walk over all roles finds, and that what is counted is who is in a role.
async fn agrees(store: &Store) {
    let roles = all_roles(store).await;
    let users = store.users(&crate::UserFilter::default(), Page::WHOLE).await.unwrap();
    let held = store.roles_of(&users.iter().collect::<Vec<_>>()).await.unwrap();
    for user in &users {
        let covers = |role: &&Role| {
            role.principals.iter().any(|one| one.covers(&user.username, &user.provider, &user.groups))
        };
        let expected: Vec<_> = roles.iter().filter(covers).collect();
        let found: Vec<_> = held.of(user.id).unwrap().collect();
        let id = |role: &&Role| (role.id, role.name.to_string());
        assert_eq!(
            found.iter().map(|role| (role.id, role.name.to_string())).collect::<Vec<_>>(),
            expected.iter().map(id).collect::<Vec<_>>(),
            "{}",
            user.username
        );
        let permissions: BTreeSet<_> = expected.iter().flat_map(|role| &role.permissions).collect();
        assert_eq!(held.permissions_of(user.id).unwrap(), permissions, "{}", user.username);
    }
    assert!(held.of(UserId::from_i64(99)).is_none() && held.permissions_of(UserId::from_i64(99)).is_none());
    let listed = store.list_roles("", &Seek::Start, 100).await.unwrap();
    assert_eq!(listed.len(), roles.len());
    let change = store.change(&admin(), now()).await.unwrap();
    for (one, role) in listed.iter().zip(&roles) {
        assert_eq!((one.summary.id, &one.summary.permissions), (role.id, &role.permissions));
        assert_eq!(store.listed_role(role.id).await.unwrap().as_ref(), Some(one));
        let keys = |kind: PrincipalKind| -> BTreeSet<PrincipalKey> {
            role.principals.iter().map(PrincipalKey::from).filter(|key| key.kind == kind).collect()
        };
        let counts = [keys(PrincipalKind::User), keys(PrincipalKind::Group)].map(|keys| keys.len() as u64);
        assert_eq!([one.users, one.groups], counts, "{}", role.name);
        for kind in [PrincipalKind::User, PrincipalKind::Group] {
            assert_eq!(walked(&change, role.id, kind).await, keys(kind), "{}", role.name);
        }
    }
}

/// The principals of a role, two at a time.
async fn walked(change: &Change, role: RoleId, kind: PrincipalKind) -> BTreeSet<PrincipalKey> {
    let (mut all, mut last) = (BTreeSet::new(), None);
    loop {
        let some = change.principals_of(role, kind, last.as_ref(), 2).await.unwrap();
        assert!(some.len() <= 2 && some.is_sorted());
        let Some(end) = some.last() else { return all };
        last = Some(end.clone());
        for key in some {
            assert!(all.insert(key), "met twice");
        }
    }
}

on_both_databases! {
    async fn what_users_hold_is_what_a_walk_over_all_roles_says(fixture: Fixture) {
        use PrincipalKind::{Group, User as Person};
        let store = fixture.open().await;
        company(&store).await;
        agrees(&store).await;
        let user = async |id| store.user(UserId::from_i64(id)).await.unwrap().unwrap();
        let held = store.roles_of(&[&user(2).await, &user(5).await]).await.unwrap();
        let names = |id| held.of(UserId::from_i64(id)).unwrap().map(|role| role.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(2), ["dev", "Ops", "people"]);
        assert_eq!(names(5), [""; 0], "the case of a group's name counts");
        assert!(held.of(UserId::from_i64(1)).is_none(), "who was not asked about");

        // Some come and others go, in several roles at once.
        let mut change = store.change(&admin(), now()).await.unwrap();
        let ops = [principal(Group, "other", "ops"), principal(Person, "corp", "dörte"), principal(Person, "corp", "eve")];
        let dev = [principal(Group, "corp", "dev"), principal(Group, "corp", "Dev"), principal(Group, "other", "ops")];
        change.update_roles(&[with(2, "Ops", &ops, "audit#view"), with(3, "dev", &dev, "login")]).await.unwrap();
        change.commit().await.unwrap();
        agrees(&store).await;

        // A new name goes along into the roles, also into one that names somebody of it already.
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.update_role(&with(4, "people", &[principal(Person, "corp", "Bob"), principal(Person, "corp", "rob")], "config#view")).await.unwrap();
        let renamed = User { username: name("Rob"), groups: vec!["all".into()], ..user(2).await };
        assert!(change.update_user(&renamed).await.unwrap());
        let held = change.roles_of(&[&renamed]).await.unwrap();
        assert_eq!(held.of(renamed.id).unwrap().count(), 1, "a change sees what it wrote");
        assert!(change.is_in_a_role(&PrincipalKey::of_user("corp", &name("ROB"))).await.unwrap());
        assert!(!change.is_in_a_role(&PrincipalKey::of_user("corp", &name("bob"))).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(store.role_by_id(RoleId::from_i64(4)).await.unwrap().unwrap().principals.len(), 2);
        let left = store.listed_role(RoleId::from_i64(4)).await.unwrap().unwrap();
        assert_eq!((left.users, left.groups), (1, 0));
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.update_role(&with(4, "people", &[principal(Person, "corp", "rob"), principal(Group, "corp", "rob")], "login")).await.unwrap();
        change.commit().await.unwrap();
        agrees(&store).await;

        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_user(UserId::from_i64(4)).await.unwrap();
        change.delete_role(RoleId::from_i64(3)).await.unwrap();
        change.commit().await.unwrap();
        agrees(&store).await;
        assert_eq!(store.listed_role(RoleId::from_i64(3)).await.unwrap(), None);
    }

    async fn a_role_is_found_by_a_part_of_the_name_of_whoever_is_in_it(fixture: Fixture) {
        let store = fixture.open().await;
        company(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let groups = ["ÖRTLICH", "50%_a\\b"].map(|group| principal(PrincipalKind::Group, "corp", group));
        change.insert_role(&with(6, "Grouped", &groups, "login")).await.unwrap();
        change.commit().await.unwrap();
        let roles = all_roles(&store).await;
        for text in ["ört", "ÖRT", "OPS", "dev", "ann", "0%_A", "\\", "_", "o", "nobody", ""] {
            let is_one = |one: &Principal| one.username.key().contains(&text.to_lowercase());
            let passing: Vec<_> = roles.iter().filter(|role| role.principals.iter().any(is_one)).cloned().collect();
            let filter = RoleFilter { principal_name: Some(text.into()), ..RoleFilter::default() };
            let mut found = Vec::new();
            for number in 0..4 {
                let page = store.roles(&filter, Page { number, size: 2 }).await.unwrap();
                assert_eq!(page.len(), passing.len().saturating_sub(found.len()).min(2), "{text}");
                found.extend(page);
            }
            assert_eq!(found, passing, "{text}");
        }
    }

    async fn what_is_taken_back_leaves_nothing(fixture: Fixture) {
        let store = fixture.open().await;
        company(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_role(RoleId::from_i64(2)).await.unwrap();
        change.update_role(&with(4, "people", &[], "admin")).await.unwrap();
        drop(change);
        agrees(&store).await;
    }

    async fn somebody_among_thousands_is_found_by_the_statements_of_somebody_alone(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let crowd: Vec<_> =
            (0..1_201).map(|number| principal(PrincipalKind::User, "corp", &format!("stranger-{number}"))).collect();
        let mut change = store.change(&admin(), now()).await.unwrap();
        let ann = principal(PrincipalKind::User, INTERNAL_PROVIDER, "ann");
        let bob = principal(PrincipalKind::User, INTERNAL_PROVIDER, "bob");
        let crowded = with(2, "crowded", &[crowd.as_slice(), &[bob]].concat(), "login");
        change.insert_roles(&[with(1, "alone", &[ann], "login"), crowded.clone()]).await.unwrap();
        change.commit().await.unwrap();
        let change = store.change(&admin(), now()).await.unwrap();
        let mut taken = Vec::new();
        for user in [user(1, "ann"), user(2, "bob")] {
            let before = change.transaction().statements();
            assert_eq!(change.roles_of(&[&user]).await.unwrap().of(user.id).unwrap().count(), 1);
            taken.push(change.transaction().statements() - before);
        }
        assert_eq!(taken[0], taken[1]);
        drop(change);
        let listed = store.listed_role(crowded.id).await.unwrap().unwrap();
        assert_eq!((listed.users, listed.groups), (1_202, 0));
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.update_role(&Role { principals: crowded.principals[1_200..].to_vec(), ..crowded.clone() }).await.unwrap();
        change.commit().await.unwrap();
        agrees(&store).await;
    }

    async fn the_roles_of_an_older_program_are_found_by_who_is_in_them(fixture: Fixture) {
        let opened = crate::connection::open(&fixture.database).await.unwrap();
        crate::schema::migrate_to(&opened.orm, 13).await.unwrap();
        let two = [principal(PrincipalKind::User, "corp", "Bob"), principal(PrincipalKind::User, "corp", "BOB")];
        let group = principal(PrincipalKind::Group, "corp", "it's");
        for (id, principals) in [(1, vec![]), (2, two.to_vec()), (3, vec![two[0].clone(), group])] {
            let principals = serde_json::to_string(&principals).unwrap().replace('\'', "''");
            let row = format!(
                "INSERT INTO roles (id, name, name_key, principals, permissions) \
                 VALUES ({id}, 'R{id}', 'r{id}', '{principals}', '[\"login\"]')"
            );
            opened.orm.execute_unprepared(&row).await.unwrap();
        }
        opened.pool.close().await;
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&of(1, "bob", "corp", &["it's"]), None).await.unwrap();
        change.commit().await.unwrap();
        agrees(&store).await;
        let held = store.roles_of(&[&of(1, "bob", "corp", &[])]).await.unwrap();
        assert_eq!(held.of(UserId::from_i64(1)).unwrap().count(), 2);
    }
}

#[tokio::test]
async fn who_is_in_a_role_is_asked_of_an_index() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        let naming = crate::roles::naming_selection("corp", PrincipalKind::Group)
            .and_where(Expr::col(RolePrincipals::Name).is_in(["ops", "dev"]))
            .take();
        let some = crate::roles::some_selection(
            RoleId::from_i64(1),
            PrincipalKind::User,
            Some(&PrincipalKey::of_user("corp", &name("ann"))),
        );
        for (select, index) in [(naming, "roles_of_principal"), (some, "role_principals_of_role")] {
            let plan = plan(&store, &select).await;
            let uses = format!("USING COVERING INDEX {index}");
            assert!(plan.contains(&uses) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    })
    .await;
}
