//! A change writes its rows, its audit events and its change-log rows, or nothing.

use patgate_core::policy::TokenSettings;

use super::*;
use crate::{AuditFilter, ChangedKind, Page, Sequence, StoreError};

on_both_databases! {
    async fn a_change_that_is_dropped_leaves_no_trace(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let before = traces(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&user(2, "bob"), None).await.unwrap();
        change.insert_grant(&grant(1, 1, "ci"), 1, &digest(1)).await.unwrap();
        drop(change);
        assert_eq!(traces(&store).await, before);
        assert_eq!(store.user_by_name(&name("bob")).await.unwrap(), None);
        assert_eq!(store.grant(GrantId::from_i64(1)).await.unwrap(), None);
        insert_grants(&store, &[grant(1, 1, "ci")]).await;
    }

    async fn a_change_that_does_nothing_leaves_no_trace(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let before = traces(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(!change.update_user(&user(1, "ann")).await.unwrap());
        assert!(!change.enable_user(UserId::from_i64(1)).await.unwrap());
        assert!(!change.put_token_settings(&TokenSettings::default()).await.unwrap());
        assert!(!change.delete_session(&[1; 32]).await.unwrap());
        assert!(!change.delete_sessions_of(UserId::from_i64(1)).await.unwrap());
        assert_eq!(change.commit().await.unwrap(), before.0);
        assert_eq!(traces(&store).await, before);
    }

    async fn a_change_of_which_a_step_failed_is_not_committed(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "ci")]).await;
        let before = traces(&store).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&user(2, "bob"), None).await.unwrap();
        let refused = change.insert_grant(&grant(2, 1, "other"), 1, &digest(1)).await;
        assert!(matches!(refused, Err(StoreError::AlreadyThere(_))), "{refused:?}");
        assert!(matches!(change.commit().await, Err(StoreError::Abandoned)));
        assert_eq!(traces(&store).await, before);
        assert_eq!(store.grant(GrantId::from_i64(2)).await.unwrap(), None);
    }

    async fn a_refusal_before_anything_was_written_leaves_the_change_usable(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(change.insert_user(&user(2, "ANN"), None).await, Err(StoreError::NameTaken(_))));
        assert!(matches!(change.delete_user(UserId::from_i64(9)).await, Err(StoreError::NotFound("user"))));
        change.insert_user(&user(2, "bob"), None).await.unwrap();
        change.commit().await.unwrap();
        assert!(store.user_by_name(&name("bob")).await.unwrap().is_some());
    }

    async fn every_mutation_writes_one_event_and_names_its_subject(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut expected = vec!["user.create".to_owned(); 2];
        let mut after = store.last_sequence().await.unwrap();
        let ann = UserId::from_i64(1);
        let suspended = GrantState::Suspended {
            at: now(),
            reason: patgate_core::grant::SuspensionReason::OverMaximum,
        };
        macro_rules! mutation {
            ($action:literal, $kind:ident $subject:literal, $change:ident => $step:expr) => {
                let mut $change = store.change(&admin(), now()).await.unwrap();
                let _ = $step.unwrap();
                let sequence = $change.commit().await.unwrap();
                assert_eq!(sequence.as_i64(), after.as_i64() + 1, $action);
                let rows = store.changes_after(after, 100).await.unwrap();
                let row = crate::ChangeRow { sequence, kind: ChangedKind::$kind, subject: $subject };
                assert_eq!(rows, [row], $action);
                after = sequence;
                expected.push($action.to_owned());
            };
        }
        mutation!("user.update", User 1, c => c.update_user(&User { email: "a@b.c".into(), ..user(1, "ann") }).await);
        mutation!("user.set_password", User 1, c => c.set_password(ann, &hash("x"), None).await);
        mutation!("user.unlock", User 1, c => c.unlock_user(ann).await);
        mutation!("user.disable", User 1, c => c.disable_user(ann).await);
        mutation!("user.enable", User 1, c => c.enable_user(ann).await);
        mutation!("role.create", Role 5, c => c.insert_role(&role(5, "ops", &["bob"])).await);
        mutation!("role.update", Role 5, c => c.update_role(&role(5, "Ops", &["bob"])).await);
        mutation!("role.delete", Role 5, c => c.delete_role(RoleId::from_i64(5)).await);
        mutation!("grant.create", Grant 6, c => c.insert_grant(&grant(6, 1, "ci"), 1, &digest(6)).await);
        mutation!("grant.suspend", Grant 6, c => c.set_grant_state(GrantId::from_i64(6), suspended).await);
        mutation!("grant.resume", Grant 6, c => c.set_grant_state(GrantId::from_i64(6), GrantState::Active).await);
        mutation!("grant.set_expiry", Grant 6, c => c.set_grant_expiry(GrantId::from_i64(6), Expiry::LATEST).await);
        mutation!("grant.delete", Grant 6, c => {
            c.set_grant_state(GrantId::from_i64(6), GrantState::Deleted { at: now() }).await
        });
        mutation!("session.create", Session 1, c => c.insert_session(&session(1, 1, 2)).await);
        mutation!("session.delete", Session 1, c => c.delete_session(&[1; 32]).await);
        mutation!("session.create", Session 1, c => c.insert_session(&session(2, 1, 2)).await);
        mutation!("session.delete_all", Session 1, c => c.delete_sessions_of(ann).await);
        mutation!("settings.update", Settings 0, c => {
            c.put_token_settings(&TokenSettings { tokens_may_make_tokens: true, ..Default::default() }).await
        });
        mutation!("user.delete", User 2, c => c.delete_user(UserId::from_i64(2)).await);
        assert_eq!(store.last_sequence().await.unwrap(), after);
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        let actions: Vec<_> = events.into_iter().rev().map(|event| event.action).collect();
        assert_eq!(actions, expected);
    }

    async fn a_change_reads_what_it_wrote(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_role(&role(1, "ops", &["ann"])).await.unwrap();
        change.insert_grant(&grant(1, 1, "ci"), 1, &digest(1)).await.unwrap();
        change.disable_user(UserId::from_i64(1)).await.unwrap();
        assert_eq!(change.role_by_id(RoleId::from_i64(1)).await.unwrap(), Some(role(1, "ops", &["ann"])));
        assert_eq!(change.role(&name("OPS")).await.unwrap().unwrap().id, RoleId::from_i64(1));
        assert_eq!(change.grants_of(UserId::from_i64(1)).await.unwrap(), [grant(1, 1, "ci")]);
        assert_eq!(change.grant(GrantId::from_i64(1)).await.unwrap(), Some(grant(1, 1, "ci")));
        assert_eq!(change.all_users().await.unwrap()[0].state, UserState::Disabled { at: now() });
        assert_eq!(change.token_settings().await.unwrap(), TokenSettings::default());
        assert_eq!(all_roles(&store).await, [], "others see nothing before the commit");
        change.commit().await.unwrap();
        assert_eq!(all_roles(&store).await.len(), 1);
    }

    async fn a_deleted_grant_never_changes_again(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "ci")]).await;
        let id = GrantId::from_i64(1);
        let deleted = GrantState::Deleted { at: now() };
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(change.set_grant_state(id, deleted).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(store.grant(id).await.unwrap(), None);
        assert_eq!(store.grant_with_history(id).await.unwrap().unwrap().state, deleted);
        assert_eq!(store.indexed_grant(id).await.unwrap().unwrap().secrets, [digest(1)], "so that its holder is told");
        let mut change = store.change(&admin(), now()).await.unwrap();
        for state in [GrantState::Active, deleted] {
            assert!(matches!(change.set_grant_state(id, state).await, Err(StoreError::GrantDeleted)));
        }
        assert!(matches!(change.set_grant_expiry(id, Expiry::LATEST).await, Err(StoreError::GrantDeleted)));
    }
}

/// The last change, and how many events there are.
async fn traces(store: &Store) -> (Sequence, usize) {
    let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    (store.last_sequence().await.unwrap(), events.len())
}
