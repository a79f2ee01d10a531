//! Lists: filters, order and pages are the same on both databases.

use patgate_core::grant::LastUse;

use super::*;
use crate::{AuditFilter, GrantFilter, GrantSort, Page, RoleFilter, SubjectKind, UserFilter};

on_both_databases! {
    async fn a_prefix_is_taken_literally(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let names = ["100% sure", "100 years", "a_b", "axb", "Ab\\c", "ÄRGER", "ärmel", "zzz"];
        let grants: Vec<_> = names.iter().enumerate().map(|(at, name)| grant(at as i64 + 1, 1, name)).collect();
        insert_grants(&store, &grants).await;
        let found = async |prefix: &str| {
            let filter = GrantFilter { name_prefix: Some(prefix.into()), ..Default::default() };
            listed(&store, &filter, Page::WHOLE).await
        };
        assert_eq!(found("100%").await, ["100% sure"]);
        assert_eq!(found("100").await, ["100 years", "100% sure"]);
        assert_eq!(found("a_").await, ["a_b"]);
        assert_eq!(found("%").await, [""; 0]);
        assert_eq!(found("_").await, [""; 0]);
        assert_eq!(found("aB\\").await, ["Ab\\c"]);
        assert_eq!(found("är").await, ["ÄRGER", "ärmel"]);
        assert_eq!(found("").await.len(), names.len());
        assert_eq!(found("' OR 1=1 --").await, [""; 0]);
    }

    async fn tokens_come_in_every_order_and_in_pages(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let on = |day: i64| Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap();
        let dated = |id, note: &str, created: i64, expires: Option<i64>, used: Option<i64>| Grant {
            created_at: on(created),
            expires_at: expires.map_or(Expiry::NEVER, |day| Expiry::at(on(day)).unwrap()),
            last_use: used.map(|day| LastUse { at: on(day), address: None, user_agent: None }),
            ..grant(id, 1, note)
        };
        insert_grants(&store, &[
            dated(1, "b", 3, Some(9), None),
            dated(2, "A", 1, None, Some(5)),
            dated(3, "c", 2, Some(7), Some(4)),
            grant(4, 2, "bob's"),
            Grant { state: GrantState::Deleted { at: now() }, ..grant(5, 1, "gone") },
        ]).await;
        for (sort, expected) in [
            (GrantSort::Name, ["A", "b", "c"]),
            (GrantSort::CreatedAt, ["A", "c", "b"]),
            (GrantSort::ExpiresAt, ["c", "b", "A"]),
            (GrantSort::LastUsedAt, ["b", "c", "A"]),
        ] {
            let filter = GrantFilter { owner: Some(UserId::from_i64(1)), sort, ..Default::default() };
            assert_eq!(listed(&store, &filter, Page::WHOLE).await, expected, "{sort:?}");
            let mut paged = Vec::new();
            for number in 0..3 {
                let page = listed(&store, &filter, Page { number, size: 2 }).await;
                assert_eq!(page.len(), [2, 1, 0][number as usize]);
                paged.extend(page);
            }
            assert_eq!(paged, expected, "{sort:?}");
            let filter = GrantFilter { descending: true, ..filter };
            let reversed: Vec<_> = expected.into_iter().rev().collect();
            assert_eq!(listed(&store, &filter, Page::WHOLE).await, reversed, "{sort:?}");
        }
        assert_eq!(listed(&store, &GrantFilter::default(), Page::WHOLE).await, ["A", "b", "bob's", "c"]);
        let far = Page { number: u64::MAX, size: u64::MAX };
        assert_eq!(listed(&store, &GrantFilter::default(), far).await, [""; 0]);
    }

    async fn users_are_found_by_every_filter(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let ann = User { email: "ann@Example.org".into(), full_name: "ÄNN 100%".into(), ..user(1, "ann") };
        let bob = User { state: UserState::Disabled { at: now() }, email: "bob@example.org".into(), ..user(2, "Bob") };
        let cyd = User {
            origin: Origin::Ldap, provider: "corp".into(), confirmation: Confirmation::At(now()), last_active_at: Some(now()), full_name: "Cyd 1000".into(),
            ..user(3, "cyd")
        };
        for one in [&cyd, &bob, &ann, &user(4, "gone")] {
            change.insert_user(one, None).await.unwrap();
        }
        change.delete_user(UserId::from_i64(4)).await.unwrap();
        change.commit().await.unwrap();
        let found = async |filter: UserFilter| {
            let users = store.users(&filter, Page::WHOLE).await.unwrap();
            users.iter().map(|user| user.username.to_string()).collect::<Vec<_>>()
        };
        let any = UserFilter::default;
        assert_eq!(found(any()).await, ["ann", "Bob", "cyd"]);
        assert_eq!(found(UserFilter { email: Some("@EXAMPLE".into()), ..any() }).await, ["ann", "Bob"]);
        assert_eq!(found(UserFilter { full_name: Some("änn".into()), ..any() }).await, ["ann"]);
        assert_eq!(found(UserFilter { full_name: Some("100%".into()), ..any() }).await, ["ann"]);
        assert_eq!(found(UserFilter { full_name: Some("1_0".into()), ..any() }).await, [""; 0]);
        assert_eq!(found(UserFilter { login_allowed: Some(true), ..any() }).await, ["ann", "cyd"]);
        assert_eq!(found(UserFilter { login_allowed: Some(false), ..any() }).await, ["Bob"]);
        assert_eq!(found(UserFilter { external: Some(true), ..any() }).await, ["cyd"]);
        assert_eq!(found(UserFilter { external: Some(false), ..any() }).await, ["ann", "Bob"]);
        let (before, after) = (time("2026-05-03T00:00:00Z"), time("2026-05-04T00:00:00Z"));
        assert_eq!(found(UserFilter { last_active_after: Some(before), ..any() }).await, ["cyd"]);
        assert_eq!(found(UserFilter { last_active_after: Some(after), ..any() }).await, [""; 0]);
        assert_eq!(found(UserFilter { last_active_before: Some(after), ..any() }).await, ["cyd"]);
        let ids = Some([3, 1, 4].map(UserId::from_i64).to_vec());
        assert_eq!(found(UserFilter { ids: ids.clone(), ..any() }).await, ["ann", "cyd"]);
        assert_eq!(found(UserFilter { ids, external: Some(true), ..any() }).await, ["cyd"]);
        let second = store.users(&any(), Page { number: 1, size: 2 }).await.unwrap();
        assert_eq!(second, [cyd]);
    }

    async fn roles_are_found_by_name_and_by_principal(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        for role in [role(1, "Ops", &["ann", "Bob"]), role(2, "dev ops", &["cyd"]), role(3, "qa", &["bobby"])] {
            change.insert_role(&role).await.unwrap();
        }
        change.commit().await.unwrap();
        let found = async |role: Option<&str>, principal: Option<&str>, page| {
            let filter = RoleFilter { role_name: role.map(Into::into), principal_name: principal.map(Into::into) };
            let roles = store.roles(&filter, page).await.unwrap();
            roles.iter().map(|role| role.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(found(None, None, Page::WHOLE).await, ["dev ops", "Ops", "qa"]);
        assert_eq!(found(Some("OPS"), None, Page::WHOLE).await, ["dev ops", "Ops"]);
        assert_eq!(found(None, Some("bob"), Page::WHOLE).await, ["Ops", "qa"]);
        assert_eq!(found(Some("qa"), Some("ann"), Page::WHOLE).await, [""; 0]);
        assert_eq!(found(None, None, Page { number: 1, size: 2 }).await, ["qa"]);
        assert_eq!(found(Some("ops"), None, Page { number: 1, size: 1 }).await, ["Ops"]);
        assert_eq!(found(None, Some("B"), Page { number: 1, size: 1 }).await, ["qa"]);
        assert_eq!(found(Some("_"), None, Page::WHOLE).await, [""; 0]);
    }

    async fn an_auditor_filters_the_log(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let ann = Actor { kind: ActorKind::User, name: "ann".into(), user: Some(UserId::from_i64(1)), ..admin() };
        let later = time("2026-06-01T00:00:00Z");
        let mut change = store.change(&ann, later).await.unwrap();
        change.insert_grant(&grant(1, 1, "ci"), 1, &digest(1)).await.unwrap();
        change.disable_user(UserId::from_i64(2)).await.unwrap();
        change.commit().await.unwrap();
        let found = async |filter: AuditFilter, page| {
            let events = store.audit_events(&filter, page).await.unwrap();
            events.iter().map(|event| format!("{} {}", event.action, event.subject_name)).collect::<Vec<_>>()
        };
        let any = AuditFilter::default;
        let all = ["user.disable bob", "grant.create ci", "user.create bob", "user.create ann"];
        assert_eq!(found(any(), Page::WHOLE).await, all);
        assert_eq!(found(any(), Page { number: 1, size: 3 }).await, all[3..]);
        assert_eq!(found(AuditFilter { actor: Some("ann".into()), ..any() }, Page::WHOLE).await, all[..2]);
        assert_eq!(found(AuditFilter { action: Some("user.create".into()), ..any() }, Page::WHOLE).await, all[2..]);
        let bob = Some((SubjectKind::User, UserId::from_i64(2).to_string()));
        assert_eq!(found(AuditFilter { subject: bob, ..any() }, Page::WHOLE).await, [all[0], all[2]]);
        assert_eq!(found(AuditFilter { since: Some(later), ..any() }, Page::WHOLE).await, all[..2]);
        assert_eq!(found(AuditFilter { until: Some(later), ..any() }, Page::WHOLE).await, all[2..]);
    }
}

async fn listed(store: &Store, filter: &GrantFilter, page: Page) -> Vec<String> {
    let grants = store.grants(filter, page).await.unwrap();
    grants.iter().map(|grant| grant.name.as_str().to_owned()).collect()
}
