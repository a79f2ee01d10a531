//! SCIM: what a provider finds of its own, and who is in its groups.

use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::identifier::GroupId;
use patgate_core::provider::ProviderName;

use super::*;
use crate::{
    AuditFilter, GroupCondition, Page, ScimGroup, ScimProvider, ScimWindow, StoreError, UserCondition,
};

const ALL: ScimWindow = ScimWindow { skip: 0, limit: 200 };

fn provider(name: &str) -> ProviderName {
    name.parse().unwrap()
}

fn of(name: &ProviderName) -> ScimProvider<'_> {
    ScimProvider { origin: Origin::Sso, name }
}

fn person(id: i64, provider: &str, username: &str) -> User {
    User {
        origin: Origin::Sso,
        provider: provider.to_owned(),
        subject: format!("Key%_{id}"),
        full_name: format!("{username} Example"),
        email: if username == "cid" { String::new() } else { format!("{username}@Example.org") },
        confirmation: Confirmation::At(now()),
        ..user(id, username)
    }
}

fn group(id: i64, provider: &ProviderName, name: &str) -> ScimGroup {
    ScimGroup {
        id: GroupId::from_i64(id),
        provider: provider.clone(),
        external_id: (id == 1).then(|| "X1".to_owned()),
        display_name: name.to_owned(),
        created_at: now(),
        changed_at: now(),
    }
}

/// Ann, Bob and Cid of corp (Bob is disabled there, Cid has no mail address), Dan of corp who is gone, and Eve of
/// another; the groups Ops (Ann, Bob) and Staff (nobody) of corp, and Ops of the other (Eve).
async fn company(fixture: &Fixture) -> Store {
    let store = fixture.open().await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    let names = ["ann", "bob", "cid", "dan"];
    for (id, name) in (1..).zip(names) {
        change.insert_user(&person(id, "corp", name), None).await.unwrap();
    }
    change.insert_user(&person(5, "other", "eve"), None).await.unwrap();
    change.insert_user(&user(6, "fay"), None).await.unwrap();
    change.withdraw_user(UserId::from_i64(2), Withdrawal::Disabled).await.unwrap();
    change.withdraw_user(UserId::from_i64(4), Withdrawal::Gone).await.unwrap();
    let (corp, other) = (provider("corp"), provider("other"));
    for group in [group(1, &corp, "Ops"), group(2, &corp, "Staff"), group(3, &other, "Ops")] {
        change.insert_scim_group(&group).await.unwrap();
    }
    let members = change.scim_users_among(of(&corp), &ids(&[1, 2, 4, 5])).await.unwrap();
    assert_eq!(members.len(), 2, "neither who is gone nor another's");
    change.add_scim_members(of(&corp), &group(1, &corp, "Ops"), &ids(&[1, 2, 4, 5])).await.unwrap();
    change.add_scim_members(of(&other), &group(3, &other, "Ops"), &ids(&[5])).await.unwrap();
    change.commit().await.unwrap();
    store
}

fn ids(ids: &[i64]) -> Vec<UserId> {
    ids.iter().copied().map(UserId::from_i64).collect()
}

async fn found(store: &Store, filter: &str) -> Vec<String> {
    let filter = filter.parse().unwrap();
    let condition = UserCondition::of(Some(&filter)).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let (total, users) = store.scim_users(of(&provider("corp")), &condition, ALL).await.unwrap();
    assert_eq!(total, users.len() as u64, "{filter}");
    users.iter().map(|user| user.username.to_string()).collect()
}

async fn found_groups(store: &Store, filter: &str) -> Vec<String> {
    let filter = filter.parse().unwrap();
    let condition = GroupCondition::of(Some(&filter)).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let (_, groups) = store.scim_groups(&provider("corp"), &condition, ALL).await.unwrap();
    groups.into_iter().map(|group| group.display_name).collect()
}

async fn groups_of(store: &Store, id: i64) -> Vec<String> {
    store.user(UserId::from_i64(id)).await.unwrap().unwrap().groups
}

on_both_databases! {
    async fn a_filter_finds_whom_it_means(fixture: Fixture) {
        let store = company(&fixture).await;
        let id = UserId::from_i64(1).to_string();
        let ops = GroupId::from_i64(1).to_string();
        for (filter, names) in [
            ("id pr", &["ann", "bob", "cid"][..]),
            (&format!("id eq \"{id}\""), &["ann"]),
            (&format!("id ne \"{id}\""), &["bob", "cid"]),
            ("id eq \"nobody\"", &[]),
            ("externalId eq \"Key%_1\"", &["ann"]),
            ("externalId eq \"key%_1\"", &[]),
            ("externalId co \"y%_\"", &["ann", "bob", "cid"]),
            ("externalId co \"Y%_\"", &[]),
            ("externalId sw \"Key\" and externalId ew \"_2\"", &["bob"]),
            ("externalId sw \"key\"", &[]),
            ("externalId ew \"a much longer text than that\"", &[]),
            ("userName eq \"ANN\"", &["ann"]),
            ("userName sw \"a\" or userName ew \"D\"", &["ann", "cid"]),
            ("userName co \"%\"", &[]),
            ("userName co \"\"", &["ann", "bob", "cid"]),
            ("userName gt \"ann\"", &["bob", "cid"]),
            ("userName ge \"ann\" and userName lt \"cid\"", &["ann", "bob"]),
            ("userName le \"ann\"", &["ann"]),
            ("displayName eq \"bob example\"", &["bob"]),
            ("name.formatted co \"EXAMPLE\"", &["ann", "bob", "cid"]),
            ("emails pr", &["ann", "bob"]),
            ("emails co \"example.org\" and not (emails.value sw \"ann\")", &["bob"]),
            ("emails eq null", &["cid"]),
            ("emails[type eq \"work\" and value eq \"ann@example.org\"]", &["ann"]),
            ("emails[type eq \"home\"]", &[]),
            ("emails[not (type eq \"home\")]", &["ann", "bob"]),
            ("emails.primary eq true", &["ann", "bob"]),
            ("active eq true", &["ann", "cid"]),
            ("active eq \"False\"", &["bob"]),
            ("active ne false", &["ann", "cid"]),
            ("meta.created le \"2026-05-03T12:00:00.123Z\" and meta.resourceType eq \"User\"", &["ann", "bob", "cid"]),
            ("meta.created gt \"2026-05-03T12:00:00.123Z\"", &[]),
            (&format!("groups eq \"{ops}\""), &["ann", "bob"]),
            ("groups.display eq \"ops\"", &["ann", "bob"]),
            ("groups[display eq \"ops\" and value pr]", &["ann", "bob"]),
            ("not (groups pr)", &["cid"]),
            ("title pr or title eq \"x\" or urn:x:y:userName eq \"ann\"", &[]),
            ("title ne \"x\" and urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ann\"", &["ann"]),
            ("userName eq \"' or 1=1 --\"", &[]),
        ] {
            assert_eq!(found(&store, filter).await, names, "{filter}");
        }
        let ann = UserId::from_i64(1).to_string();
        for (filter, names) in [
            ("displayName eq \"OPS\"", &["Ops"][..]),
            ("externalId eq \"X1\"", &["Ops"]),
            ("not (externalId pr)", &["Staff"]),
            (&format!("members eq \"{ann}\""), &["Ops"]),
            (&format!("members[value eq \"{ann}\" and type eq \"User\"]"), &["Ops"]),
            (&format!("id eq \"{}\" and members.value eq \"{ann}\"", GroupId::from_i64(2)), &[]),
            ("not (members pr)", &["Staff"]),
            ("members.display co \"BO\"", &["Ops"]),
            ("meta.lastModified ge \"2026-05-03T12:00:00Z\"", &["Ops", "Staff"]),
        ] {
            assert_eq!(found_groups(&store, filter).await, names, "{filter}");
        }
    }

    async fn a_provider_pages_through_its_own_alone(fixture: Fixture) {
        let store = company(&fixture).await;
        let everybody = UserCondition::of(None).unwrap();
        let names = async |name: &str, skip, limit| {
            let name = provider(name);
            let (total, users) =
                store.scim_users(of(&name), &everybody, ScimWindow { skip, limit }).await.unwrap();
            (total, users.iter().map(|user| user.username.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(names("corp", 1, 1).await, (3, vec!["bob".to_owned()]));
        assert_eq!(names("corp", 2, 5).await, (3, vec!["cid".to_owned()]));
        assert_eq!(names("corp", 3, 5).await, (3, Vec::new()));
        assert_eq!(names("corp", 0, 0).await, (3, Vec::new()));
        assert_eq!(names("other", 0, 9).await, (1, vec!["eve".to_owned()]));
        assert_eq!(names("third", u64::MAX, u64::MAX).await, (0, Vec::new()));
        let (corp, other) = (provider("corp"), provider("other"));
        assert!(store.scim_user(of(&corp), UserId::from_i64(5)).await.unwrap().is_none());
        assert!(store.scim_user(of(&corp), UserId::from_i64(4)).await.unwrap().is_none());
        assert!(store.scim_group(&corp, GroupId::from_i64(3)).await.unwrap().is_none());
        assert!(store.scim_group(&other, GroupId::from_i64(3)).await.unwrap().is_some());
    }

    async fn who_is_in_a_group_has_its_name_as_long_as_they_are(fixture: Fixture) {
        let store = company(&fixture).await;
        let corp = provider("corp");
        assert_eq!((groups_of(&store, 1).await, groups_of(&store, 3).await), (vec!["Ops".to_owned()], vec![]));
        let mut change = store.change(&admin(), now()).await.unwrap();
        let renamed = ScimGroup { display_name: "Operators".into(), ..group(1, &corp, "Ops") };
        assert!(change.update_scim_group(&renamed).await.unwrap());
        assert!(!change.update_scim_group(&renamed).await.unwrap());
        let taken = ScimGroup { display_name: "STAFF".into(), ..renamed.clone() };
        assert!(matches!(change.update_scim_group(&taken).await, Err(StoreError::AlreadyThere("group"))));
        let same = group(9, &corp, "operators");
        assert!(matches!(change.insert_scim_group(&same).await, Err(StoreError::AlreadyThere("group"))));
        change.add_scim_members(of(&corp), &renamed, &ids(&[3])).await.unwrap();
        change.add_scim_members(of(&corp), &group(2, &corp, "Staff"), &ids(&[3])).await.unwrap();
        change.remove_scim_members(of(&corp), &renamed, &ids(&[2])).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(groups_of(&store, 1).await, ["Operators"]);
        assert_eq!(groups_of(&store, 2).await, [""; 0]);
        assert_eq!(groups_of(&store, 3).await, ["Operators", "Staff"]);
        assert_eq!(groups_of(&store, 5).await, ["Ops"], "the other's group of the same name");
        let members = store.scim_members(&[renamed.id]).await.unwrap();
        assert_eq!(members.iter().map(|it| it.username.as_str()).collect::<Vec<_>>(), ["ann", "cid"]);

        let mut change = store.change(&admin(), now()).await.unwrap();
        change.leave_scim_groups(UserId::from_i64(3)).await.unwrap();
        change.delete_scim_group(&renamed).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(groups_of(&store, 1).await, [""; 0]);
        assert_eq!(groups_of(&store, 3).await, [""; 0]);
        assert!(store.scim_memberships(&ids(&[1, 2, 3])).await.unwrap().is_empty());
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions[..4], ["group.delete", "user.update", "user.update", "user.update"]);
    }

    async fn who_was_deleted_here_is_in_no_group(fixture: Fixture) {
        let store = company(&fixture).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        change.commit().await.unwrap();
        let members = store.scim_members(&[GroupId::from_i64(1)]).await.unwrap();
        assert_eq!(members.iter().map(|it| it.username.as_str()).collect::<Vec<_>>(), ["bob"]);
    }
}

#[test]
fn what_cannot_be_compared_so_is_refused() {
    for filter in [
        "active gt true",
        "active eq \"maybe\"",
        "active eq 1",
        "userName eq 5",
        "userName eq true",
        "id co \"a\"",
        "meta.created co \"2026\"",
        "meta.created gt \"yesterday\"",
        "userName gt null",
        "emails.type gt \"work\"",
        "groups gt \"a\"",
        "emails[value eq 1]",
        "groups[value eq 1]",
        "not (userName eq 5)",
        "id pr and id gt \"a\"",
    ] {
        let filter = filter.parse().unwrap();
        assert!(UserCondition::of(Some(&filter)).is_err(), "{filter}");
    }
    let filter = "members gt \"a\"".parse().unwrap();
    let error = GroupCondition::of(Some(&filter)).unwrap_err().to_string();
    assert_eq!(error, "`members` cannot be compared by `gt` with \"a\"");
}
