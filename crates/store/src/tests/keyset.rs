//! Keyset pages: both ways, in every order, with every filter, the same on both databases; and what they read.

use patgate_core::grant::LastUse;
use patgate_core::policy::Days;
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::*;
use crate::{
    AuditCursor, AuditFilter, GrantCursor, GrantFilter, GrantLife, GrantSort, Page, Seek, UserCursor,
    UserFilter,
};

on_both_databases! {
    async fn pages_go_there_and_back_in_every_order(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        // Names, dates and owners that are equal in many ways, so that identifiers decide.
        let grants: Vec<_> = (1..=23).map(|at| dated(at, 1 + at % 2, ["ci", "Ärger", "nightly"][at as usize % 3], Dates {
            created: at / 4,
            expires: (at % 3 > 0).then_some(40 + at / 5),
            used: (at % 4 > 1).then_some(at / 6),
        })).collect();
        insert_grants(&store, &grants).await;
        for sort in [GrantSort::Name, GrantSort::CreatedAt, GrantSort::ExpiresAt, GrantSort::LastUsedAt] {
            for descending in [false, true] {
                for owner in [None, Some(UserId::from_i64(2))] {
                    let filter = GrantFilter { owner, sort, descending, ..Default::default() };
                    let whole = store.grants(&filter, Page::WHOLE).await.unwrap();
                    let there = walked(&store, &filter, Seek::Start).await;
                    assert_eq!(there, whole, "{filter:?}");
                    let end = Seek::Before(GrantCursor::of(whole.last().unwrap(), sort));
                    let back = walked(&store, &filter, end).await;
                    assert_eq!(back, whole[..whole.len() - 1], "{filter:?}");
                }
            }
        }
    }

    async fn a_page_goes_on_where_its_row_was_although_it_is_gone(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        insert_grants(&store, &[grant(1, 1, "a"), grant(2, 1, "b"), grant(3, 1, "c")]).await;
        let filter = GrantFilter::default();
        let first = store.list_grants(&filter, &Seek::Start, 2).await.unwrap();
        let place = GrantCursor::of(&first[1], GrantSort::Name);
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_grant_state(first[1].id, GrantState::Deleted { at: now() }).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(named(&store.list_grants(&filter, &Seek::After(place.clone()), 2).await.unwrap()), ["c"]);
        assert_eq!(named(&store.list_grants(&filter, &Seek::Before(place), 2).await.unwrap()), ["a"]);
        // A place of another order says nothing about this one.
        let foreign = GrantCursor::of(&first[1], GrantSort::CreatedAt);
        assert_eq!(named(&store.list_grants(&filter, &Seek::After(foreign), 2).await.unwrap()), ["a", "c"]);
        assert_eq!(store.list_grants(&filter, &Seek::Start, 0).await.unwrap(), []);
    }

    async fn an_administrator_finds_tokens_by_every_filter(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.disable_user(UserId::from_i64(2)).await.unwrap();
        change.commit().await.unwrap();
        let dates = |created, expires, used| Dates { created, expires, used };
        insert_grants(&store, &[
            dated(1, 1, "old", dates(0, Some(10), None)),
            dated(2, 1, "used", dates(0, Some(41), Some(20))),
            dated(3, 1, "never ends", dates(1, None, Some(5))),
            dated(4, 2, "bob's", dates(19, Some(31), None)),
            Grant { state: GrantState::Deleted { at: now() }, ..grant(5, 2, "gone") },
        ]).await;
        let found = async |filter: GrantFilter| {
            let by_date = GrantFilter { sort: GrantSort::CreatedAt, ..filter };
            named(&store.list_grants(&by_date, &Seek::Start, 10).await.unwrap())
        };
        let any = GrantFilter::default;
        assert_eq!(found(any()).await, ["old", "used", "never ends", "bob's"]);
        let (live, expired) = (GrantLife::Live(day(10)), GrantLife::Expired(day(10)));
        assert_eq!(found(GrantFilter { life: live, ..any() }).await, ["used", "never ends", "bob's"]);
        assert_eq!(found(GrantFilter { life: expired, ..any() }).await, ["old"]);
        assert_eq!(found(GrantFilter { expires_before: Some(day(31)), ..any() }).await, ["old"]);
        let soon = GrantFilter { expires_before: Some(day(32)), life: live, ..any() };
        assert_eq!(found(soon).await, ["bob's"]);
        assert_eq!(found(GrantFilter { unused_since: Some(day(19)), ..any() }).await, ["old", "never ends"]);
        assert_eq!(found(GrantFilter { never_expires: true, ..any() }).await, ["never ends"]);
        let longer = |days: u32| GrantFilter { longer_than: Some(Days::try_from(days).unwrap()), ..any() };
        assert_eq!(found(longer(10)).await, ["used", "never ends", "bob's"]);
        assert_eq!(found(longer(12)).await, ["used", "never ends"]);
        assert_eq!(found(longer(3_650)).await, ["never ends"]);
        assert_eq!(found(GrantFilter { owner_disabled: true, ..any() }).await, ["bob's"]);
        assert_eq!(found(GrantFilter { name_prefix: Some("US".into()), never_expires: true, ..any() }).await, [""; 0]);
    }

    async fn the_audit_log_goes_back_in_time_and_forth(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        // The clock of the second change is behind that of the first: time decides, then the change, then its place.
        for (at, ids) in [("2026-06-02T00:00:00Z", 1..=3), ("2026-06-01T00:00:00Z", 4..=6)] {
            let mut change = store.change(&admin(), time(at)).await.unwrap();
            for id in ids {
                change.insert_grant(&grant(id, 1, &format!("t{id}")), 1, &digest(id)).await.unwrap();
            }
            change.commit().await.unwrap();
        }
        let all = ["t3", "t2", "t1", "t6", "t5", "t4", "bob", "ann"];
        let (mut there, mut back) = (Vec::new(), Vec::new());
        let mut seek = Seek::Start;
        loop {
            let page = store.list_audit_events(&AuditFilter::default(), &seek, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            seek = Seek::After(AuditCursor::of(last).to_string().parse().unwrap());
            there.extend(page);
        }
        assert_eq!(there.iter().map(|event| &*event.subject_name).collect::<Vec<_>>(), all);
        let mut seek = Seek::Before(AuditCursor::of(&there[7]));
        loop {
            let page = store.list_audit_events(&AuditFilter::default(), &seek, 3).await.unwrap();
            let Some(first) = page.first() else { break };
            seek = Seek::Before(AuditCursor::of(first));
            back.splice(0..0, page);
        }
        assert_eq!(back, there[..7]);
        let found = async |filter: AuditFilter| {
            let events = store.list_audit_events(&filter, &Seek::Start, 10).await.unwrap();
            events.iter().map(|event| event.subject_name.clone()).collect::<Vec<_>>()
        };
        let about = |text: &str| AuditFilter { about: Some(text.into()), ..Default::default() };
        assert_eq!(found(about("t2")).await, ["t2"]);
        assert_eq!(found(about(&GrantId::from_i64(5).to_string())).await, ["t5"]);
        assert_eq!(found(about("t%")).await, [""; 0]);
        for text in ["", "1.2", "1.2.3.4", "a.b.c", "1.2.99999999999999999999"] {
            assert!(text.parse::<AuditCursor>().is_err(), "{text}");
        }
    }

    async fn the_sessions_of_a_user_come_last_seen_first(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let seen = |id, user, at: &str| Session { seen_at: time(at), ..session(id, user, 1) };
        let sessions = [seen(1, 1, "2026-06-01T00:00:00Z"), seen(2, 1, "2026-06-02T00:00:00Z"), seen(3, 2, "2026-06-03T00:00:00Z")];
        for session in &sessions {
            change.insert_session(session).await.unwrap();
        }
        change.commit().await.unwrap();
        let [first, second, _] = sessions;
        assert_eq!(store.sessions_seen_last(UserId::from_i64(1), 1).await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(store.sessions_of(UserId::from_i64(1)).await.unwrap(), [second, first]);
        assert_eq!(store.sessions_of(UserId::from_i64(9)).await.unwrap(), []);
    }

    async fn a_search_that_looks_at_few_at_a_time_finds_the_same(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.disable_user(UserId::from_i64(2)).await.unwrap();
        change.commit().await.unwrap();
        let grants: Vec<_> = (1..=25).map(|at| dated(at, 1 + at % 2, ["ci", "nightly"][at as usize % 2], Dates {
            created: at / 3,
            expires: (at % 4 > 0).then_some(5 + at),
            used: (at % 5 > 2).then_some(at),
        })).collect();
        insert_grants(&store, &grants).await;
        let any = GrantFilter::default;
        let filters = [
            any(),
            GrantFilter { unused_since: Some(day(9)), ..any() },
            GrantFilter { longer_than: Some(Days::try_from(12).unwrap()), ..any() },
            GrantFilter { owner_disabled: true, life: GrantLife::Live(day(15)), ..any() },
            GrantFilter { never_expires: true, name_prefix: Some("ci".into()), ..any() },
            GrantFilter { expires_before: Some(day(20)), life: GrantLife::Live(day(10)), ..any() },
            GrantFilter { life: GrantLife::Expired(day(15)), owner: Some(UserId::from_i64(1)), ..any() },
            GrantFilter { name_prefix: Some("none".into()), ..any() },
        ];
        for filter in filters {
            for (sort, descending) in [(GrantSort::Name, false), (GrantSort::CreatedAt, true), (GrantSort::ExpiresAt, false), (GrantSort::ExpiresAt, true)] {
                let filter = GrantFilter { sort, descending, ..filter.clone() };
                let whole = store.list_grants(&filter, &Seek::Start, 100).await.unwrap();
                assert_eq!(whole, store.grants(&filter, Page::WHOLE).await.unwrap(), "{filter:?}");
                let all = GrantFilter { sort, descending, ..any() };
                let last = store.list_grants(&all, &Seek::Start, 100).await.unwrap().pop().unwrap();
                for start in [Seek::Start, Seek::Before(GrantCursor::of(&last, sort))] {
                    let is_backward = matches!(start, Seek::Before(_));
                    let (mut seek, mut found) = (start, Vec::new());
                    loop {
                        let page = crate::grants::search(&store.inner.orm, &filter, &seek, 3, 4).await.unwrap();
                        let edge = if is_backward { page.grants.first() } else { page.grants.last() };
                        let next = page.reached.or_else(|| edge.map(|grant| GrantCursor::of(grant, sort)));
                        let at = if is_backward { 0 } else { found.len() };
                        found.splice(at..at, page.grants);
                        seek = match next {
                            Some(next) if is_backward => Seek::Before(next),
                            Some(next) => Seek::After(next),
                            None => break,
                        };
                    }
                    let expected: Vec<_> = whole.iter().filter(|grant| !is_backward || grant.id != last.id).cloned().collect();
                    assert_eq!(named(&found), named(&expected), "{filter:?} {is_backward}");
                }
            }
        }
    }

    async fn a_search_looks_at_no_more_because_some_have_no_date(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let grants: Vec<_> = (1..=12).map(|at| {
            dated(at, 1, "ci", Dates { created: 1, expires: (at <= 6).then_some(at), used: Some(at) })
        }).collect();
        insert_grants(&store, &grants).await;
        for (descending, wanted) in [(false, 8), (true, 5)] {
            let filter = GrantFilter { unused_since: Some(day(0)), sort: GrantSort::ExpiresAt, descending, ..GrantFilter::default() };
            let found = crate::grants::search(&store.inner.orm, &filter, &Seek::Start, 3, 8).await.unwrap();
            assert!(found.grants.is_empty(), "{found:?}");
            let last = grants.iter().find(|grant| grant.id.as_i64() == wanted).unwrap();
            assert_eq!(found.reached, Some(GrantCursor::of(last, GrantSort::ExpiresAt)), "{descending}");
        }
    }

    async fn users_come_in_pages_there_and_back(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "Änn", "bob", "Bea", "cyd", "b_d"]).await;
        let found = async |prefix: &str, seek: Seek<UserCursor>| {
            let filter = UserFilter { name_prefix: Some(prefix.into()), ..Default::default() };
            let users = store.list_users(&filter, &seek, 2).await.unwrap();
            users.iter().map(|user| user.username.to_string()).collect::<Vec<_>>()
        };
        let at = |name: &str| name.parse::<UserCursor>().unwrap();
        assert_eq!(found("", Seek::Start).await, ["ann", "b_d"]);
        assert_eq!(found("", Seek::After(at("b_d"))).await, ["Bea", "bob"]);
        assert_eq!(found("", Seek::After(at("BOB"))).await, ["cyd", "Änn"]);
        assert_eq!(found("", Seek::Before(at("cyd"))).await, ["Bea", "bob"]);
        assert_eq!(found("", Seek::Before(at("ann"))).await, [""; 0]);
        assert_eq!(found("B", Seek::Start).await, ["b_d", "Bea"]);
        assert_eq!(found("b_", Seek::Start).await, ["b_d"]);
        assert_eq!(found("ä", Seek::Start).await, ["Änn"]);
    }
}

#[tokio::test]
async fn the_common_lists_are_read_off_an_index_and_never_sorted() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let one = dated(7, 1, "ci", Dates { created: 1, expires: Some(9), used: None });
        let endless = dated(8, 1, "ci", Dates { created: 1, expires: None, used: None });
        for sort in [GrantSort::Name, GrantSort::CreatedAt, GrantSort::ExpiresAt] {
            for owner in [None, Some(UserId::from_i64(1))] {
                let index = match (sort, owner.is_some()) {
                    (GrantSort::Name, true) => "grants_of_owner_by_name",
                    (GrantSort::Name, false) => "grants_by_name",
                    (GrantSort::CreatedAt, true) => "grants_of_owner_by_creation",
                    (GrantSort::CreatedAt, false) => "grants_by_creation",
                    (_, true) => "grants_of_owner_by_expiry",
                    (_, false) => "grants_by_expiry",
                };
                let filter = GrantFilter { owner, sort, ..Default::default() };
                let (place, last) = (GrantCursor::of(&one, sort), GrantCursor::of(&endless, sort));
                for seek in [Seek::Start, Seek::After(place.clone()), Seek::Before(place), Seek::Before(last)]
                {
                    for select in crate::grants::selections(&filter, &seek) {
                        let plan = plan(&store, &select).await;
                        let wanted = format!("USING INDEX {index}");
                        assert!(
                            plan.contains(&wanted) && !plan.contains("TEMP B-TREE"),
                            "{filter:?} {seek:?}: {plan}"
                        );
                    }
                }
            }
        }
        let search = GrantFilter { name_prefix: Some("ci".into()), ..Default::default() };
        for select in crate::grants::selections(&search, &Seek::Start) {
            let plan = plan(&store, &select).await;
            assert!(
                plan.contains("SEARCH grants USING INDEX grants_by_name (name_key>? AND name_key<?)"),
                "{plan}"
            );
        }
        let place = "ann".parse().unwrap();
        let users = crate::users::list_selection(&UserFilter::default(), &Seek::After(place));
        let plan = plan(&store, &users).await;
        assert!(plan.contains("USING INDEX users_by_name") && !plan.contains("TEMP B-TREE"), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_is_read_off_an_index_and_never_sorted() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let any = AuditFilter::default;
        let subject = Some((crate::SubjectKind::Grant, "00000000007".to_owned()));
        for (filter, index) in [
            (any(), "audit_events_by_moment"),
            (AuditFilter { since: Some(now()), until: Some(day(1)), ..any() }, "audit_events_by_moment"),
            (AuditFilter { actor: Some("ann".into()), ..any() }, "audit_events_of_actor"),
            (AuditFilter { action: Some("grant.create".into()), ..any() }, "audit_events_of_action"),
            (AuditFilter { subject, ..any() }, "audit_events_of_subject"),
            // Of several things one says where to look, and each row is judged by the rest.
            (
                AuditFilter { actor: Some("ann".into()), action: Some("grant.create".into()), ..any() },
                "audit_events_of_actor",
            ),
        ] {
            let place: AuditCursor = "1.2.3".parse().unwrap();
            for seek in [Seek::Start, Seek::After(place), Seek::Before(place)] {
                for select in crate::search::event_selections(&filter, &seek, 0) {
                    let plan = plan(&store, &select).await;
                    let wanted = format!("USING INDEX {index}");
                    assert!(plan.contains(&wanted) && !plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_tokens_that_end_last_are_read_off_an_index_and_never_sorted() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        for place in [None, "1800000000000.2".parse().ok()] {
            let select = crate::reminders::candidates::latest((now(), day(1)), place);
            let plan = plan(&store, &select).await;
            assert!(plan.contains("INDEX grants_by_expiry") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    })
    .await;
}

/// How SQLite answers a question.
pub(crate) async fn plan(store: &Store, select: &SelectStatement) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {} LIMIT 51", select.to_string(SqliteQueryBuilder));
    let steps = store.inner.orm.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    let steps = steps.iter().map(|step| step.try_get::<String>("", "detail").unwrap());
    steps.collect::<Vec<_>>().join("; ")
}

#[derive(Clone, Copy)]
struct Dates {
    created: i64,
    expires: Option<i64>,
    used: Option<i64>,
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap()
}

fn dated(id: i64, owner: i64, note: &str, dates: Dates) -> Grant {
    Grant {
        created_at: day(dates.created),
        expires_at: dates.expires.map_or(Expiry::NEVER, |at| Expiry::at(day(at)).unwrap()),
        last_use: dates.used.map(|at| LastUse { at: day(at), address: None, user_agent: None }),
        ..grant(id, owner, note)
    }
}

fn named(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(|grant| grant.name.as_str().to_owned()).collect()
}

/// All pages of five from a place on, in the order of the list.
async fn walked(store: &Store, filter: &GrantFilter, mut seek: Seek<GrantCursor>) -> Vec<Grant> {
    let mut all = Vec::new();
    loop {
        let page = store.list_grants(filter, &seek, 5).await.unwrap();
        let place = |grant: Option<&Grant>| grant.map(|grant| GrantCursor::of(grant, filter.sort));
        let is_backward = matches!(seek, Seek::Before(_));
        let next = if is_backward { place(page.first()) } else { place(page.last()) };
        let Some(next) = next else { return all };
        if is_backward {
            all.splice(0..0, page);
            seek = Seek::Before(next);
        } else {
            all.extend(page);
            seek = Seek::After(next);
        }
    }
}
