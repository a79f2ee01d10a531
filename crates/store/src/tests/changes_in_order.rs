//! Changes become visible in the order of their numbers, over all nodes, and a reader can tell what it missed.

use std::time::Duration;

use super::*;
use crate::{ChangedKind, Sequence, StoreError};

on_both_databases! {
    async fn a_reader_misses_no_change_of_writers_that_interleave(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let mut writers = Vec::new();
        for writer in 0..4_i64 {
            let store = nodes[writer as usize % 2].clone();
            writers.push(tokio::spawn(async move {
                for step in 0..15 {
                    let id = writer * 100 + step + 1;
                    let mut change = store.change(&admin(), now()).await.unwrap();
                    change.insert_user(&user(id, &format!("user{id}")), None).await.unwrap();
                    // Others get a chance to overtake between the row and the commit.
                    tokio::task::yield_now().await;
                    if step % 5 == 4 { drop(change) } else { change.commit().await.unwrap(); }
                }
            }));
        }
        let reader = fixture.open().await;
        let mut seen = Vec::new();
        let mut last = Sequence::START;
        loop {
            let finished = writers.iter().all(|writer| writer.is_finished());
            let rows = reader.changes_after(last, 3).await.unwrap();
            for row in &rows {
                assert_eq!(row.sequence.as_i64(), last.as_i64() + 1, "a change was passed over");
                assert!(reader.user(UserId::from_i64(row.subject)).await.unwrap().is_some(), "seen before its row");
                last = row.sequence;
                seen.push(row.subject);
            }
            if finished && rows.is_empty() {
                break;
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        seen.sort_unstable();
        let expected: Vec<i64> =
            (0..4).flat_map(|writer| (0..15).filter(|step| step % 5 != 4).map(move |step| writer * 100 + step + 1)).collect();
        assert_eq!(seen, expected);
    }

    async fn two_nodes_that_want_one_name_do_not_both_get_it(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        for round in 0..10_i64 {
            let racing = (0..2_i64).map(|node| {
                let store = nodes[node as usize].clone();
                tokio::spawn(async move {
                    let mut change = store.change(&admin(), now()).await.unwrap();
                    change.insert_user(&user(round * 2 + node + 1, &format!("ann{round}")), None).await?;
                    change.commit().await
                })
            });
            let mut outcomes = Vec::new();
            for racer in racing.collect::<Vec<_>>() {
                outcomes.push(racer.await.unwrap());
            }
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
            assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(StoreError::NameTaken(_)))), "{outcomes:?}");
        }
    }

    async fn a_change_is_never_handed_over_in_part(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob", "cyd"]).await;
        insert_grants(&store, &[grant(1, 1, "a"), grant(2, 1, "b")]).await;
        insert_grants(&store, &[grant(3, 1, "c")]).await;
        let sequences = async |after: i64, limit| {
            let rows = store.changes_after(Sequence::from_i64(after), limit).await.unwrap();
            rows.into_iter().map(|row| row.sequence.as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(sequences(0, 1).await, [1, 1, 1]);
        assert_eq!(sequences(0, 4).await, [1, 1, 1]);
        assert_eq!(sequences(0, 5).await, [1, 1, 1, 2, 2]);
        assert_eq!(sequences(1, 100).await, [2, 2, 3]);
        assert_eq!(sequences(3, 100).await, [0_i64; 0]);
    }

    async fn a_reader_who_is_too_late_is_told(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "a")]).await;
        insert_grants(&store, &[grant(2, 1, "b")]).await;
        assert_eq!(store.oldest_sequence().await.unwrap(), Some(Sequence::from_i64(1)));
        store.prune_changes(time("2099-01-01T00:00:00Z")).await.unwrap();
        assert_eq!(store.oldest_sequence().await.unwrap(), Some(Sequence::from_i64(3)), "the last one stays");
        let late = store.changes_after(Sequence::from_i64(1), 10).await;
        assert!(matches!(late, Err(StoreError::LogPruned(at)) if at == Sequence::from_i64(1)), "{late:?}");
        assert_eq!(store.changes_after(Sequence::from_i64(2), 10).await.unwrap().len(), 1);
        insert_grants(&store, &[grant(3, 1, "c")]).await;
        assert_eq!(store.last_sequence().await.unwrap(), Sequence::from_i64(4));
    }

    async fn who_waits_is_woken_by_a_change_of_another_node(fixture: Fixture) {
        let writer = store_with_users(&fixture, &["ann"]).await;
        let reader = fixture.open().await;
        let before = reader.last_sequence().await.unwrap();
        let waiting = tokio::spawn({
            let reader = reader.clone();
            async move { reader.wait_for_change(before, Duration::from_secs(60)).await.unwrap() }
        });
        insert_grants(&writer, &[grant(1, 1, "ci")]).await;
        let woken = waiting.await.unwrap();
        assert_eq!(woken.as_i64(), before.as_i64() + 1);
        let rows = reader.changes_after(before, 10).await.unwrap();
        assert_eq!((rows.len(), rows[0].kind, rows[0].subject), (1, ChangedKind::Grant, 1));
        let nothing = reader.wait_for_change(woken, Duration::from_millis(1)).await.unwrap();
        assert_eq!(nothing, woken);
    }
}

#[tokio::test]
async fn a_node_whose_listener_was_cut_off_still_sees_changes() {
    on_postgres(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let reader = fixture.open().await;
        let after = reader.last_sequence().await.unwrap();
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        sea_orm::ConnectionTrait::execute_unprepared(&store.inner.orm, cut).await.unwrap();
        insert_grants(&store, &[grant(1, 1, "ci")]).await;
        let woken = reader.wait_for_change(after, Duration::from_secs(60)).await.unwrap();
        assert_eq!(woken.as_i64(), after.as_i64() + 1);
    })
    .await;
}
