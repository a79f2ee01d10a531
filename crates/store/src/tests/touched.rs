//! Which tokens a decision touches: what the database finds is what the core's rules say, on both databases.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use patgate_core::application::ApplicationSlot;
use patgate_core::grant::{GrantStatus, SuspensionReason};
use patgate_core::policy::decision::{Effect, is_covered, over_maximum};
use patgate_core::policy::origin::{OriginPolicy, Origins, Row, Rows};
use patgate_core::policy::{Cells, Days, MaximumChoice, Touch};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::keyset::plan;
use super::*;
use crate::decisions::{condition, counted};
use crate::{Act, AuditFilter, GrantCursor, GrantSort, Page, Seek, Sequence, Touched};

const APPLICATIONS: [(&str, ApplicationSlot); 4] = [
    ("any", ApplicationSlot::ANY),
    ("release", ApplicationSlot::RELEASE),
    ("deploy", ApplicationSlot::DEPLOY),
    ("shop", ApplicationSlot::UNKNOWN),
];
const ORIGINS: [Origin; 3] = [Origin::Internal, Origin::Ldap, Origin::Sso];
const GRANTS: i64 = 400;

fn days(count: u32) -> Days {
    Days::try_from(count).unwrap()
}

fn slot(grant: &Grant) -> ApplicationSlot {
    APPLICATIONS.iter().find(|(name, _)| *name == grant.application.as_str()).unwrap().1
}

fn origin(grant: &Grant) -> Origin {
    ORIGINS[grant.owner.as_i64() as usize - 1]
}

/// Tokens of every kind: each application, each state, ends around the maximum of 30 days, of users of each origin.
fn grants() -> Vec<Grant> {
    let mut runner = TestRunner::deterministic();
    let kinds = (0_usize..4, 0_usize..6, -2_i64..=2, 0_i64..40, 1_i64..=3);
    let latest = days(30).after(now());
    let mut draw = |id| {
        let (application, state, near, far, owner) = kinds.new_tree(&mut runner).unwrap().current();
        let suspended = |reason| GrantState::Suspended { at: now(), reason };
        let end = match far {
            0..5 => Expiry::NEVER,
            5..30 => Expiry::at(latest.checked_add(SignedDuration::from_secs(near)).unwrap()).unwrap(),
            day => {
                Expiry::at(now().checked_add(SignedDuration::from_hours((day - 34) * 24)).unwrap()).unwrap()
            }
        };
        Grant {
            application: APPLICATIONS[application].0.parse().unwrap(),
            expires_at: end,
            state: match state {
                0 => suspended(SuspensionReason::OverMaximum),
                1 => suspended(SuspensionReason::OriginClosed),
                2 => suspended(SuspensionReason::OwnerUnconfirmed),
                3 => GrantState::Deleted { at: now() },
                _ => GrantState::Active,
            },
            ..grant(id, owner, "ci")
        }
    };
    (1..=GRANTS).map(&mut draw).collect()
}

async fn filled(fixture: &Fixture) -> (Store, Vec<Grant>) {
    let store = fixture.open().await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    for (at, origin) in ORIGINS.into_iter().enumerate() {
        let id = at as i64 + 1;
        change.insert_user(&User { origin, ..user(id, &format!("user{id}")) }, None).await.unwrap();
    }
    change.commit().await.unwrap();
    let grants = grants();
    insert_grants(&store, &grants).await;
    (store, grants)
}

/// Every page of the list, three rows at a time, forward and then backward.
async fn listed(store: &Store, touched: &Touched) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut seek = Seek::Start;
    let mut last = None;
    loop {
        let page = store.list_touched(touched, &seek, 30).await.unwrap();
        let Some(end) = page.last() else { break };
        seek = Seek::After(GrantCursor::of(end, GrantSort::ExpiresAt));
        ids.extend(page.iter().map(|grant| grant.id.as_i64()));
        last = Some(page);
    }
    if let Some(page) = last {
        let before = Seek::Before(GrantCursor::of(&page[0], GrantSort::ExpiresAt));
        let back = store.list_touched(touched, &before, 30).await.unwrap();
        let expected = &ids[..ids.len() - page.len()];
        let expected = &expected[expected.len().saturating_sub(30)..];
        assert_eq!(back.iter().map(|grant| grant.id.as_i64()).collect::<Vec<_>>(), expected);
    }
    assert_eq!(store.count_touched(touched, u64::MAX).await.unwrap(), ids.len() as u64);
    assert_eq!(store.count_touched(touched, 2).await.unwrap(), ids.len().min(2) as u64);
    // A glance that does not reach all of them finds the same, page by page.
    for reach in [45, 1_000] {
        assert_eq!(glanced(store, touched, reach).await, ids, "{touched:?} {reach}");
        let glance = store.glance(touched, 1_000, &Seek::Start, 0, reach).await.unwrap();
        assert!(glance.count <= ids.len() as u64 && glance.found.grants.is_empty());
        assert!(glance.is_whole || reach == 45, "{touched:?}");
        assert!(!glance.is_whole || glance.count == ids.len() as u64, "{touched:?} {reach}");
        let counted = store.glance(touched, 1, &Seek::Start, 0, reach).await.unwrap();
        assert!(counted.count <= 1, "{touched:?} {reach}");
        assert!(!counted.is_whole || ids.is_empty(), "{touched:?} {reach}");
        // The same is counted where all of them stand on the page.
        for (most, glance) in [(1_000, glance), (1, counted)] {
            let shown = store.glance(touched, most, &Seek::Start, 1_000, reach).await.unwrap();
            let (found, expected) = ((shown.count, shown.is_whole), (glance.count, glance.is_whole));
            assert_eq!(found, expected, "{touched:?} {reach} {most}");
        }
    }
    ids
}

/// What glances of this reach find, 30 rows at a time.
async fn glanced(store: &Store, touched: &Touched, reach: u64) -> Vec<i64> {
    let (mut ids, mut seek) = (Vec::new(), Seek::Start);
    loop {
        let found = store.glance(touched, 1, &seek, 30, reach).await.unwrap().found;
        ids.extend(found.grants.iter().map(|grant| grant.id.as_i64()));
        let last = found.grants.last().map(|grant| GrantCursor::of(grant, GrantSort::ExpiresAt));
        let Some(next) = found.reached.or(last) else { return ids };
        seek = Seek::After(next);
    }
}

/// Those of these that fit, in the order of the list.
fn expected(grants: &[Grant], fits: impl Fn(&Grant) -> bool) -> Vec<i64> {
    let mut fitting: Vec<_> = grants.iter().filter(|grant| fits(grant)).collect();
    fitting.sort_by_key(|grant| std::cmp::Reverse((grant.expires_at, grant.id)));
    fitting.into_iter().map(|grant| grant.id.as_i64()).collect()
}

fn is_present(grant: &Grant) -> bool {
    !matches!(grant.state, GrantState::Deleted { .. })
}

on_both_databases! {
    async fn what_exceeds_a_maximum_is_found_as_the_rule_says(fixture: Fixture) {
        let (store, grants) = filled(&fixture).await;
        let exempt = UserId::from_i64(2);
        let maximum = days(30);
        for exempt in [BTreeSet::new(), BTreeSet::from([exempt]), BTreeSet::from([exempt, UserId::from_i64(3)])] {
            let touched = Touched::EndsAfter { latest: maximum.latest_expiry(now()), exempt: exempt.clone() };
            let is_touched = |grant: &Grant| {
                let is_exempt = exempt.contains(&grant.owner);
                over_maximum(grant.expires_at, grant.state, is_exempt, maximum, MaximumChoice::Delete, now()) == Effect::Delete
            };
            let wanted = expected(&grants, is_touched);
            assert!(wanted.len() > 30, "{wanted:?}");
            assert_eq!(listed(&store, &touched).await, wanted);
        }
    }

    async fn every_choice_does_to_each_token_what_the_rule_says(fixture: Fixture) {
        let (store, grants) = filled(&fixture).await;
        let (maximum, later) = (days(30), now().checked_add(SignedDuration::from_secs(60)).unwrap());
        let exempt = BTreeSet::from([UserId::from_i64(2)]);
        let touched = Touched::EndsAfter { latest: maximum.latest_expiry(later), exempt: exempt.clone() };
        let mut stored = grants;
        for (choice, act) in [
            (MaximumChoice::Suspend, Act::Suspend(SuspensionReason::OverMaximum)),
            (MaximumChoice::Shorten, Act::Shorten(maximum.latest_expiry(later))),
            (MaximumChoice::Delete, Act::Delete),
        ] {
            // Deleting would find nothing after shortening: a lower maximum then.
            let (maximum, touched) = match choice {
                MaximumChoice::Delete => {
                    let lower = days(7);
                    (lower, Touched::EndsAfter { latest: lower.latest_expiry(later), exempt: exempt.clone() })
                }
                _ => (maximum, touched.clone()),
            };
            let effect = |grant: &Grant| {
                over_maximum(grant.expires_at, grant.state, exempt.contains(&grant.owner), maximum, choice, later)
            };
            let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap().len();
            let mut change = store.change(&admin(), later).await.unwrap();
            let changed = change.act(&touched, act, None).await.unwrap().tokens;
            let sequence = change.commit().await.unwrap();
            let mut hit = 0;
            for grant in &mut stored {
                let before = grant.clone();
                match effect(grant) {
                    Effect::Nothing => {}
                    Effect::Shorten(to) => grant.expires_at = to,
                    Effect::Suspend(reason) => grant.state = grant.state.suspend(reason, later).unwrap(),
                    Effect::Delete => grant.state = grant.state.delete(later).unwrap(),
                }
                hit += u64::from(before != *grant);
                let found = store.grant_with_history(grant.id).await.unwrap().unwrap();
                assert_eq!((found.expires_at, found.state), (grant.expires_at, grant.state), "{choice:?} {before:?}");
            }
            assert!(changed > 20);
            assert_eq!(changed, hit, "{choice:?}");
            let after = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
            assert_eq!((after.len() - events) as u64, changed, "one event a token");
            let positions: BTreeSet<_> = after.iter().filter(|event| event.sequence == sequence).map(|event| event.position).collect();
            assert_eq!(positions.len() as u64, changed);
            let rows = store.changes_after(Sequence::from_i64(sequence.as_i64() - 1), 100).await.unwrap();
            assert_eq!(rows.len() as u64, changed);
            let ids: Vec<_> = rows.iter().map(|row| GrantId::from_i64(row.subject)).collect();
            let indexed = store.indexed_grants(&ids).await.unwrap();
            assert_eq!(indexed.len(), ids.len());
            // Once is enough.
            let mut change = store.change(&admin(), later).await.unwrap();
            assert_eq!(change.act(&touched, act, None).await.unwrap().tokens, 0, "{choice:?}");
            change.commit().await.unwrap();
        }
    }

    async fn what_a_closing_touches_is_found_as_the_rule_says(fixture: Fixture) {
        let (store, grants) = filled(&fixture).await;
        let open = Origins { internal: true, ldap: true, sso: true };
        let all = OriginPolicy { release: open, deploy: open, others: open };
        // Some were left working before.
        let left: Cells = "release.sso,others.ldap".parse().unwrap();
        let narrowed = Touched::Narrowed { cells: left, now: now() };
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(change.act(&narrowed, Act::LeaveWorking(left), None).await.unwrap().tokens > 20);
        let is_live = |grant: &Grant| matches!(grant.status(None, now()), GrantStatus::Active | GrantStatus::Suspended);
        let left_working = |grant: &Grant| {
            let rows = left.rows(origin(grant));
            let is_for = |row: &Row| slot(grant) == ApplicationSlot::ANY || Row::of(slot(grant)) == *row;
            let is_left = |row: &Row| is_live(grant) && rows.contains(*row) && is_for(row);
            Row::ALL.into_iter().filter(is_left).fold(Rows::NONE, Rows::with)
        };
        for grant in &grants {
            assert_eq!(change.left_working(grant.id).await.unwrap(), left_working(grant), "{grant:?}");
        }
        change.commit().await.unwrap();
        for indexed in store.indexed_grants(&grants.iter().map(|grant| grant.id).collect::<Vec<_>>()).await.unwrap() {
            let grant = grants.iter().find(|grant| grant.id == indexed.id).unwrap();
            assert_eq!(indexed.left_working, left_working(grant), "{grant:?}");
        }
        for closing in [
            "release.sso", "others.sso", "deploy.internal,others.internal", "release.sso,deploy.sso,others.sso",
            "deploy.ldap,release.ldap", "deploy.sso,others.sso,release.ldap,deploy.ldap,others.ldap",
        ] {
            let cells: Cells = closing.parse().unwrap();
            // Of the rest some are closed already.
            for before in [all.clone(), OriginPolicy::default()] {
                let cells = Cells::closing(&before, &cells.close(&before));
                let after = cells.close(&before);
                let touch = |grant: &Grant| cells.touch(&after, origin(grant), slot(grant), left_working(grant));
                let wanted = expected(&grants, |grant| is_present(grant) && is_live(grant) && touch(grant) != Touch::Untouched);
                assert_eq!(listed(&store, &Touched::Narrowed { cells, now: now() }).await, wanted, "{closing}");
                let wanted = expected(&grants, |grant| is_present(grant) && is_live(grant) && touch(grant) == Touch::ShutOut);
                let shut_out = Touched::ShutOut { cells, after: after.clone(), now: now() };
                assert_eq!(listed(&store, &shut_out).await, wanted, "{closing}");
            }
        }
        let mut change = store.change(&admin(), now()).await.unwrap();
        let touched = Touched::LeftWorking { cells: left };
        assert!(change.act(&touched, Act::EndLeftWorking(left), None).await.unwrap().tokens > 20);
        change.commit().await.unwrap();
        let indexed = store.indexed_grants(&grants.iter().map(|grant| grant.id).collect::<Vec<_>>()).await.unwrap();
        assert!(indexed.iter().all(|grant| grant.left_working == Rows::NONE));
    }

    async fn suspensions_are_lifted_by_what_covers_them(fixture: Fixture) {
        let (store, grants) = filled(&fixture).await;
        let is_for = |grant: &Grant, wanted| matches!(grant.state, GrantState::Suspended { reason, .. } if reason == wanted);
        for maximum in [None, Some(days(30)), Some(days(3_650))] {
            let latest = maximum.map_or(Expiry::NEVER, |maximum| maximum.latest_expiry(now()));
            let wanted = expected(&grants, |grant| {
                is_for(grant, SuspensionReason::OverMaximum) && is_covered(grant.expires_at, maximum, now())
            });
            assert_eq!(listed(&store, &Touched::Covered { latest }).await, wanted, "{maximum:?}");
        }
        let cells: Cells = "release.sso,others.ldap".parse().unwrap();
        let wanted = expected(&grants, |grant| {
            let is_for_it = |row: Row| slot(grant) == ApplicationSlot::ANY || Row::of(slot(grant)) == row;
            let opens = cells.iter().any(|(row, of)| of == origin(grant) && is_for_it(row));
            is_for(grant, SuspensionReason::OriginClosed) && opens
        });
        assert!(!wanted.is_empty());
        assert_eq!(listed(&store, &Touched::LetIn { cells }).await, wanted);
        let mut change = store.change(&admin(), now()).await.unwrap();
        let lifted = change.act(&Touched::LetIn { cells }, Act::Resume, None).await.unwrap().tokens;
        change.commit().await.unwrap();
        assert_eq!(lifted, wanted.len() as u64);
        for id in wanted {
            assert_eq!(store.grant(GrantId::from_i64(id)).await.unwrap().unwrap().state, GrantState::Active);
        }
    }
}

#[tokio::test]
async fn what_exceeds_a_maximum_is_found_at_both_ends_of_an_index() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let latest = days(30).latest_expiry(now());
        for exempt in [BTreeSet::new(), BTreeSet::from([UserId::from_i64(2)])] {
            let touched = Touched::EndsAfter { latest, exempt };
            let mut plans = Vec::new();
            for mut select in counted(&touched) {
                plans.push(plan(&store, &select.cond_where(condition(&touched)).take()).await);
            }
            assert!(
                plans[0].contains("SEARCH grants USING INDEX grants_by_expiry (expires_at=?)"),
                "{plans:?}"
            );
            assert!(
                plans[1].contains("SEARCH grants USING INDEX grants_by_expiry (expires_at>?)"),
                "{plans:?}"
            );
            assert_eq!(plans.len(), 2);
        }
    })
    .await;
}
