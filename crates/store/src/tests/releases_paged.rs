//! Lists of releases for pages: there and back, whatever comes and goes meanwhile, and what they read.

use jiff::SignedDuration;
use patgate_core::release::{Release, ReleaseStatus};
use serde_json::json;

use super::keyset::plan;
use super::releases::{insert, planned};
use super::*;
use crate::releases::search;
use crate::{FoundReleases, ReleaseSearch, Seek, StoredRelease, TimeCursor};

/// Of this number, made at this second, in this state.
fn made(id: i64, second: i64, status: ReleaseStatus) -> StoredRelease {
    let planned = planned(id, ["Ship it", "Nightly 5%", "Übung"][id.unsigned_abs() as usize % 3]);
    let created_at = now() + SignedDuration::from_secs(second);
    StoredRelease { release: Release { status, created_at, ..planned.release }, ..planned }
}

/// Releases of all states of which some were made at the same moment, and templates between them.
fn many() -> Vec<StoredRelease> {
    (1..=29).map(|id| made(id, id / 3, ReleaseStatus::ALL[(id * 7 % 6).unsigned_abs() as usize])).collect()
}

/// All states of releases.
fn open_to_all() -> ReleaseSearch {
    let is_release = |status: &ReleaseStatus| *status != ReleaseStatus::Template;
    let statuses = ReleaseStatus::ALL.iter().copied().filter(is_release).collect();
    ReleaseSearch { statuses, title: String::new() }
}

fn titled(title: &str) -> ReleaseSearch {
    ReleaseSearch { title: title.to_owned(), ..open_to_all() }
}

fn numbers(found: &FoundReleases) -> Vec<i64> {
    found.releases.iter().map(|release| release.number.as_i64()).collect()
}

/// What the list has, by the rule: the newest first, and of one moment the greatest number.
fn expected(of: &[StoredRelease], fits: impl Fn(&Release) -> bool) -> Vec<i64> {
    let mut fitting: Vec<_> = of
        .iter()
        .filter(|stored| fits(&stored.release))
        .map(|stored| (stored.release.created_at, stored.number.as_i64()))
        .collect();
    fitting.sort_unstable();
    fitting.into_iter().rev().map(|(_, number)| number).collect()
}

/// All pages of a search that looks at so many at a time, from a place on, in the order of the list.
async fn walked(
    store: &Store,
    wanted: &ReleaseSearch,
    mut seek: Seek<TimeCursor>,
    (limit, reach): (u64, u64),
) -> Vec<i64> {
    let mut all = Vec::new();
    loop {
        let page = search::search(&store.inner.orm, wanted, &seek, limit, reach).await.unwrap();
        assert!(page.releases.len() as u64 <= limit);
        let is_backward = matches!(seek, Seek::Before(_));
        let edge = if is_backward { page.releases.first() } else { page.releases.last() };
        let next = page.reached.or_else(|| edge.map(TimeCursor::of_release));
        let at = if is_backward { 0 } else { all.len() };
        all.splice(at..at, numbers(&page));
        // As it stands in a link.
        let next = next.map(|next| next.to_string().parse().unwrap());
        seek = match next {
            Some(next) if is_backward => Seek::Before(next),
            Some(next) => Seek::After(next),
            None => return all,
        };
    }
}

on_both_databases! {
    async fn pages_of_releases_go_there_and_back_whatever_their_state(fixture: Fixture) {
        let store = fixture.open().await;
        let all = many();
        insert(&store, &all).await;
        let templates = ReleaseSearch { statuses: vec![ReleaseStatus::Template], title: String::new() };
        let two = ReleaseSearch {
            statuses: vec![ReleaseStatus::Completed, ReleaseStatus::Planned], title: String::new(),
        };
        for wanted in [open_to_all(), templates, two, ReleaseSearch::default()] {
            let whole = expected(&all, |release| wanted.statuses.contains(&release.status));
            assert_eq!(walked(&store, &wanted, Seek::Start, (4, 100)).await, whole, "{wanted:?}");
            let found = store.search_releases(&wanted, &Seek::Start, 100).await.unwrap();
            assert_eq!((numbers(&found), found.reached), (whole.clone(), None));
            let Some(last) = found.releases.last() else { continue };
            let end = Seek::Before(TimeCursor::of_release(last));
            assert_eq!(walked(&store, &wanted, end, (4, 100)).await, whole[..whole.len() - 1], "{wanted:?}");
        }
        assert_eq!(store.search_releases(&open_to_all(), &Seek::Start, 0).await.unwrap().releases, []);
    }

    async fn what_comes_and_goes_between_pages_neither_repeats_nor_hides_the_rest(fixture: Fixture) {
        let store = fixture.open().await;
        let all: Vec<_> = (1..=9).map(|id| made(id, id, ReleaseStatus::Completed)).collect();
        insert(&store, &all).await;
        let wanted = open_to_all();
        let first = store.search_releases(&wanted, &Seek::Start, 3).await.unwrap();
        assert_eq!(numbers(&first), [9, 8, 7]);
        let place = TimeCursor::of_release(&first.releases[2]);
        insert(&store, &[made(10, 10, ReleaseStatus::Planned), made(11, 11, ReleaseStatus::Completed)]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        // The one that the page ended with, and the one that would be next.
        for gone in [&all[6], &all[5]] {
            change.delete_release(gone, "release.delete").await.unwrap();
        }
        let mut failed = all[3].clone();
        failed.release.status = ReleaseStatus::Failed;
        change.update_release(&failed, "release.update", json!({})).await.unwrap();
        change.commit().await.unwrap();
        let next = store.search_releases(&wanted, &Seek::After(place), 3).await.unwrap();
        assert_eq!(numbers(&next), [5, 4, 3]);
        let back = Seek::Before(TimeCursor::of_release(&next.releases[0]));
        let back = store.search_releases(&wanted, &back, 3).await.unwrap();
        assert_eq!(numbers(&back), [10, 9, 8], "as many as fit, next to the place");
        let newest = store.search_releases(&wanted, &Seek::Start, 3).await.unwrap();
        assert_eq!(numbers(&newest), [11, 10, 9]);
    }

    async fn a_search_of_titles_that_looks_at_few_at_a_time_finds_the_same(fixture: Fixture) {
        let store = fixture.open().await;
        let all = many();
        insert(&store, &all).await;
        let oldest = expected(&all, |release| release.status != ReleaseStatus::Template).pop().unwrap();
        for (title, within) in [("IP I", "Ship it"), ("5%", "Nightly 5%"), ("übung", "Übung"), ("_", "nothing")] {
            let wanted = titled(title);
            let whole = expected(&all, |release| release.status != ReleaseStatus::Template && release.title == within);
            let found = store.search_releases(&wanted, &Seek::Start, 100).await.unwrap();
            assert_eq!((numbers(&found), found.reached), (whole.clone(), None), "{title}");
            let last = store.search_releases(&open_to_all(), &Seek::Start, 100).await.unwrap().releases.pop().unwrap();
            for sizes in [(3, 4), (1, 2), (5, 1), (100, 100)] {
                assert_eq!(walked(&store, &wanted, Seek::Start, sizes).await, whole, "{title} {sizes:?}");
                let end = Seek::Before(TimeCursor::of_release(&last));
                let before: Vec<_> = whole.iter().copied().filter(|number| *number != oldest).collect();
                assert_eq!(walked(&store, &wanted, end, sizes).await, before, "{title} {sizes:?}");
            }
        }
    }

    async fn a_search_of_titles_says_how_far_it_looked(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &many()).await;
        let fourth = store.search_releases(&open_to_all(), &Seek::Start, 4).await.unwrap().releases.pop().unwrap();
        let found = search::search(&store.inner.orm, &titled("zebra"), &Seek::Start, 3, 4).await.unwrap();
        let reached = Some(TimeCursor::of_release(&fourth));
        assert_eq!(found, FoundReleases { releases: Vec::new(), reached }, "four of all states together");
        let found = search::search(&store.inner.orm, &open_to_all(), &Seek::Start, 3, 4).await.unwrap();
        assert_eq!((found.releases.len(), found.reached), (3, None), "without a title there is nothing to look for");
    }
}

#[tokio::test]
async fn lists_of_releases_are_read_off_an_index_and_never_sorted() {
    on_sqlite(async |fixture: Fixture| {
        let store = fixture.open().await;
        let place: TimeCursor = "5.7".parse().unwrap();
        let edge: TimeCursor = "3.7".parse().unwrap();
        let templates = ReleaseSearch { statuses: vec![ReleaseStatus::Template], title: String::new() };
        for wanted in [open_to_all(), titled("ship"), templates] {
            for seek in [Seek::Start, Seek::After(place), Seek::Before(place)] {
                let edge = Some(&edge).filter(|_| !wanted.title.is_empty());
                let rows = search::selections(&wanted, &seek, edge);
                let places = search::places(&wanted.statuses, &seek);
                assert_eq!((rows.len(), places.len()), (wanted.statuses.len(), wanted.statuses.len()));
                for select in rows.iter().chain(&places) {
                    let plan = plan(&store, select).await;
                    assert!(plan.contains("INDEX releases_by_creation (status=?"), "{seek:?}: {plan}");
                    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{seek:?}: {plan}");
                }
            }
        }
    })
    .await;
}
