//! Which releases a runner claims and holds: those that it can read, for as long as it runs them.

use jiff::SignedDuration;
use patgate_core::identifier::ReleaseNumber;
use sea_orm::ConnectionTrait;

use super::releases::{ONE, claim_but, insert, started};
use super::*;
use crate::{ReleaseLease, StoredRelease};

const OTHER: ReleaseLease = ReleaseLease(2);
/// More than one statement holds on to.
const MANY: i64 = 70;

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn numbers(claimed: &[StoredRelease]) -> Vec<i64> {
    claimed.iter().map(|claimed| claimed.number.as_i64()).collect()
}

on_both_databases! {
    async fn what_a_runner_does_not_run_is_taken_up_by_another_while_it_holds_the_rest(fixture: Fixture) {
        let (store, node) = (fixture.open().await, fixture.open().await);
        let all: Vec<_> = (1..=MANY).map(started).collect();
        insert(&store, &all).await;
        let claimed = store.claim_releases(ONE, now(), after(30), MANY as u64, &[]).await.unwrap();
        assert_eq!(claimed.len(), all.len());
        let orphan = ReleaseNumber::from_i64(7);
        let running: Vec<_> =
            claimed.iter().map(|claimed| claimed.number).filter(|number| *number != orphan).collect();
        assert_eq!(store.hold_releases(ONE, after(60), &running).await.unwrap(), []);
        assert_eq!(store.hold_releases(ONE, after(90), &[]).await.unwrap(), [], "nothing is held by it");
        assert!(claim_but(&node, OTHER, after(29), &[]).await.is_empty(), "a claim holds for a while");
        assert_eq!(numbers(&claim_but(&node, OTHER, after(31), &[]).await), [7]);
        assert!(claim_but(&node, OTHER, after(59), &[]).await.is_empty(), "the others are held");
        let last = running[running.len() - 1];
        assert_eq!(store.hold_releases(ONE, after(90), &[orphan, last]).await.unwrap(), [orphan]);
    }

    async fn a_release_that_cannot_be_read_keeps_no_other_from_being_claimed(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[started(1), started(2)]).await;
        let unreadable = "UPDATE releases SET document = '' WHERE number = 1";
        store.inner.orm.execute_unprepared(unreadable).await.unwrap();
        assert_eq!(numbers(&claim_but(&store, ONE, now(), &[]).await), [2]);
        assert!(claim_but(&store, ONE, now(), &[]).await.is_empty(), "it is left for a while");
        assert_eq!(numbers(&claim_but(&store, OTHER, after(31), &[]).await), [2], "it is in nobody's way");
    }
}
