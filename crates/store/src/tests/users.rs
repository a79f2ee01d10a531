//! Users: names, deletion and what goes with it, passwords and sessions.

use patgate_core::user::PrincipalKind;

use super::*;
use crate::{AuditFilter, ChangedKind, Page, StoreError};

on_both_databases! {
    async fn a_name_is_taken_until_its_user_is_deleted(fixture: Fixture) {
        let store = store_with_users(&fixture, &["Ann"]).await;
        let ldap = User { origin: Origin::Ldap, provider: "corp".into(), ..user(2, "aNN") };
        let mut change = store.change(&admin(), now()).await.unwrap();
        let refused = change.insert_user(&ldap, None).await;
        assert!(matches!(refused, Err(StoreError::NameTaken(taken)) if taken.as_str() == "aNN"));
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        change.insert_user(&ldap, None).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.user_by_name(&name("ann")).await.unwrap().unwrap().id, UserId::from_i64(2));
        assert_eq!(store.user(UserId::from_i64(1)).await.unwrap(), None);
    }

    async fn one_subject_of_a_provider_is_one_user(fixture: Fixture) {
        let store = fixture.open().await;
        let sso = |id, name| User { origin: Origin::Sso, provider: "idp".into(), subject: "s1".into(), ..user(id, name) };
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&sso(1, "ann"), None).await.unwrap();
        let refused = change.insert_user(&sso(2, "anna"), None).await;
        assert!(matches!(refused, Err(StoreError::AlreadyThere("user"))), "{refused:?}");
    }

    async fn role_names_are_unique_whatever_the_case(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_role(&role(1, "ops", &[])).await.unwrap();
        change.insert_role(&role(2, "dev", &[])).await.unwrap();
        assert!(matches!(change.insert_role(&role(3, "OPS", &[])).await, Err(StoreError::NameTaken(_))));
        assert!(matches!(change.update_role(&role(2, "Ops", &[])).await, Err(StoreError::NameTaken(_))));
        assert!(change.update_role(&role(1, "OPS", &[])).await.unwrap(), "its own name in other letters");
        assert!(matches!(change.delete_role(RoleId::from_i64(9)).await, Err(StoreError::NotFound("role"))));
        change.commit().await.unwrap();
        let names: Vec<_> = all_roles(&store).await.iter().map(|role| role.name.to_string()).collect();
        assert_eq!(names, ["dev", "OPS"]);
    }

    async fn a_deleted_user_takes_tokens_sessions_and_role_entries_along(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        insert_grants(&store, &[grant(1, 1, "a"), grant(2, 1, "b"), grant(3, 2, "bob's"), grant(4, 1, "old")]).await;
        let old = GrantState::Deleted { at: time("2026-01-01T00:00:00Z") };
        let mut roles = [role(1, "ops", &["bob", "ANN"]), role(2, "dev", &["bob"])];
        let of_corp = Principal { provider: "corp".into(), ..Principal::internal(name("ann")) };
        let group = Principal { kind: PrincipalKind::Group, ..Principal::internal(name("ann")) };
        roles[0].principals.extend([of_corp.clone(), group.clone()]);
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_grant_state(GrantId::from_i64(4), old).await.unwrap();
        for role in &roles {
            change.insert_role(role).await.unwrap();
        }
        change.insert_session(&session(1, 1, 1)).await.unwrap();
        change.insert_session(&session(2, 2, 1)).await.unwrap();
        let before = change.commit().await.unwrap();

        let later = time("2026-06-01T00:00:00Z");
        let mut change = store.change(&admin(), later).await.unwrap();
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        let sequence = change.commit().await.unwrap();

        assert!(store.password(&name("ann")).await.unwrap().is_none());
        for (id, state) in [(1, GrantState::Deleted { at: later }), (2, GrantState::Deleted { at: later }), (3, GrantState::Active), (4, old)] {
            assert_eq!(store.grant_with_history(GrantId::from_i64(id)).await.unwrap().unwrap().state, state, "{id}");
        }
        assert_eq!(store.session(&[1; 32]).await.unwrap(), None);
        assert!(store.session(&[2; 32]).await.unwrap().is_some());
        let left = store.role(&name("ops")).await.unwrap().unwrap().principals;
        assert_eq!(left, [Principal::internal(name("bob")), of_corp, group]);
        let events = store.audit_events(&AuditFilter { since: Some(later), ..Default::default() }, Page::WHOLE).await.unwrap();
        let mut events: Vec<_> = events.iter().map(|e| format!("{} {}", e.action, e.subject_name)).collect();
        events.sort();
        assert_eq!(events, ["grant.delete a", "grant.delete b", "role.update ops", "session.delete_all ann", "user.delete ann"]);
        let mut rows: Vec<_> = store.changes_after(before, 100).await.unwrap().iter()
            .map(|row| { assert_eq!(row.sequence, sequence); (row.kind, row.subject) }).collect();
        rows.sort_unstable();
        let touched = [(ChangedKind::User, 1), (ChangedKind::Role, 1), (ChangedKind::Grant, 1), (ChangedKind::Grant, 2), (ChangedKind::Session, 1)];
        assert_eq!(rows, touched);
    }

    async fn a_user_made_again_revives_nothing(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "ci")]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_role(&role(1, "ops", &["ann"])).await.unwrap();
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        change.insert_user(&user(2, "ann"), Some(&hash("$argon2id$new"))).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.grants(&crate::GrantFilter::default(), Page::WHOLE).await.unwrap(), []);
        assert_eq!(store.role(&name("ops")).await.unwrap().unwrap().principals, []);
        assert_eq!(store.password(&name("ann")).await.unwrap().unwrap().user, UserId::from_i64(2));
        let mut change = store.change(&admin(), now()).await.unwrap();
        let orphan = change.insert_grant(&grant(5, 1, "orphan"), 1, &digest(5)).await;
        assert!(matches!(orphan, Err(StoreError::NotFound("user"))), "{orphan:?}");
        assert!(matches!(change.enable_user(UserId::from_i64(1)).await, Err(StoreError::NotFound("user"))));
    }

    async fn a_new_password_ends_the_other_sessions(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        for (id, owner) in [(1, 1), (2, 1), (3, 2)] {
            change.insert_session(&session(id, owner, 1)).await.unwrap();
        }
        change.set_password(UserId::from_i64(1), &hash("x"), Some(&[2; 32])).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.session(&[1; 32]).await.unwrap(), None);
        assert_eq!(store.session(&[2; 32]).await.unwrap().unwrap().password_version, 2);
        assert_eq!(store.session(&[3; 32]).await.unwrap().unwrap().password_version, 1);
    }

    async fn who_was_disabled_meanwhile_gets_no_session(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_session(&session(1, 1, 1)).await.unwrap();
        assert!(change.disable_user(UserId::from_i64(1)).await.unwrap());
        assert!(matches!(change.insert_session(&session(2, 1, 1)).await, Err(StoreError::PasswordChanged)));
        change.set_password(UserId::from_i64(2), &hash("new"), None).await.unwrap();
        assert!(matches!(change.insert_session(&session(3, 2, 1)).await, Err(StoreError::PasswordChanged)));
        change.commit().await.unwrap();
        for id in 1..=3 {
            assert_eq!(store.session(&[id; 32]).await.unwrap(), None);
        }
        assert_eq!(store.user(UserId::from_i64(1)).await.unwrap().unwrap().state, UserState::Disabled { at: now() });
    }
}
