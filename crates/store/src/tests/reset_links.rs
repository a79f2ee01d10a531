//! Password reset links: one a user, used once, and gone with what they could open.

use jiff::SignedDuration;

use super::*;
use crate::{AuditFilter, Page, ResetLink, StoreError};

fn link(digest: u8, user: i64) -> ResetLink {
    ResetLink {
        digest: [digest; 32],
        user: UserId::from_i64(user),
        created_by: UserId::from_i64(9),
        created_at: now(),
        expires_at: now() + SignedDuration::from_hours(24),
    }
}

async fn put(store: &Store, link: &ResetLink) {
    let mut change = store.change(&admin(), now()).await.unwrap();
    change.put_reset_link(link).await.unwrap();
    change.commit().await.unwrap();
}

on_both_databases! {
    async fn a_user_has_one_link_and_uses_it_once(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        for link in [link(1, 1), link(2, 1), link(3, 2)] {
            put(&store, &link).await;
        }
        assert_eq!(store.reset_link(&[1; 32]).await.unwrap(), None, "the second took its place");
        assert_eq!(store.reset_link(&[2; 32]).await.unwrap(), Some(link(2, 1)));
        assert_eq!(store.reset_link_of(UserId::from_i64(1)).await.unwrap(), Some(link(2, 1)));
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.use_reset_link(&[2; 32]).await.unwrap();
        assert!(matches!(change.use_reset_link(&[2; 32]).await, Err(StoreError::NotFound("link"))));
        change.commit().await.unwrap();
        assert_eq!(store.reset_link(&[2; 32]).await.unwrap(), None);
        assert_eq!(store.reset_link(&[3; 32]).await.unwrap(), Some(link(3, 2)), "another's stays");
        let events = store.audit_events(&AuditFilter::default(), Page { number: 0, size: 2 }).await.unwrap();
        let actions: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.subject_name.as_str())).collect();
        assert_eq!(actions, [("user.use_reset_link", "ann"), ("user.create_reset_link", "bob")]);
        assert!(!format!("{events:?} {:?}", link(2, 1)).contains("2, 2"), "no digest is printed");
    }

    async fn a_link_ends_with_a_new_password_and_with_its_user(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob", "cid"]).await;
        for (digest, user) in [(1, 1), (2, 2), (3, 3)] {
            put(&store, &link(digest, user)).await;
        }
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_password(UserId::from_i64(1), &hash("x"), None).await.unwrap();
        change.disable_user(UserId::from_i64(2)).await.unwrap();
        change.delete_user(UserId::from_i64(3)).await.unwrap();
        change.commit().await.unwrap();
        for digest in 1..=3 {
            assert_eq!(store.reset_link(&[digest; 32]).await.unwrap(), None);
        }
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(change.put_reset_link(&link(4, 3)).await, Err(StoreError::NotFound("user"))));
    }
}
