//! Searches in which an index other than that of the order tells that few come into question: these are found wherever they
//! stand, whatever lies before them, and nothing else is read.

use sea_orm::sea_query::Order;

use super::keyset::plan;
use super::*;
use crate::grants::{Search, few, selections};
use crate::tables::Grants;
use crate::{
    AuditFilter, FoundGrants, GrantCursor, GrantFilter, GrantLife, GrantSort, Page, Seek, UserFilter, search,
};

/// How many rows a search looks at here; half as many are few.
const REACH: u64 = 8;

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap()
}

/// Twenty tokens of the first user that stand first in every order and have expired; three behind them that have not; and two of
/// a disabled user, the last by name and by end of those that have.
async fn filled(fixture: &Fixture) -> Store {
    let store = store_with_users(fixture, &["ann", "bob"]).await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    change.disable_user(UserId::from_i64(2)).await.unwrap();
    change.commit().await.unwrap();
    let made = |id: i64, owner: i64, note: &str, created: i64, ends: Option<i64>| Grant {
        created_at: day(created),
        expires_at: ends.map_or(Expiry::NEVER, |at| Expiry::at(day(at)).unwrap()),
        ..grant(id, owner, &format!("{note}{id}"))
    };
    let mut grants: Vec<_> = (1..=20).map(|id| made(id, 1, "m", id, Some(30))).collect();
    grants.extend((21..=23).map(|id| made(id, 1, "z", 0, (id == 22).then_some(90))));
    grants.extend((24..=25).map(|id| made(id, 2, "zz", 0, Some(31))));
    insert_grants(&store, &grants).await;
    store
}

/// Of what a search finds one at a time, all, from a place on.
async fn walked(store: &Store, filter: &GrantFilter, mut seek: Seek<GrantCursor>) -> Vec<Grant> {
    let mut all = Vec::new();
    loop {
        let found = crate::grants::search(&store.inner.orm, filter, &seek, 1, REACH).await.unwrap();
        let Some(grant) = found.grants.into_iter().next() else { return all };
        let place = GrantCursor::of(&grant, filter.sort);
        let is_backward = matches!(seek, Seek::Before(_));
        seek = if is_backward { Seek::Before(place) } else { Seek::After(place) };
        all.insert(if is_backward { 0 } else { all.len() }, grant);
    }
}

on_both_databases! {
    async fn few_tokens_that_fit_are_found_wherever_they_stand(fixture: Fixture) {
        let store = filled(&fixture).await;
        let any = GrantFilter::default;
        let named = |prefix: &str| GrantFilter { name_prefix: Some(prefix.into()), ..any() };
        let newest = |filter| GrantFilter { sort: GrantSort::CreatedAt, descending: true, ..filter };
        let by_end = |filter| GrantFilter { sort: GrantSort::ExpiresAt, ..filter };
        let live = || GrantFilter { life: GrantLife::Live(day(50)), ..any() };
        let (first, disabled) = (Some(UserId::from_i64(1)), || GrantFilter { owner_disabled: true, ..any() });
        for (filter, count) in [
            (newest(named("z2")), 3),
            (newest(GrantFilter { owner: first, ..named("Z2") }), 3),
            (by_end(named("z2")), 3),
            (GrantFilter { descending: true, ..by_end(named("z2")) }, 3),
            (live(), 3),
            (newest(GrantFilter { owner: first, ..live() }), 3),
            (GrantFilter { expires_before: Some(day(100)), ..live() }, 1),
            (newest(GrantFilter { life: GrantLife::Expired(day(50)), ..named("zz") }), 2),
            (GrantFilter { never_expires: true, ..any() }, 2),
            (GrantFilter { never_expires: true, expires_before: Some(day(100)), ..any() }, 0),
            (disabled(), 2),
            (by_end(disabled()), 2),
            (newest(GrantFilter { owner: Some(UserId::from_i64(2)), ..disabled() }), 2),
            (GrantFilter { owner: first, ..disabled() }, 0),
        ] {
            let whole = store.grants(&filter, Page::WHOLE).await.unwrap();
            assert_eq!(whole.len(), count, "{filter:?}");
            let found = crate::grants::search(&store.inner.orm, &filter, &Seek::Start, 10, REACH).await.unwrap();
            assert_eq!(found, FoundGrants { grants: whole.clone(), reached: None }, "{filter:?}");
            assert_eq!(walked(&store, &filter, Seek::Start).await, whole, "{filter:?}");
            let Some(last) = whole.last() else { continue };
            let back = walked(&store, &filter, Seek::Before(GrantCursor::of(last, filter.sort))).await;
            assert_eq!(back, whole[..count - 1], "{filter:?}");
        }
    }

    async fn of_more_than_a_few_those_that_were_reached_are_found(fixture: Fixture) {
        let store = filled(&fixture).await;
        let filter = GrantFilter {
            name_prefix: Some("z".into()), sort: GrantSort::CreatedAt, descending: true, ..GrantFilter::default()
        };
        let found = crate::grants::search(&store.inner.orm, &filter, &Seek::Start, 10, REACH).await.unwrap();
        assert!(found.grants.is_empty());
        let reached = store.grant(GrantId::from_i64(13)).await.unwrap().unwrap();
        assert_eq!(found.reached, Some(GrantCursor::of(&reached, GrantSort::CreatedAt)));
    }

    async fn few_events_of_an_action_are_found_behind_many_of_who_did_others(fixture: Fixture) {
        let store = filled(&fixture).await;
        let given = |text: &str| Some(text.to_owned());
        let asked = |action: &str| AuditFilter { actor: given("root"), action: given(action), ..Default::default() };
        for (action, count) in [("user.disable", 1), ("user.delete", 0)] {
            let found = search::events(&store.inner.orm, &asked(action), &Seek::Start, 10, Some(REACH)).await.unwrap();
            assert_eq!((found.events.len(), found.reached), (count, None), "{action}");
        }
        let found = search::events(&store.inner.orm, &asked("grant.create"), &Seek::Start, 3, Some(REACH)).await.unwrap();
        assert_eq!((found.events.len(), found.reached), (3, None));
        // Where both are many, as far as was looked.
        let mut change = store.change(&Actor { name: "ann".into(), ..admin() }, now()).await.unwrap();
        for id in 1..=20 {
            change.set_grant_state(GrantId::from_i64(id), GrantState::Deleted { at: now() }).await.unwrap();
        }
        change.commit().await.unwrap();
        let found = search::events(&store.inner.orm, &asked("grant.delete"), &Seek::Start, 3, Some(REACH)).await.unwrap();
        assert!(found.events.is_empty() && found.reached.is_some());
    }

    async fn a_disabled_user_is_found_behind_all_the_others(fixture: Fixture) {
        let names: Vec<_> = (0..20).map(|number| format!("user{number:02}")).collect();
        let store = store_with_users(&fixture, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        for id in [19, 20] {
            change.disable_user(UserId::from_i64(id)).await.unwrap();
        }
        change.enable_user(UserId::from_i64(19)).await.unwrap();
        change.commit().await.unwrap();
        let filter = UserFilter { login_allowed: Some(false), ..Default::default() };
        let found = search::find_users(&store.inner.orm, &filter, &Seek::Start, 10, REACH).await.unwrap();
        let names: Vec<_> = found.users.iter().map(|user| user.username.to_string()).collect();
        assert_eq!((names, found.reached), (vec!["user19".to_owned()], None));
    }
}

/// What SQLite reads without knowing how many rows there are, as it does until somebody has them counted.
#[tokio::test]
async fn a_search_reads_few_off_their_own_index_and_many_off_that_of_the_order() {
    on_sqlite(async |fixture: Fixture| {
        let store = filled(&fixture).await;
        let owner = Some(UserId::from_i64(1));
        let newest =
            GrantFilter { owner, sort: GrantSort::CreatedAt, descending: true, ..GrantFilter::default() };
        let named = GrantFilter { name_prefix: Some("c".into()), ..newest.clone() };
        let live = GrantFilter { life: GrantLife::Live(day(50)), ..newest };
        let all = GrantFilter { owner: None, ..named.clone() };
        let ended = GrantFilter { life: GrantLife::Expired(day(50)), ..GrantFilter::default() };
        for (filter, theirs, order) in [
            (
                named,
                vec!["grants_of_owner_by_name (owner=? AND name_key>"],
                "grants_of_owner_by_creation (owner=?)",
            ),
            (all, vec!["grants_by_name (name_key>"], "grants_by_creation"),
            (
                live,
                vec![
                    "grants_of_owner_by_expiry (owner=? AND expires_at>",
                    "grants_of_owner_by_expiry (owner=? AND expires_at=?)",
                ],
                "grants_of_owner_by_creation (owner=?)",
            ),
            (ended, vec!["grants_by_expiry (expires_at"], "grants_by_name"),
        ] {
            let parts = few::questions(&filter).concat();
            assert_eq!(parts.len(), theirs.len());
            for (part, index) in parts.iter().zip(&theirs) {
                let plan = plan(&store, part).await;
                assert!(plan.contains(&format!("SEARCH grants USING INDEX {index}")), "{plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            }
            // Sorted are these alone.
            let mut few = few::together(parts, REACH);
            let few = plan(&store, few.order_by(Grants::CreatedAt, Order::Desc)).await;
            for index in theirs {
                assert!(few.contains(index) && !few.contains(order), "{few}");
            }
            let search = Search::of(&filter, &Seek::Start, REACH).unwrap();
            for select in selections(&filter, &Seek::Start) {
                let plan = plan(&store, &search.rows(&select, REACH)).await;
                assert!(
                    plan.contains(&format!("USING INDEX {order}")) && !plan.contains("TEMP B-TREE"),
                    "{plan}"
                );
            }
        }
        let disabled = GrantFilter { owner_disabled: true, ..GrantFilter::default() };
        let search = Search::of(&disabled, &Seek::Start, REACH).unwrap();
        for select in selections(&disabled, &Seek::Start) {
            let plan = plan(&store, &search.rows(&select, REACH)).await;
            assert!(plan.contains("USING INDEX grants_by_name") && !plan.contains("SCAN users"), "{plan}");
        }
        let plan = plan(&store, &crate::users::disabled()).await;
        assert!(plan.contains("USING INDEX users_disabled_by_name"), "{plan}");
        assert!(Search::of(&GrantFilter::default(), &Seek::Start, REACH).is_none());
    })
    .await;
}
