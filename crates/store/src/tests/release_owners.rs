//! Whose releases are: the user's who made them, whatever they are called, and nobody else's who is called so later.

use patgate_core::release::ReleaseStatus;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::releases::{ANN, ONE, claim_but, insert, planned, started};
use super::*;
use crate::{Page, ReleaseFilter, StoredRelease};

const BOB: UserId = UserId::from_i64(2);
const CARL: UserId = UserId::from_i64(3);
const NOBODY: UserId = UserId::from_i64(0);

fn of(owner: UserId, id: i64, status: ReleaseStatus) -> StoredRelease {
    let mut made = planned(id, "Ship it");
    (made.release.owner, made.release.status) = (owner, status);
    made
}

/// Of each release, from the first: its number, whose it is, and what they are called.
async fn owners(store: &Store) -> Vec<(i64, UserId, String)> {
    let all = store.releases(&ReleaseFilter::default(), Page::WHOLE).await.unwrap();
    let listed = store.listed_releases(&ReleaseFilter::default(), Page::WHOLE).await.unwrap();
    let shown: Vec<_> = listed.into_iter().map(|made| (made.number, made.owner_name)).collect();
    assert_eq!(all.iter().map(|made| (made.number, made.owner_name.clone())).collect::<Vec<_>>(), shown);
    let mut owners: Vec<_> =
        all.into_iter().map(|made| (made.number.as_i64(), made.release.owner, made.owner_name)).collect();
    owners.sort_unstable();
    owners
}

fn expected<const N: usize>(owners: [(i64, UserId, &str); N]) -> Vec<(i64, UserId, String)> {
    owners.map(|(number, owner, name)| (number, owner, name.to_owned())).into()
}

async fn count_of(store: &Store, owner: UserId) -> u64 {
    let filter = ReleaseFilter { owner: Some(owner), ..ReleaseFilter::default() };
    store.count_releases(&filter).await.unwrap().iter().map(|(_, count)| count).sum()
}

on_both_databases! {
    async fn who_made_a_release_is_told_as_they_are_called_now_or_were_when_they_were_deleted(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let template = of(ANN, 1, ReleaseStatus::Template);
        insert(&store, &[
            template.clone(),
            of(ANN, 2, ReleaseStatus::InProgress),
            of(ANN, 3, ReleaseStatus::Aborted),
            of(BOB, 4, ReleaseStatus::Planned),
            of(BOB, 5, ReleaseStatus::Failed),
            of(NOBODY, 6, ReleaseStatus::Completed),
        ]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_user(BOB).await.unwrap();
        change.update_user(&User { username: name("Bob"), ..user(1, "ann") }).await.unwrap();
        change.insert_user(&user(3, "ann"), None).await.unwrap();
        change.commit().await.unwrap();
        let told = expected([
            (1, ANN, "Bob"), (2, ANN, "Bob"), (3, ANN, "Bob"), (4, BOB, "bob"), (5, BOB, "bob"), (6, NOBODY, ""),
        ]);
        assert_eq!(owners(&store).await, told);
        for (owner, many) in [(ANN, 3), (BOB, 2), (CARL, 0)] {
            assert_eq!(count_of(&store, owner).await, many, "{owner}");
        }
        // Whoever read it before writes it with the name that it had.
        let mut change = store.change(&admin(), now()).await.unwrap();
        let stale = StoredRelease { owner_name: "ann".to_owned(), ..template };
        change.update_release(&stale, "template.update", json!({})).await.unwrap();
        assert_eq!(change.release(&stale.release.id).await.unwrap().unwrap().owner_name, "Bob");
        change.commit().await.unwrap();
        assert_eq!(owners(&store).await, told);
    }

    async fn the_releases_of_others_are_claimed_while_somebody_has_their_share(fixture: Fixture) {
        let store = fixture.open().await;
        let mut of_bob = started(3);
        of_bob.release.owner = BOB;
        insert(&store, &[started(1), started(2), of_bob]).await;
        let claimed = async |but: &[UserId]| -> Vec<(i64, UserId)> {
            let claimed = claim_but(&store, ONE, now(), but).await;
            let mut claimed: Vec<_> =
                claimed.iter().map(|held| (held.number.as_i64(), held.release.owner)).collect();
            claimed.sort_unstable();
            claimed
        };
        assert!(claimed(&[ANN, BOB]).await.is_empty());
        assert_eq!(store.next_release_at(&[ANN, BOB]).await.unwrap(), None);
        assert_eq!(claimed(&[ANN, CARL]).await, [(3, BOB)]);
        assert_eq!(claimed(&[]).await, [(1, ANN), (2, ANN)], "they wait no longer than that");
    }

    async fn the_owners_that_an_older_program_noted_by_name_are_found(fixture: Fixture) {
        let opened = crate::connection::open(&fixture.database).await.unwrap();
        crate::schema::migrate_to(&opened.orm, 14).await.unwrap();
        // One who was called ann and is deleted, one who is called so since, and one who was called carl before.
        for (id, username, created_at, deleted_at) in
            [(1, "ann", 1_000, "5000"), (2, "ann", 6_000, "NULL"), (3, "Carla", 1_000, "NULL")]
        {
            let row = format!(
                "INSERT INTO users (id, origin, provider, subject, username, username_key, full_name, full_name_key, email, \
                 email_key, groups, password_version, created_at, deleted_at) VALUES ({id}, 'internal', 'internal', '{id}', \
                 '{username}', '{}', '', '', '', '', '[]', 0, {created_at}, {deleted_at})",
                username.to_lowercase()
            );
            opened.orm.execute_unprepared(&row).await.unwrap();
        }
        for (number, owner, created_at) in [
            (1, "ann", 2_000),
            (2, "ann", 7_000),
            (3, "carl", 3_000),
            (4, "ann", 4_000),
            (5, "ann", 6_500),
            (6, "ann", 5_500),
            (7, "ghost", 3_000),
        ] {
            let mut release = planned(number, "Ship it").release;
            release.created_at = Timestamp::from_millisecond(created_at).unwrap();
            let mut document = serde_json::to_value(&release).unwrap();
            document["owner"] = owner.into();
            let row = format!(
                "INSERT INTO releases (number, id, status, title, title_key, owner, version, document, sealed_secrets, \
                 created_at) VALUES ({number}, 'Release{number}', 'PLANNED', 'Ship it', 'ship it', '{owner}', 1, \
                 '{document}', '{{}}', {created_at})"
            );
            opened.orm.execute_unprepared(&row).await.unwrap();
        }
        for (sequence, at, user, action, release) in [
            // Made under a name that its maker has no more, and started later by somebody else.
            (1, 3_000, "3", "release.create", 3),
            (2, 3_500, "2", "release.start", 3),
            // Started as it was made, by somebody whom the name does not tell, and started again by another.
            (3, 4_000, "3", "release.start", 4),
            (4, 4_500, "1", "release.restart", 4),
            // Made, deleted, and made again by another under the same identifier.
            (5, 2_000, "3", "template.create", 5),
            (6, 6_501, "2", "template.create", 5),
            (7, 8_000, "3", "template.update", 5),
            // By nobody who is a user, while nobody was called so.
            (8, 5_500, "NULL", "release.create", 6),
        ] {
            let row = format!(
                "INSERT INTO audit_events (sequence, position, at, actor_kind, actor_name, actor_user, action, subject_kind, \
                 subject_id, subject_name, detail) VALUES ({sequence}, 0, {at}, 'user', 'x', {user}, '{action}', 'release', \
                 'Applications/Release{release}', 'Ship it', '{{}}')"
            );
            opened.orm.execute_unprepared(&row).await.unwrap();
        }
        opened.pool.close().await;
        let store = fixture.open().await;
        assert_eq!(owners(&store).await, expected([
            (1, ANN, "ann"), (2, BOB, "ann"), (3, CARL, "Carla"), (4, CARL, "Carla"), (5, BOB, "ann"), (6, NOBODY, ""),
            (7, NOBODY, ""),
        ]));
        assert_eq!((count_of(&store, ANN).await, count_of(&store, BOB).await), (1, 2), "each has their own");
        let gone = store.inner.orm.execute_unprepared("UPDATE releases SET owner = 'ann'").await;
        assert!(gone.is_err(), "the column is gone");
    }
}
