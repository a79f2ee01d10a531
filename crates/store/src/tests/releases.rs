//! Releases: found as they were written, run by one runner at a time, and never lost with it.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::ReleaseNumber;
use patgate_core::release::{
    Event, Phase, PhaseStatus, Release, ReleaseId, ReleaseStatus, Task, TaskId, TaskKind, TaskStatus, step,
};
use serde_json::json;

use super::*;
use crate::{
    AuditFilter, ChangedKind, LogLine, LogPlace, NextStep, Page, ReleaseFilter, ReleaseLease, ReleaseStep,
    SealedSecret, Sequence, StoreError, StoredRelease, StoredSecret, StoredSecrets,
};

/// Who made the releases of these tests: nobody, where a test makes no users.
pub(super) const ANN: UserId = UserId::from_i64(1);
pub(super) const ONE: ReleaseLease = ReleaseLease(1);
const OTHER: ReleaseLease = ReleaseLease(2);

fn task(name: &str) -> Task {
    Task {
        id: name.parse().unwrap(),
        title: name.to_owned(),
        description: String::new(),
        kind: TaskKind::Script { script: "print(1)".to_owned() },
        status: TaskStatus::Planned,
        restarts_when_interrupted: false,
        runs: 0,
        restarts: 0,
        interruptions: 0,
        status_line: None,
        completed_by: None,
        started_at: None,
        ended_at: None,
    }
}

pub(super) fn planned(id: i64, title: &str) -> StoredRelease {
    let phase = Phase {
        id: "Phase1".parse().unwrap(),
        title: "Phase".to_owned(),
        description: String::new(),
        status: PhaseStatus::Planned,
        tasks: vec![task("Task1"), task("Task2")],
        started_at: None,
        ended_at: None,
    };
    let release = Release {
        id: format!("Release{id}").parse().unwrap(),
        title: title.to_owned(),
        description: String::new(),
        status: ReleaseStatus::Planned,
        tags: vec!["nightly".to_owned()],
        owner: ANN,
        phases: vec![phase],
        variables: Vec::new(),
        passwords_of: None,
        passwords_of_others: false,
        run_as: None,
        abort_on_failure: false,
        abort_comment: None,
        template: None,
        generation: 0,
        created_at: now() + SignedDuration::from_secs(id),
        started_at: None,
        ended_at: None,
    };
    StoredRelease::new(ReleaseNumber::from_i64(id), release)
}

pub(super) fn started(id: i64) -> StoredRelease {
    let planned = planned(id, "Ship it");
    let (release, _) = step(&planned.release, Event::Start, now()).unwrap();
    StoredRelease { release, ..planned }
}

pub(super) async fn insert(store: &Store, releases: &[StoredRelease]) {
    let mut change = store.change(&admin(), now()).await.unwrap();
    for release in releases {
        change.insert_release(release, "release.create", json!({})).await.unwrap();
    }
    change.commit().await.unwrap();
}

/// Claims what is due, but nothing of these owners.
pub(super) async fn claim_but(
    store: &Store,
    lease: ReleaseLease,
    at: Timestamp,
    but: &[UserId],
) -> Vec<StoredRelease> {
    store.claim_releases(lease, at, at + SignedDuration::from_secs(30), 10, but).await.unwrap()
}

async fn claim(store: &Store, lease: ReleaseLease, at: Timestamp) -> Vec<StoredRelease> {
    claim_but(store, lease, at, &[]).await
}

/// The first task as it begins.
fn begun(held: &StoredRelease, next: NextStep) -> ReleaseStep {
    let (release, _) = step(&held.release, Event::Begin, now()).unwrap();
    let secrets = StoredSecrets::new();
    ReleaseStep { number: held.number, version: held.version, release, secrets, next, log: None }
}

fn line(run: u32, line: u32) -> LogLine {
    LogLine { place: LogPlace { run, line }, at: now(), said: format!("{run}.{line}") }
}

#[test]
fn a_task_that_was_never_interrupted_is_stored_as_older_programs_store_it() {
    let mut release = planned(1, "Ship it").release;
    release.phases[0].tasks[1].interruptions = 3;
    let stored = serde_json::to_value(&release).unwrap();
    let tasks = &stored["phases"][0]["tasks"];
    assert_eq!((tasks[0].get("interruptions"), &tasks[1]["interruptions"]), (None, &json!(3)));
    let read: Release = serde_json::from_value(stored).unwrap();
    assert_eq!(read.phases, release.phases);
}

on_both_databases! {
    async fn a_release_is_read_as_it_was_written_and_found_by_what_it_is(fixture: Fixture) {
        let store = fixture.open().await;
        let secret = StoredSecret::Sealed(SealedSecret { key: 3, sealed: vec![1, 2] });
        let mut first = planned(1, "Ship it");
        first.release.tags.push("no 5%".to_owned());
        first.secrets.insert("Variable1".to_owned(), secret);
        insert(&store, &[first.clone(), planned(2, "Ship 100%"), started(3)]).await;
        assert_eq!(store.release(&first.release.id).await.unwrap().unwrap(), first);
        assert_eq!(store.release(&"Release9".parse::<ReleaseId>().unwrap()).await.unwrap(), None);
        assert_eq!(store.sealing_keys().await.unwrap(), [3].into(), "its key is in use");
        let numbers = async |filter: ReleaseFilter| -> Vec<i64> {
            let found = store.releases(&filter, Page { number: 0, size: 10 }).await.unwrap();
            found.iter().map(|found| found.number.as_i64()).collect()
        };
        assert_eq!(numbers(ReleaseFilter::default()).await, [3, 2, 1], "the newest first");
        let title = |title: &str| ReleaseFilter { title: Some(title.to_owned()), ..ReleaseFilter::default() };
        assert_eq!(numbers(title("SHIP I")).await, [3, 1]);
        assert_eq!(numbers(title("100%")).await, [2], "as it stands, and no pattern");
        let exact = ReleaseFilter { exact_title: Some("Ship it".to_owned()), ..ReleaseFilter::default() };
        assert_eq!(numbers(exact).await, [3, 1]);
        let planned = ReleaseFilter { statuses: vec![ReleaseStatus::Planned], ..ReleaseFilter::default() };
        assert_eq!(numbers(planned).await, [2, 1]);
        let tagged = |tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            ReleaseFilter { tags, ..ReleaseFilter::default() }
        };
        assert_eq!(numbers(tagged(&["nightly"])).await, [3, 2, 1]);
        assert_eq!(numbers(tagged(&["nightly", "no 5%"])).await, [1]);
        assert!(numbers(tagged(&["night"])).await.is_empty(), "the whole of a tag");
        let since = ReleaseFilter { since: Some(now()), ..ReleaseFilter::default() };
        assert_eq!(numbers(since).await, [3], "only one was started");
        let mut counts = store.count_releases(&ReleaseFilter::default()).await.unwrap();
        counts.sort_unstable();
        assert_eq!(counts, [(ReleaseStatus::Planned, 2), (ReleaseStatus::InProgress, 1)]);
    }

    async fn a_release_that_an_older_program_wrote_is_found_by_its_tags(fixture: Fixture) {
        let opened = crate::connection::open(&fixture.database).await.unwrap();
        crate::schema::migrate_to(&opened.orm, 8).await.unwrap();
        // More than are read at a time.
        for id in 1..=120 {
            let mut release = planned(id, "Ship it").release;
            release.tags.extend((id == 101).then(|| "no 5%".to_owned()));
            let row = format!(
                "INSERT INTO releases (number, id, status, title, title_key, owner, version, document, sealed_secrets, \
                 created_at) VALUES ({id}, '{}', 'PLANNED', 'Ship it', 'ship it', 'ann', 1, '{}', '{{}}', {id})",
                release.id.as_str(),
                serde_json::to_string(&release).unwrap()
            );
            sea_orm::ConnectionTrait::execute_unprepared(&opened.orm, &row).await.unwrap();
        }
        opened.pool.close().await;
        let store = fixture.open().await;
        let tagged = async |tag: &str| -> Vec<i64> {
            let filter = ReleaseFilter { tags: vec![tag.to_owned()], ..ReleaseFilter::default() };
            let found = store.listed_releases(&filter, Page::WHOLE).await.unwrap();
            found.iter().map(|found| found.number.as_i64()).collect()
        };
        assert_eq!(tagged("nightly").await, (1..=120).rev().collect::<Vec<_>>());
        assert_eq!(tagged("no 5%").await, [101]);
        assert!(tagged("night").await.is_empty());
    }

    async fn a_release_that_an_older_program_writes_after_the_tables_were_brought_up_to_date_is_completed(fixture: Fixture) {
        let store = fixture.open().await;
        let many: Vec<_> = (1..=120).map(|id| planned(id, "Ship it")).collect();
        insert(&store, &many).await;
        let forget = "UPDATE releases SET summary = NULL, tags = NULL WHERE number > 10";
        sea_orm::ConnectionTrait::execute_unprepared(&store.inner.orm, forget).await.unwrap();
        let unreadable = "UPDATE releases SET document = '' WHERE number = 11";
        sea_orm::ConnectionTrait::execute_unprepared(&store.inner.orm, unreadable).await.unwrap();
        let tagged = async || -> u64 {
            let filter = ReleaseFilter { tags: vec!["nightly".to_owned()], ..ReleaseFilter::default() };
            store.count_releases(&filter).await.unwrap().iter().map(|(_, count)| count).sum()
        };
        assert_eq!(tagged().await, 10);
        store.complete_releases().await.unwrap();
        assert_eq!(tagged().await, 119, "all but the one that nobody can read");
        store.complete_releases().await.unwrap();
    }

    async fn a_list_shows_what_stands_beside_a_release_and_reads_an_old_one_whole(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[started(1), planned(2, "Later")]).await;
        let shown = async || {
            let page = Page { number: 0, size: 10 };
            let found = store.listed_releases(&ReleaseFilter::default(), page).await.unwrap();
            found.into_iter().map(|row| (row.title, row.status, row.at, row.tasks)).collect::<Vec<_>>()
        };
        let later = ("Later".to_owned(), ReleaseStatus::Planned, None, 2);
        let at = |task: &str| ("Ship it".to_owned(), ReleaseStatus::InProgress, Some(task.to_owned()), 2);
        assert_eq!(shown().await, [later.clone(), at("Task1")]);
        let held = claim(&store, ONE, now()).await.remove(0);
        let begun = begun(&held, NextStep::Hold);
        assert_eq!(store.step_releases(ONE, std::slice::from_ref(&begun)).await.unwrap(), [true]);
        let done = Event::Completed { task: "Task1".parse().unwrap(), variables: Vec::new() };
        let (release, _) = step(&begun.release, done, now()).unwrap();
        let next = ReleaseStep { version: held.version + 1, release, ..begun };
        assert_eq!(store.step_releases(ONE, &[next]).await.unwrap(), [true]);
        assert_eq!(shown().await, [later.clone(), at("Task2")], "it goes with each step");
        assert_eq!(store.release_version(held.number).await.unwrap(), Some(held.version + 2));
        let forget = "UPDATE releases SET summary = NULL";
        sea_orm::ConnectionTrait::execute_unprepared(&store.inner.orm, forget).await.unwrap();
        assert_eq!(shown().await, [later, at("Task2")]);
    }

    async fn what_people_do_with_a_release_is_a_change(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[planned(1, "Ship it")]).await;
        let read = store.release(&"Release1".parse::<ReleaseId>().unwrap()).await.unwrap().unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        let again = change.insert_release(&planned(1, "Again"), "release.create", json!({})).await;
        assert!(matches!(again, Err(StoreError::AlreadyThere(_))), "{again:?}");
        let (release, _) = step(&read.release, Event::Start, now()).unwrap();
        let started = StoredRelease { release, ..read.clone() };
        change.update_release(&started, "release.start", json!({})).await.unwrap();
        let last = change.commit().await.unwrap();
        let rows = store.changes_after(Sequence::from_i64(last.as_i64() - 1), 10).await.unwrap();
        assert_eq!((rows[0].kind, rows[0].subject), (ChangedKind::Release, 1));
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        let told = (events[0].action.as_str(), events[0].subject_id.as_str(), events[0].subject_name.as_str());
        assert_eq!(told, ("release.start", "Applications/Release1", "Ship it"));
        let mut change = store.change(&admin(), now()).await.unwrap();
        let stale = change.update_release(&started, "release.update", json!({})).await;
        assert!(matches!(stale, Err(StoreError::Overtaken(_))), "{stale:?}");
        drop(change);
        let mut change = store.change(&admin(), now()).await.unwrap();
        let current = StoredRelease { version: 2, ..started };
        change.delete_release(&current, "release.delete").await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.release(&current.release.id).await.unwrap(), None);
        assert_eq!(store.release_status(current.number).await.unwrap(), None);
    }

    async fn one_runner_at_a_time_has_a_release_and_another_takes_it_up_when_that_one_is_gone(fixture: Fixture) {
        let (store, node) = (fixture.open().await, fixture.open().await);
        insert(&store, &[started(1), planned(2, "Later")]).await;
        assert!(store.next_release_at(&[]).await.unwrap().is_some_and(|due| due <= now()));
        let held = claim(&store, ONE, now()).await;
        assert_eq!(held.iter().map(|held| held.number.as_i64()).collect::<Vec<_>>(), [1]);
        assert!(claim(&node, OTHER, now()).await.is_empty(), "it is the other's");
        assert_eq!(store.step_releases(ONE, &[begun(&held[0], NextStep::Hold)]).await.unwrap(), [true]);
        assert_eq!(store.step_releases(ONE, &[begun(&held[0], NextStep::Hold)]).await.unwrap(), [false]);
        let later = now() + SignedDuration::from_secs(40);
        assert_eq!(store.hold_releases(ONE, later, &[held[0].number]).await.unwrap(), []);
        assert!(claim(&node, OTHER, now() + SignedDuration::from_secs(31)).await.is_empty(), "it lives");
        let taken = claim(&node, OTHER, later).await;
        let never = ReleaseNumber::from_i64(7);
        let lost = store.hold_releases(ONE, later, &[held[0].number, never]).await.unwrap();
        assert_eq!(lost, [held[0].number, never], "it is told of what it has lost");
        let much_later = later + SignedDuration::from_secs(40);
        assert!(node.hold_releases(OTHER, much_later, &[held[0].number]).await.unwrap().is_empty());
        assert_eq!(taken[0].release.active_task().unwrap().status, TaskStatus::InProgress, "as it was left");
        let late = ReleaseStep { version: held[0].version + 1, ..begun(&held[0], NextStep::Rest) };
        assert_eq!(store.step_releases(ONE, &[late]).await.unwrap(), [false], "whoever comes back has lost it");
        let (failed, _) = step(&taken[0].release, Event::Interrupted, now()).unwrap();
        let rest = ReleaseStep {
            number: taken[0].number,
            version: taken[0].version,
            release: failed,
            secrets: StoredSecrets::new(),
            next: NextStep::Rest,
            log: None,
        };
        assert_eq!(node.step_releases(OTHER, &[rest]).await.unwrap(), [true]);
        assert_eq!(store.release_status(taken[0].number).await.unwrap(), Some(ReleaseStatus::Failed));
        assert_eq!(store.next_release_at(&[]).await.unwrap(), None, "it waits for a person");
    }

    async fn who_aborts_a_release_takes_it_from_its_runner(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[started(1)]).await;
        let held = claim(&store, ONE, now()).await.remove(0);
        let mut change = store.change(&admin(), now()).await.unwrap();
        let mut read = change.release(&held.release.id).await.unwrap().unwrap();
        (read.release, _) = step(&read.release, Event::Abort { comment: None }, now()).unwrap();
        change.update_release(&read, "release.abort", json!({})).await.unwrap();
        change.commit().await.unwrap();
        let lost = ReleaseStep {
            log: Some(("Task1".parse::<TaskId>().unwrap(), vec![line(1, 1)])),
            ..begun(&held, NextStep::Hold)
        };
        assert_eq!(store.step_releases(ONE, &[lost]).await.unwrap(), [false]);
        let task: TaskId = "Task1".parse().unwrap();
        assert!(store.release_log(held.number, &task, None, 10).await.unwrap().is_empty());
        // A runner whose write was the last one before may still tell what the task said; others have lost it.
        store.end_release_log(held.number, held.version, &task, &[line(1, 1)]).await.unwrap();
        assert!(store.release_log(held.number, &task, None, 10).await.unwrap().is_empty());
        store.end_release_log(held.number, held.version + 1, &task, &[line(1, 1)]).await.unwrap();
        // Once more, as one does who was stopped in the middle of it.
        store.end_release_log(held.number, held.version + 1, &task, &[line(1, 1), line(1, 2)]).await.unwrap();
        let told = store.release_log(held.number, &task, None, 10).await.unwrap();
        assert_eq!(told, [line(1, 1), line(1, 2)]);
        let far = now() + SignedDuration::from_hours(1);
        assert!(claim(&store, OTHER, far).await.is_empty(), "nobody takes it up");
    }

    async fn a_runner_writes_the_passwords_that_were_assigned_over_those_that_were_sealed_anew(fixture: Fixture) {
        let store = fixture.open().await;
        let sealed = |key: u32| StoredSecret::Sealed(SealedSecret { key, sealed: vec![key as u8; 40] });
        let secrets = |keys: [u32; 2]| -> StoredSecrets {
            ["Variable1", "Variable2"].into_iter().zip(keys).map(|(id, key)| (id.to_owned(), sealed(key))).collect()
        };
        insert(&store, &[StoredRelease { secrets: secrets([1, 1]), ..started(1) }]).await;
        let held = claim(&store, ONE, now()).await.remove(0);
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.reseal_release(&held, &secrets([2, 2])).await.unwrap();
        change.commit().await.unwrap();
        let assigned = [("Variable1".to_owned(), sealed(3))].into_iter().collect();
        let step = ReleaseStep { secrets: assigned, ..begun(&held, NextStep::Hold) };
        assert_eq!(store.step_releases(ONE, &[step]).await.unwrap(), [true], "it is still the runner's");
        let stored = store.release(&held.release.id).await.unwrap().unwrap();
        assert_eq!(stored.secrets, secrets([3, 2]));
    }

    async fn what_a_runner_gives_back_is_due_at_once(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[started(1), started(2)]).await;
        assert_eq!(claim(&store, ONE, now()).await.len(), 2);
        store.free_releases(Some(OTHER), now()).await.unwrap();
        assert!(claim(&store, OTHER, now()).await.is_empty());
        store.free_releases(None, now()).await.unwrap();
        let held = claim(&store, OTHER, now()).await;
        assert_eq!(held.len(), 2);
        let due = begun(&held[0], NextStep::Due(now()));
        assert_eq!(store.step_releases(OTHER, &[due]).await.unwrap(), [true]);
        assert_eq!(claim(&store, ONE, now()).await.len(), 1);
    }

    async fn the_log_of_a_task_goes_on_from_a_line(fixture: Fixture) {
        let store = fixture.open().await;
        insert(&store, &[started(1)]).await;
        let (release, task): (_, TaskId) = (ReleaseNumber::from_i64(1), "Task1".parse().unwrap());
        let lines = [line(1, 1), line(1, 2), line(2, 1), line(2, 2_001), line(2, 2_002)];
        store.end_release_log(release, 1, &task, &lines).await.unwrap();
        assert!(store.release_log(release, &task, None, 1).await.unwrap().is_empty(), "nobody has aborted it");
        store.append_release_log(release, &task, &lines).await.unwrap();
        let first = store.release_log(release, &task, None, 2).await.unwrap();
        assert_eq!(first, lines[..2]);
        let place: LogPlace = first[1].place.to_string().parse().unwrap();
        let rest = store.release_log(release, &task, Some(place), 10).await.unwrap();
        assert_eq!(rest, lines[2..4], "a run has at most so many lines, and one that says that there were more");
        assert!(store.release_log(release, &"Task2".parse().unwrap(), None, 10).await.unwrap().is_empty());
    }
}
