//! Several things in one change: as few statements for many as for two, and the first that is wrong is the one refused.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{POST_WEBHOOK_ENDPOINT, Properties, Value, webhook_property as property};

use super::items::{folder, place, server};
use super::releases::{insert, planned};
use super::*;
use crate::{AuditFilter, Change, Item, ItemUpdate, NewItem, Page, StoreError, StoredSecrets};

/// More rows than one statement writes.
const MANY: i64 = 1_201;

fn properties(name: &str, value: &str) -> Properties {
    [(name.to_owned(), Value::Text(value.to_owned()))].into()
}

fn endpoint(number: i64, id: &str, path: &str) -> NewItem {
    let type_name = POST_WEBHOOK_ENDPOINT.name.to_owned();
    NewItem { type_name, properties: properties(property::PATH, path), ..folder(number, id) }
}

/// A folder, and mail servers in it.
fn tree(count: i64) -> Vec<NewItem> {
    let servers = (1..=count).map(|number| server(number, &format!("Configuration/BOX/server-{number}")));
    std::iter::once(folder(0, "Configuration/Box")).chain(servers).collect()
}

fn with(item: &Item, properties: Properties) -> ItemUpdate {
    ItemUpdate { before: item.clone(), properties, secrets: StoredSecrets::new() }
}

fn roles(count: i64) -> Vec<Role> {
    (1..=count).map(|id| role(id, &format!("role-{id}"), &["ann"])).collect()
}

fn statements(change: &Change) -> u64 {
    change.transaction().statements()
}

on_both_databases! {
    async fn a_hundred_things_take_the_statements_of_two(fixture: Fixture) {
        let users: Vec<_> = (1..=100).map(|id| format!("user-{id}")).collect();
        let store = store_with_users(&fixture, &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut taken = Vec::new();
        for count in [2, 100] {
            let mut change = store.change(&admin(), now()).await.unwrap();
            let mut marks = vec![statements(&change)];
            let items = change.insert_items(&tree(count)).await.unwrap();
            marks.push(statements(&change));
            let updates = items[1..].iter().map(|item| with(item, properties("host", "other"))).collect();
            change.update_items(updates).await.unwrap();
            marks.push(statements(&change));
            change.move_item(items[0].number, 1, &place("Configuration/Crate")).await.unwrap();
            marks.push(statements(&change));
            let mut there = change.items_below(&place("Configuration/Crate")).await.unwrap();
            there.extend(change.item_by_number(items[0].number).await.unwrap());
            marks.push(statements(&change));
            change.delete_items(&there).await.unwrap();
            marks.push(statements(&change));
            let mut roles = roles(count);
            change.insert_roles(&roles).await.unwrap();
            marks.push(statements(&change));
            roles.iter_mut().for_each(|role| role.permissions.clear());
            assert_eq!(change.update_roles(&roles).await.unwrap(), roles.len());
            marks.push(statements(&change));
            roles.iter_mut().for_each(|role| role.principals = vec![Principal::internal(name("bob"))]);
            assert_eq!(change.update_roles(&roles).await.unwrap(), roles.len());
            marks.push(statements(&change));
            let names: Vec<_> = users.iter().take(roles.len()).map(|user| name(user)).collect();
            let there = change.users_by_names(&names.iter().collect::<Vec<_>>()).await.unwrap();
            let people: Vec<_> =
                there.into_values().map(|user| User { full_name: "Somebody".into(), ..user }).collect();
            marks.push(statements(&change));
            change.roles_of(&people.iter().collect::<Vec<_>>()).await.unwrap();
            marks.push(statements(&change));
            assert_eq!(change.update_users(&people).await.unwrap(), roles.len());
            marks.push(statements(&change));
            let ids: Vec<_> = (1..=count).map(UserId::from_i64).collect();
            change.confirm_users(&ids, now()).await.unwrap();
            marks.push(statements(&change));
            taken.push(marks.windows(2).map(|marks| marks[1] - marks[0]).collect::<Vec<_>>());
        }
        assert_eq!(taken[0], taken[1]);
    }

    async fn a_hundred_releases_are_read_by_one_statement(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &(1..=100).map(|id| planned(id, "Ship it")).collect::<Vec<_>>()).await;
        let change = store.change(&admin(), now()).await.unwrap();
        for (count, expected) in [(0, 0), (1, 1), (100, 1), (101, 2)] {
            let ids: Vec<_> = (0..count).map(|id| format!("Release{id}").parse().unwrap()).collect();
            let (before, mut shown) = (statements(&change), Vec::new());
            change.each_release(&ids, |release| shown.push(release.id)).await.unwrap();
            assert_eq!(statements(&change) - before, expected, "{count}");
            shown.sort_unstable();
            // The first is not there.
            let mut there: Vec<_> = ids.into_iter().skip(1).collect();
            there.sort_unstable();
            assert_eq!(shown, there);
        }
    }

    async fn more_than_a_statement_holds_is_written_whole_and_told_in_order(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_items(&tree(MANY)).await.unwrap();
        change.insert_roles(&roles(MANY)).await.unwrap();
        change.commit().await.unwrap();
        let folder = store.item_by_number(ItemNumber::from_i64(0)).await.unwrap().unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.move_item(folder.number, 1, &place("Configuration/Crate")).await.unwrap();
        let mut changed = roles(MANY);
        changed.iter_mut().for_each(|role| role.principals.clear());
        changed[7].principals.extend(roles(1).remove(0).principals);
        assert_eq!(change.update_roles(&changed).await.unwrap(), changed.len() - 1, "one is as it was");
        change.commit().await.unwrap();
        for number in [1, 500, 501, MANY] {
            let item = store.item_by_number(ItemNumber::from_i64(number)).await.unwrap().unwrap();
            assert_eq!((item.id.as_str(), item.version), (&*format!("Configuration/Crate/server-{number}"), 1));
            assert_eq!(item.properties, server(number, "Configuration/a").properties);
            let empty = store.role_by_id(RoleId::from_i64(number)).await.unwrap().unwrap();
            assert_eq!((empty.name.to_string(), empty.principals.len()), (format!("role-{number}"), 0));
        }
        let ids: Vec<_> = (0..=MANY).map(ItemNumber::from_i64).collect();
        assert_eq!(store.items_numbered(&ids).await.unwrap().len(), ids.len());
        let ids: Vec<_> = (1..=MANY).map(RoleId::from_i64).collect();
        assert_eq!(store.roles_by_ids(&ids).await.unwrap().len(), ids.len());
        let made = AuditFilter { action: Some("role.create".to_owned()), ..AuditFilter::default() };
        let made = store.audit_events(&made, Page::WHOLE).await.unwrap();
        let told: Vec<_> = made.iter().rev().map(|event| event.subject_name.clone()).collect();
        assert_eq!(told, roles(MANY).iter().map(|role| role.name.to_string()).collect::<Vec<_>>());
    }

    async fn the_first_of_several_that_is_wrong_is_refused_and_nothing_written(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let (one, two) = (endpoint(1, "Configuration/one", "a"), endpoint(2, "Configuration/two", "b"));
        for (new, wanted) in [
            (vec![one.clone(), server(3, "Configuration/ONE"), server(4, "Configuration/none/a")], (1, "is there already")),
            (vec![one.clone(), endpoint(3, "Configuration/c", "A")], (1, "must be unique")),
            (vec![server(3, "Configuration/Box/a"), folder(0, "Configuration/Box")], (0, "no such folder")),
            (vec![one.clone(), server(3, "Configuration/one/a")], (1, "no such folder")),
        ] {
            let refused = change.insert_items(&new).await.unwrap_err();
            assert_eq!((refused.at, refused.error.to_string().contains(wanted.1)), (wanted.0, true), "{refused:?}");
        }
        let items = change.insert_items(&[one, two]).await.unwrap();
        let [first, second] = &items[..] else { panic!("{items:?}") };
        let path = |path: &str| properties(property::PATH, path);
        let taken = vec![with(first, first.properties.clone()), with(second, path("a"))];
        let refused = change.update_items(taken).await.unwrap_err();
        assert!(matches!((refused.at, refused.error), (1, StoreError::ValueTaken)));
        // What the first gives up, the second may have.
        let items = change.update_items(vec![with(first, path("c")), with(second, path("a"))]).await.unwrap();
        assert_eq!(items.iter().map(|item| item.version).collect::<Vec<_>>(), [2, 2]);
        let ops = [role(1, "ops", &[]), role(2, "OPS", &[])];
        assert!(matches!(change.insert_roles(&ops).await, Err(StoreError::NameTaken(name)) if name.as_str() == "OPS"));
        assert!(matches!(change.update_roles(&ops[..1]).await, Err(StoreError::NotFound("role"))));
        assert!(matches!(change.update_users(&[user(1, "ann")]).await, Err(StoreError::NotFound("user"))));
        change.commit().await.unwrap();
        let key = "webhook path:a".to_owned();
        let holders = crate::items::holders(&store.inner.orm, vec![key.clone()]).await.unwrap();
        assert_eq!(holders, [(key, ItemNumber::from_i64(2))]);
        assert!(all_roles(&store).await.is_empty());
    }

    async fn a_folder_goes_with_all_that_is_in_it_or_not_at_all(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let items = change.insert_items(&tree(3)).await.unwrap();
        let some = [items[3].clone(), items[0].clone()];
        let refused = change.delete_items(&some).await.unwrap_err();
        assert!(matches!((refused.at, refused.error), (1, StoreError::NotEmpty)));
        let all: Vec<_> = items.into_iter().rev().collect();
        change.delete_items(&all).await.unwrap();
        change.commit().await.unwrap();
        assert!(store.items(&crate::ItemFilter::default(), Page::WHOLE).await.unwrap().is_empty());
    }

    async fn roles_are_found_by_what_they_hold(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let mut three = roles(3);
        three[0].permissions = ["admin".parse().unwrap(), "login".parse().unwrap()].into();
        three[1].permissions = ["area#admin".parse().unwrap(), "admin-2".parse().unwrap()].into();
        change.insert_roles(&three).await.unwrap();
        let found = change.roles_with(&"admin".parse().unwrap()).await.unwrap();
        assert_eq!(found.iter().map(|role| role.id).collect::<Vec<_>>(), [three[0].id]);
        assert_eq!(found[0].permissions, three[0].permissions);
    }
}
