//! Loading: one snapshot with everything the index needs.

use std::collections::BTreeMap;

use patgate_core::policy::TokenSettings;
use sea_orm::ConnectionTrait;

use super::*;
use crate::{IndexedGrant, Loaded, Sequence};

on_both_databases! {
    async fn a_node_starts_with_everything(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob", "gone"]).await;
        insert_grants(&store, &[grant(0, 3, "least"), grant(2, 1, "b"), grant(i64::MAX, 2, "greatest")]).await;
        let settings = TokenSettings { passwords_on_api: false, ..Default::default() };
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_role(&role(1, "ops", &["ann"])).await.unwrap();
        change.put_token_settings(&settings).await.unwrap();
        change.delete_user(UserId::from_i64(3)).await.unwrap();
        let last = change.commit().await.unwrap();
        let mut pieces = Vec::new();
        assert_eq!(store.load(|piece| pieces.push(piece)).await.unwrap(), last);
        let mut pieces = pieces.into_iter();
        assert!(matches!(pieces.next(), Some(Loaded::Settings(loaded)) if loaded == settings));
        assert!(matches!(pieces.next(), Some(Loaded::Roles(roles)) if roles == [role(1, "ops", &["ann"])]));
        let (mut users, mut grants) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Loaded::User(user) => { assert!(grants.is_empty()); users.push(user.username.to_string()); }
                Loaded::Grant(grant) => grants.push((grant.id.as_i64(), grant.state, grant.secrets)),
                other => panic!("{other:?}"),
            }
        }
        users.sort();
        assert_eq!(users, ["ann", "bob"]);
        let deleted = GrantState::Deleted { at: now() };
        assert_eq!(grants, [
            (0, deleted, vec![digest(0)]),
            (2, GrantState::Active, vec![digest(2)]),
            (i64::MAX, GrantState::Active, vec![digest(i64::MAX)]),
        ]);
    }

    async fn a_large_set_is_loaded_without_a_gap(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let grants: Vec<_> = (1..=8_001).map(|id| grant(id, 1, "ci")).collect();
        insert_grants(&store, &grants).await;
        // Three secrets to the grant, and more grants than two answers hold.
        let numbers = (1..3).map(|n| format!("SELECT {n} AS n")).collect::<Vec<_>>().join(" UNION ALL ");
        let bytes = match &fixture.database {
            Database::Sqlite(_) => "CAST(printf('%016d%016d', s.grant_id, numbers.n) AS blob)",
            Database::Postgres(_) => "convert_to(lpad(s.grant_id::text, 16, '0') || lpad(numbers.n::text, 16, '0'), 'UTF8')",
        };
        let more = format!(
            "INSERT INTO secrets SELECT {bytes}, s.key_id, s.grant_id, s.created_at FROM secrets s CROSS JOIN ({numbers}) AS numbers"
        );
        store.inner.orm.execute_unprepared(&more).await.unwrap();
        let mut loaded: BTreeMap<i64, IndexedGrant> = BTreeMap::new();
        store.load(|piece| {
            if let Loaded::Grant(grant) = piece {
                assert!(loaded.insert(grant.id.as_i64(), grant).is_none(), "handed over twice");
            }
        }).await.unwrap();
        assert_eq!(loaded.keys().copied().collect::<Vec<_>>(), (1..=8_001).collect::<Vec<_>>());
        assert!(loaded.values().all(|grant| grant.secrets.len() == 3));
    }

    async fn a_load_is_one_snapshot_while_others_write(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let other = fixture.open().await;
        // Each change makes a user and a grant: a snapshot has as many of both.
        let writing = tokio::spawn(async move {
            for id in 2..40 {
                let mut change = other.change(&admin(), now()).await.unwrap();
                change.insert_user(&user(id, &format!("user{id}")), None).await.unwrap();
                change.insert_grant(&grant(id, id, "ci"), 1, &digest(id)).await.unwrap();
                change.commit().await.unwrap();
            }
        });
        while !writing.is_finished() {
            let (mut users, mut grants) = (0, 0);
            let sequence = store.load(|piece| match piece {
                Loaded::User(_) => users += 1,
                Loaded::Grant(_) => grants += 1,
                Loaded::Settings(_) | Loaded::Roles(_) => {}
            }).await.unwrap();
            assert_eq!((users, grants), (sequence.as_i64(), sequence.as_i64() - 1));
        }
        writing.await.unwrap();
        assert_eq!(store.last_sequence().await.unwrap(), Sequence::from_i64(39));
    }
}

on_both_databases! {
    async fn a_loaded_grant_is_the_stored_one(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let suspended = GrantState::Suspended {
            at: now(),
            reason: patgate_core::grant::SuspensionReason::OwnerUnconfirmed,
        };
        let chosen = GrantPermissions::Chosen(["release#view".parse().unwrap(), "admin".parse().unwrap()].into());
        let odd = Grant {
            permissions: chosen,
            expires_at: Expiry::LATEST,
            application: "shop-2".parse().unwrap(),
            ..grant(1, 1, "a, 'b' | \"c\" \\ - 🚀")
        };
        let none = GrantPermissions::Chosen([].into());
        insert_grants(&store, &[
            odd,
            Grant { state: suspended, permissions: none, ..grant(2, 1, "-") },
            Grant { state: GrantState::Deleted { at: now() }, ..grant(3, 1, "x") },
            grant(4, 1, "secretless"),
        ]).await;
        store.inner.orm.execute_unprepared("DELETE FROM secrets WHERE grant_id = 4").await.unwrap();
        let mut loaded = Vec::new();
        store.load(|piece| if let Loaded::Grant(grant) = piece { loaded.push(grant) }).await.unwrap();
        assert_eq!(loaded.len(), 4);
        for grant in loaded {
            assert_eq!(store.indexed_grant(grant.id).await.unwrap(), Some(grant));
        }
    }
}
