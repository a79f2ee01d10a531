//! Configuration items: places, versions, folders and sealed secrets.

use std::collections::BTreeMap;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, Properties, Value};
use sea_orm::ConnectionTrait;

use super::keyset::plan;
use super::*;
use crate::{
    AuditFilter, ChangedKind, Item, ItemCursor, ItemFilter, ItemQuery, ItemUpdate, NewItem, Page,
    SealedSecret, Seek, StoreError, StoredSecret, StoredSecrets, SubjectKind,
};

pub(super) fn place(text: &str) -> ItemId {
    text.parse().unwrap()
}

fn properties(host: &str) -> Properties {
    let map = BTreeMap::from([("mail.smtp.timeout".to_owned(), "5000".to_owned())]);
    [
        ("host".to_owned(), Value::Text(host.to_owned())),
        ("port".to_owned(), Value::Integer(465)),
        ("quiet".to_owned(), Value::Boolean(true)),
        ("smtpProperties".to_owned(), Value::Map(map)),
    ]
    .into()
}

fn sealed(key: u32) -> StoredSecrets {
    [("password".to_owned(), StoredSecret::Sealed(SealedSecret { key, sealed: vec![0xa7, 0, 0xff] }))].into()
}

pub(super) fn server(number: i64, id: &str) -> NewItem {
    NewItem {
        number: ItemNumber::from_i64(number),
        id: place(id),
        type_name: "notification.PatSmtpServer".to_owned(),
        properties: properties("mail.example.org"),
        secrets: sealed(1),
    }
}

pub(super) fn folder(number: i64, id: &str) -> NewItem {
    NewItem {
        type_name: "core.Directory".to_owned(),
        properties: Properties::new(),
        secrets: StoredSecrets::new(),
        ..server(number, id)
    }
}

pub(super) async fn insert(store: &Store, items: &[NewItem]) {
    let mut change = store.change(&admin(), now()).await.unwrap();
    change.insert_items(items).await.unwrap();
    change.commit().await.unwrap();
}

async fn places(store: &Store, filter: &ItemFilter) -> Vec<String> {
    store.items(filter, Page::WHOLE).await.unwrap().iter().map(|item| item.id.to_string()).collect()
}

async fn tree(store: &Store) {
    insert(
        store,
        &[
            folder(1, "Configuration/Mail"),
            server(2, "Configuration/mail/b"),
            folder(3, "Configuration/Mail/Old"),
            server(4, "Configuration/Mail/old/a"),
            server(5, "Configuration/Mail-2"),
            server(6, "Configuration/Mailbox"),
        ],
    )
    .await;
}

on_both_databases! {
    async fn an_item_is_read_as_it_was_made(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[server(7, "Configuration/SMTPSERVERTEST")]).await;
        let item = store.item(&place("configuration/smtpservertest")).await.unwrap().unwrap();
        assert_eq!(item, Item {
            number: ItemNumber::from_i64(7),
            id: place("Configuration/SMTPSERVERTEST"),
            type_name: "notification.PatSmtpServer".to_owned(),
            version: 1,
            properties: properties("mail.example.org"),
            secrets: sealed(1),
            created_at: now(),
            created_by: "root".to_owned(),
            changed_at: now(),
            changed_by: "root".to_owned(),
        });
        assert_eq!(item.id.as_str(), "Configuration/SMTPSERVERTEST");
        assert_eq!(store.item_by_number(item.number).await.unwrap(), Some(item));
        assert_eq!(store.sealing_keys().await.unwrap(), [1].into());
        let rows = store.changes_after(crate::Sequence::START, 10).await.unwrap();
        assert_eq!((rows.len(), rows[0].kind, rows[0].subject), (1, ChangedKind::Item, 7));
        let event = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap().remove(0);
        assert_eq!((event.action.as_str(), event.subject_kind), ("item.create", SubjectKind::Item));
        assert_eq!(event.subject_name, "Configuration/SMTPSERVERTEST");
        assert_eq!(event.detail["secrets"], serde_json::json!(["password"]));
        assert!(!event.detail.to_string().contains("p wD"), "nothing sealed is in the log");
    }

    async fn a_place_is_taken_once_whatever_the_case_and_needs_its_folder(fixture: Fixture) {
        let store = fixture.open().await;
        tree(&store).await;
        let before = store.last_sequence().await.unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        for (id, wanted) in [
            ("Configuration/MAIL", "this configuration item is there already; read it instead of making it again"),
            ("Configuration/none/a", "there is no such folder; list them again"),
            ("Configuration/Mailbox/a", "there is no such folder; list them again"),
            ("Configuration", "this configuration item is there already; read it instead of making it again"),
        ] {
            assert_eq!(change.insert_items(&[server(9, id)]).await.unwrap_err().error.to_string(), wanted, "{id}");
        }
        assert_eq!(change.commit().await.unwrap(), before, "nothing was done");
        assert_eq!(store.item(&place("Configuration/Mail/b")).await.unwrap().unwrap().id.as_str(), "Configuration/Mail/b");
    }

    async fn an_item_changes_by_one_version_and_an_old_one_is_refused(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[server(1, "Configuration/a")]).await;
        let number = ItemNumber::from_i64(1);
        let later = time("2026-05-04T00:00:00Z");
        let mut change = store.change(&admin(), later).await.unwrap();
        let before = change.item_by_number(number).await.unwrap().unwrap();
        let update = |host, secrets| ItemUpdate { before: before.clone(), properties: properties(host), secrets };
        let same = change.update_item(update("mail.example.org", sealed(1))).await.unwrap();
        assert_eq!(same.version, 1, "nothing is different");
        let changed = change.update_item(update("other", StoredSecrets::new())).await.unwrap();
        assert_eq!((changed.version, changed.changed_at, changed.created_at), (2, later, now()));
        assert!(matches!(change.move_item(number, 1, &place("Configuration/b")).await, Err(StoreError::Overtaken(_))));
        assert!(matches!(change.delete_item(number, Some(1)).await, Err(StoreError::Overtaken(_))));
        change.commit().await.unwrap();
        assert_eq!(store.item_by_number(number).await.unwrap(), Some(changed));
        assert!(store.sealing_keys().await.unwrap().is_empty());
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        assert_eq!(events[0].detail, serde_json::json!({
            "properties": { "host": { "from": "mail.example.org", "to": "other" } }, "secrets": ["password"],
        }));
    }

    async fn a_folder_moves_with_what_is_in_it_and_neighbours_stay(fixture: Fixture) {
        let store = fixture.open().await;
        tree(&store).await;
        insert(&store, &[folder(8, "Configuration/Attic")]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let number = ItemNumber::from_i64(1);
        for below in ["Configuration/Mail/x", "Configuration/mail/Old/Mail", "Configuration"] {
            assert!(matches!(change.move_item(number, 1, &place(below)).await, Err(StoreError::Unmovable)), "{below}");
        }
        assert!(matches!(change.move_item(number, 1, &place("Configuration/mailbox")).await, Err(StoreError::AlreadyThere(_))));
        assert!(matches!(change.move_item(number, 1, &place("Configuration/x/y")).await, Err(StoreError::NotFound(_))));
        change.move_item(number, 1, &place("Configuration/attic/Post")).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(places(&store, &ItemFilter::default()).await, [
            "Configuration/Attic", "Configuration/Attic/Post", "Configuration/Attic/Post/b", "Configuration/Attic/Post/Old",
            "Configuration/Attic/Post/Old/a", "Configuration/Mail-2", "Configuration/Mailbox",
        ]);
        let events = store.audit_events(&AuditFilter { action: Some("item.move".into()), ..AuditFilter::default() }, Page::WHOLE).await.unwrap();
        assert_eq!(events.len(), 4);
        assert_eq!(store.item_by_number(ItemNumber::from_i64(4)).await.unwrap().unwrap().secrets, sealed(1));
        // Only the case changes.
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.move_item(number, 2, &place("Configuration/Attic/POST")).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.item_by_number(ItemNumber::from_i64(2)).await.unwrap().unwrap().id.as_str(), "Configuration/Attic/POST/b");
    }

    async fn a_folder_is_deleted_when_it_is_empty(fixture: Fixture) {
        let store = fixture.open().await;
        tree(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(change.delete_item(ItemNumber::from_i64(1), None).await, Err(StoreError::NotEmpty)));
        for number in [4, 3, 2, 1] {
            change.delete_item(ItemNumber::from_i64(number), Some(1)).await.unwrap();
        }
        assert!(matches!(change.delete_item(ItemNumber::from_i64(1), None).await, Err(StoreError::NotFound(_))));
        change.commit().await.unwrap();
        assert_eq!(places(&store, &ItemFilter::default()).await, ["Configuration/Mail-2", "Configuration/Mailbox"]);
    }

    async fn lists_go_by_folder_type_and_place(fixture: Fixture) {
        let store = fixture.open().await;
        tree(&store).await;
        let within = |folder: &str| ItemFilter { folder: Some(place(folder)), ..ItemFilter::default() };
        assert_eq!(places(&store, &within("Configuration")).await, ["Configuration/Mail", "Configuration/Mail-2", "Configuration/Mailbox"]);
        assert_eq!(places(&store, &within("configuration/MAIL")).await, ["Configuration/Mail/b", "Configuration/Mail/Old"]);
        let below = ItemFilter { below: Some(place("Configuration/Mail")), ..ItemFilter::default() };
        assert_eq!(places(&store, &below).await, ["Configuration/Mail/b", "Configuration/Mail/Old", "Configuration/Mail/Old/a"]);
        let folders = ItemFilter { type_name: Some("core.Directory".into()), ..ItemFilter::default() };
        assert_eq!(places(&store, &folders).await, ["Configuration/Mail", "Configuration/Mail/Old"]);
        let all = store.items(&ItemFilter::default(), Page::WHOLE).await.unwrap();
        let forward = store.list_items(&ItemFilter::default(), &Seek::After(ItemCursor::of(&all[1])), 2).await.unwrap();
        assert_eq!(forward, all[2..4]);
        let backward = store.list_items(&ItemFilter::default(), &Seek::Before(ItemCursor::of(&all[4])), 2).await.unwrap();
        assert_eq!(backward, all[2..4]);
        assert_eq!(store.items(&ItemFilter::default(), Page { number: 1, size: 4 }).await.unwrap(), all[4..]);
    }

    async fn secrets_sealed_anew_leave_the_version(fixture: Fixture) {
        let store = fixture.open().await;
        tree(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let found = change.items_with_secrets().await.unwrap();
        assert_eq!(found.len(), 4);
        for item in found {
            change.reseal_item(item.number, sealed(2)).await.unwrap();
        }
        change.commit().await.unwrap();
        let item = store.item_by_number(ItemNumber::from_i64(2)).await.unwrap().unwrap();
        assert_eq!((item.version, item.secrets), (1, sealed(2)));
        assert!(!format!("{:?}", sealed(2)).contains("167"), "nothing sealed is printed");
    }

    async fn items_are_found_by_patterns_in_which_percent_alone_is_special(fixture: Fixture) {
        let store = fixture.open().await;
        let items = [
            folder(1, "Configuration/Mail"),
            server(2, "Configuration/Mail/First"),
            server(3, "Configuration/Mail/Se_cond"),
        ];
        insert(&store, &items).await;
        let found = async |query: ItemQuery, skip: u64, limit: u64| -> Vec<String> {
            let found = store.find_items(&query, &Seek::Start, skip, limit).await.unwrap();
            found.into_iter().map(|found| found.id.to_string()).collect()
        };
        let (mail, first, second) =
            ("Configuration/Mail", "Configuration/Mail/First", "Configuration/Mail/Se_cond");
        let name = |name: &str| ItemQuery { name: Some(name.to_owned()), ..ItemQuery::default() };
        let at = |place: &str| ItemQuery { place: Some(place.to_owned()), ..ItemQuery::default() };
        for (query, places) in [
            (ItemQuery::default(), &[mail, first, second][..]),
            (name("FIRST"), &[first]),
            (name("%s%"), &[first, second]),
            (name("s__cond"), &[]),
            (name("se_%"), &[second]),
            (name("mail/first"), &[]),
            (name("\\"), &[]),
            (at("configuration/mail/%"), &[first, second]),
            (at("%/se_cond"), &[second]),
            (ItemQuery { folder: Some(place("Configuration")), ..ItemQuery::default() }, &[mail]),
            (ItemQuery { below: Some(place("configuration/mail")), ..name("f%") }, &[first]),
            (ItemQuery { numbers: Some(vec![ItemNumber::from_i64(3), ItemNumber::from_i64(2)]), ..ItemQuery::default() }, &[first, second]),
            (ItemQuery { numbers: Some(vec![ItemNumber::from_i64(3)]), ..name("first") }, &[]),
            (ItemQuery { changed_before: Some(now()), ..ItemQuery::default() }, &[]),
            (ItemQuery { changed_after: Some(time("2020-01-01T00:00:00Z")), ..name("mail") }, &[mail]),
        ] {
            assert_eq!(found(query.clone(), 0, u64::MAX).await, places, "{query:?}");
        }
        assert_eq!(found(ItemQuery::default(), 2, 2).await, [second]);
        let at = store.items_at(&[place(second), place("Configuration/none"), place("configuration/mail")]).await;
        let there: Vec<_> = at.unwrap().into_iter().map(|item| item.id.to_string()).collect();
        assert_eq!(there, [mail, second]);
        let numbered = store.items_numbered(&[ItemNumber::from_i64(3), ItemNumber::from_i64(9)]).await.unwrap();
        assert_eq!(numbered.len(), 1);
        let change = store.change(&admin(), now()).await.unwrap();
        assert_eq!(change.items_below(&place("configuration/MAIL")).await.unwrap().len(), 2);
        for (most, counted) in [(1, 1), (2, 2), (9, 2)] {
            assert_eq!(change.count_items_below(&place("configuration/MAIL"), most).await.unwrap(), counted);
        }
        let seek = Seek::After(ItemCursor::at(&place(mail)));
        let rest = store.find_items(&ItemQuery::default(), &seek, 0, 1).await.unwrap();
        assert_eq!(rest[0].id, place(first));
        let named = |name: &str| ItemFilter { name: Some(name.parse().unwrap()), ..ItemFilter::default() };
        for (filter, found) in [
            (named("FIRST"), &[first][..]),
            (named("se_cond"), &[second]),
            (named("se-cond"), &[]),
            (named("irst"), &[]),
            (ItemFilter { but_type: Some("core.Directory".to_owned()), ..ItemFilter::default() }, &[first, second]),
            (ItemFilter { numbers: Some(vec![ItemNumber::from_i64(2), ItemNumber::from_i64(9)]), ..ItemFilter::default() }, &[first]),
        ] {
            assert_eq!(places(&store, &filter).await, found, "{filter:?}");
        }
        assert!(store.items_at(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn items_are_found_by_the_index_that_tells_most_and_never_sorted() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        let of = |folder: Option<&str>, type_name: Option<&str>| ItemQuery {
            folder: folder.map(place),
            type_name: type_name.map(str::to_owned),
            ..ItemQuery::default()
        };
        let (folder, type_name) = (Some("Configuration/Mail"), Some("core.Directory"));
        let changed = ItemQuery { changed_after: Some(now()), ..of(None, None) };
        for (query, index) in [
            (of(None, None), "COVERING INDEX configuration_items_by_change"),
            (changed, "COVERING INDEX configuration_items_by_change"),
            (of(None, type_name), "INDEX configuration_items_of_type"),
            (of(folder, None), "INDEX configuration_items_of_folder"),
            (of(folder, type_name), "INDEX configuration_items_of_folder"),
            (ItemQuery { name: Some("%a%".to_owned()), ..of(None, None) }, "INDEX configuration_items_by_id"),
        ] {
            for seek in [Seek::Start, Seek::After(ItemCursor::at(&place("Configuration/Mail/b")))] {
                let plan = plan(&store, &crate::items::question(&query, &seek)).await;
                let wanted = format!("USING {index}");
                assert!(plan.contains(&wanted) && !plan.contains("TEMP B-TREE"), "{query:?}: {plan}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_values_writes_no_place_and_a_move_no_values() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        tree(&store).await;
        // Fires when a statement names one of the columns, whatever it writes there.
        let forbid = |name: &str, columns: &str| {
            format!(
                "CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON configuration_items
                   BEGIN SELECT RAISE(ABORT, 'written for nothing'); END"
            )
        };
        let run = async |sql: &str| store.inner.orm.execute_unprepared(sql).await.unwrap();
        run(&forbid("no_place", "id, id_key, folder_key, type_name, created_at, created_by")).await;
        let (server, folder) = (ItemNumber::from_i64(2), ItemNumber::from_i64(1));
        let mut change = store.change(&admin(), now()).await.unwrap();
        let before = change.item_by_number(server).await.unwrap().unwrap();
        let update = ItemUpdate { before, properties: properties("other"), secrets: sealed(1) };
        let updated = change.update_item(update).await.unwrap();
        change.reseal_item(server, sealed(2)).await.unwrap();
        change.commit().await.unwrap();
        run("DROP TRIGGER no_place").await;
        run(&forbid(
            "no_values",
            "properties, sealed_secrets, unique_key, type_name, created_at, created_by",
        ))
        .await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.move_item(folder, 1, &place("Configuration/Post")).await.unwrap();
        change.commit().await.unwrap();
        let moved = Item { id: place("Configuration/Post/b"), secrets: sealed(2), ..updated };
        assert_eq!(store.item_by_number(server).await.unwrap(), Some(moved));
    })
    .await;
}
