//! Data: last uses, sessions seen again, nodes. None of it is a change.

use patgate_core::grant::LastUse;

use super::*;
use crate::{AuditFilter, Counts, Node, NodeId, Page, Sequence, StoreError};

on_both_databases! {
    async fn a_later_use_is_kept_whoever_brings_it(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "a"), grant(2, 1, "b"), grant(3, 1, "c")]).await;
        let before = store.last_sequence().await.unwrap();
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap().len();
        let at = |second, address: Option<&str>, agent: Option<&str>| LastUse {
            at: Timestamp::from_second(second).unwrap(),
            address: address.map(Into::into),
            user_agent: agent.map(Into::into),
        };
        let ids = [1, 2, 99].map(GrantId::from_i64);
        store.record_last_uses(&[]).await.unwrap();
        store.record_last_uses(&[
            (ids[0], at(100, Some("192.0.2.1"), Some("curl"))),
            (ids[1], at(70, Some("192.0.2.70"), None)),
            (ids[1], at(90, None, None)),
            (ids[1], at(80, None, None)),
            (ids[2], at(100, None, None)),
        ]).await.unwrap();
        store.record_last_uses(&[(ids[0], at(110, None, None)), (ids[1], at(60, Some("192.0.2.60"), None))]).await.unwrap();
        let last = async |id| store.grant(id).await.unwrap().unwrap().last_use;
        assert_eq!(last(ids[0]).await, Some(at(110, Some("192.0.2.1"), Some("curl"))), "the address before it stays");
        assert_eq!(last(ids[1]).await, Some(at(90, None, None)));
        assert_eq!(last(GrantId::from_i64(3)).await, None);
        assert_eq!(store.last_sequence().await.unwrap(), before);
        assert_eq!(store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap().len(), events);
    }

    async fn a_sweep_of_many_last_uses_is_one_transaction(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let grants: Vec<_> = (1..=1_201).map(|id| grant(id, 1, "ci")).collect();
        insert_grants(&store, &grants).await;
        let used = LastUse { at: now(), address: Some("192.0.2.1".into()), user_agent: None };
        let uses: Vec<_> = grants.iter().map(|grant| (grant.id, used.clone())).collect();
        store.record_last_uses(&uses).await.unwrap();
        let stored = store.grants(&crate::GrantFilter::default(), Page::WHOLE).await.unwrap();
        assert_eq!(stored.len(), 1_201);
        assert!(stored.iter().all(|grant| grant.last_use.as_ref() == Some(&used)));
        assert_eq!(store.changes_after(Sequence::from_i64(1), 10).await.unwrap().len(), 1_201);
    }

    async fn sweeps_and_changes_of_two_nodes_do_not_block_each_other_for_good(fixture: Fixture) {
        let nodes = [store_with_users(&fixture, &["ann"]).await, fixture.open().await];
        let grants: Vec<_> = (1..=50).map(|id| grant(id, 1, "ci")).collect();
        insert_grants(&nodes[0], &grants).await;
        let sweeping = tokio::spawn({
            let store = nodes[0].clone();
            async move {
                for second in 0..20 {
                    let at = Timestamp::from_second(1_000 + second).unwrap();
                    let used = LastUse { at, address: None, user_agent: None };
                    let uses: Vec<_> = (1..=50).rev().map(|id| (GrantId::from_i64(id), used.clone())).collect();
                    store.record_last_uses(&uses).await.unwrap();
                }
            }
        });
        for id in 1..=50 {
            let mut change = nodes[1].change(&admin(), now()).await.unwrap();
            for grant in [id, 51 - id] {
                change.set_grant_expiry(GrantId::from_i64(grant), Expiry::at(Timestamp::from_second(id).unwrap()).unwrap()).await.unwrap();
            }
            change.commit().await.unwrap();
        }
        sweeping.await.unwrap();
        let last_use = nodes[0].grant(GrantId::from_i64(7)).await.unwrap().unwrap().last_use.unwrap();
        assert_eq!(last_use.at.as_second(), 1_019);
    }

    async fn a_session_that_is_used_stays(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_session(&session(1, 1, 1)).await.unwrap();
        change.insert_session(&session(2, 1, 1)).await.unwrap();
        let before = change.commit().await.unwrap();
        let (later, earlier) = (time("2026-05-04T00:00:00Z"), time("2026-05-01T00:00:00Z"));
        store.touch_sessions(&[([1; 32], later), ([9; 32], later)]).await.unwrap();
        store.touch_sessions(&[([1; 32], earlier)]).await.unwrap();
        assert_eq!(store.session(&[1; 32]).await.unwrap().unwrap().seen_at, later);
        store.prune(later).await.unwrap();
        assert!(store.session(&[1; 32]).await.unwrap().is_some());
        assert_eq!(store.session(&[2; 32]).await.unwrap(), None);
        assert_eq!(store.last_sequence().await.unwrap(), before);
    }

    async fn nodes_say_how_far_they_are(fixture: Fixture) {
        let store = fixture.open().await;
        let at = |second| Timestamp::from_second(second).unwrap();
        let (one, two) = (NodeId(1), NodeId(i64::MAX));
        store.announce_node(one, Sequence::START, at(10)).await.unwrap();
        store.announce_node(two, Sequence::from_i64(3), at(20)).await.unwrap();
        store.node_applied(one, Sequence::from_i64(7), at(30)).await.unwrap();
        let first = Node { id: one, started_at: at(10), seen_at: at(30), applied_sequence: Sequence::from_i64(7) };
        let second = Node { id: two, started_at: at(20), seen_at: at(20), applied_sequence: Sequence::from_i64(3) };
        assert_eq!(store.live_nodes(at(0)).await.unwrap(), [first, second]);
        assert_eq!(store.live_nodes(at(21)).await.unwrap(), [first]);
        store.prune(at(25)).await.unwrap();
        assert_eq!(store.live_nodes(at(0)).await.unwrap(), [first]);
        store.withdraw_node(one).await.unwrap();
        assert_eq!(store.live_nodes(at(0)).await.unwrap(), []);
    }

    async fn counts_include_what_is_deleted(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        insert_grants(&store, &[grant(1, 1, "a"), grant(2, 2, "b"), grant(3, 2, "c")]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.counts().await.unwrap(), Counts { users: 2, grants: 3 });
    }

    async fn what_stood_first_under_a_providers_name_stays_until_it_moves(fixture: Fixture) {
        let store = fixture.open().await;
        let (corp, other) = ("corp".parse().unwrap(), "other".parse().unwrap());
        let before = store.last_sequence().await.unwrap();
        let (one, two) = tokio::join!(store.meet_provider(&corp, "one"), store.meet_provider(&corp, "two"));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one == two && ["one", "two"].contains(&one.as_str()), "whoever came first: {one} {two}");
        assert_eq!(store.meet_provider(&corp, "three").await.unwrap(), one);
        assert_eq!(store.meet_provider(&other, "four").await.unwrap(), "four");
        assert_eq!(store.last_sequence().await.unwrap(), before, "none of it is a change");
        // That it moves is one, once, whoever says so.
        for is_news in [true, false] {
            let mut change = store.change(&admin(), now()).await.unwrap();
            assert_eq!(change.move_provider(&corp, "three").await.unwrap(), is_news);
            change.commit().await.unwrap();
        }
        assert_eq!(store.meet_provider(&corp, &one).await.unwrap(), "three");
        assert_eq!(store.last_sequence().await.unwrap().as_i64(), before.as_i64() + 1);
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        let events: Vec<_> = events.iter().map(|event| (&*event.action, &*event.subject_name, &event.detail)).collect();
        let detail = serde_json::json!({ "identity": { "from": one, "to": "three" } });
        assert_eq!(events, [("provider.move", "corp", &detail)]);
        let mut change = store.change(&admin(), now()).await.unwrap();
        let unmet = change.move_provider(&"unmet".parse().unwrap(), "five").await;
        assert!(matches!(unmet, Err(StoreError::NotFound("provider"))), "{unmet:?}");
    }
}
