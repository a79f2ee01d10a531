//! Decisions and exemptions: what is stored is read again, and only one settles a decision.

use std::collections::BTreeSet;

use patgate_core::identifier::{DecisionId, ExemptionId};
use patgate_core::policy::{
    ClosingChoice, Days, Decided, Decision, DecisionState, Exemption, ExemptionReason, MaximumChoice,
};
use patgate_core::user::PrincipalKind;
use sea_orm::ConnectionTrait;

use super::*;
use crate::{AuditFilter, Page, Seek, StoreError, StoredDecision, TimeCursor};

fn decision(id: i64, state: DecisionState) -> Decision {
    Decision {
        id: DecisionId::from_i64(id),
        decided: Decided::Maximum {
            from: None,
            to: Days::try_from(30).unwrap(),
            choice: MaximumChoice::Shorten,
        },
        effective_at: Timestamp::from_second(1_800_000_000 + id).unwrap(),
        zone: "Europe/Berlin".into(),
        made_at: Timestamp::from_second(1_700_000_000 + id / 2).unwrap(),
        made_by: "root".into(),
        state,
    }
}

fn exemption(id: i64, principal: Principal, ends_at: &str) -> Exemption {
    Exemption {
        id: ExemptionId::from_i64(id),
        principal,
        reason: ExemptionReason::try_from("needs it".to_owned()).unwrap(),
        made_at: now(),
        made_by: "root".into(),
        ends_at: time(ends_at),
    }
}

on_both_databases! {
    async fn decisions_are_kept_as_they_were_made(fixture: Fixture) {
        let store = fixture.open().await;
        let mut stored = vec![
            decision(1, DecisionState::Pending),
            decision(2, DecisionState::Applied { at: now(), tokens: 7 }),
            decision(3, DecisionState::Undone { at: now(), by: "ann".into() }),
            decision(4, DecisionState::Failed { at: now(), reason: "Somebody was first.".into() }),
            Decision {
                decided: Decided::Closing { cells: "release.sso".parse().unwrap(), choice: ClosingChoice::Leave },
                ..decision(5, DecisionState::Pending)
            },
        ];
        let mut change = store.change(&admin(), now()).await.unwrap();
        for one in &stored {
            change.insert_decision(one).await.unwrap();
        }
        assert_eq!(change.pending_decisions().await.unwrap().len(), 2);
        change.commit().await.unwrap();
        for one in &stored {
            assert_eq!(store.decision(one.id).await.unwrap().as_ref(), Some(one));
        }
        assert_eq!(store.decision(DecisionId::from_i64(9)).await.unwrap(), None);
        let due = async |at: i64| store.due_decisions(Timestamp::from_second(1_800_000_000 + at).unwrap()).await.unwrap();
        assert_eq!(due(0).await, []);
        assert_eq!(due(1).await, [stored[0].id]);
        assert_eq!(due(9).await, [stored[0].id, stored[4].id]);
        // By making, the newest first, in pages.
        stored.sort_by_key(|one| std::cmp::Reverse((one.made_at, one.id)));
        let stored: Vec<_> = stored.into_iter().map(StoredDecision::Known).collect();
        let first = store.list_decisions(&Seek::Start, 2).await.unwrap();
        assert_eq!(first, stored[..2]);
        let cursor = TimeCursor::of_decision(&first[1]).to_string().parse().unwrap();
        let rest = store.list_decisions(&Seek::After(cursor), 10).await.unwrap();
        assert_eq!(rest, stored[2..]);
        let before = Seek::Before(TimeCursor::of_decision(&rest[0]));
        assert_eq!(store.list_decisions(&before, 10).await.unwrap(), first);
    }

    async fn decisions_of_a_newer_version_are_listed_as_ones_that_cannot_be_read(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let closing = Decided::Closing { cells: "release.sso".parse().unwrap(), choice: ClosingChoice::Leave };
        let applied = DecisionState::Applied { at: now(), tokens: 7 };
        let known = decision(4, DecisionState::Pending);
        for one in [
            decision(1, DecisionState::Pending),
            decision(2, applied.clone()),
            Decision { decided: closing, ..decision(3, applied) },
            known.clone(),
        ] {
            change.insert_decision(&one).await.unwrap();
        }
        change.commit().await.unwrap();
        for sql in [
            "UPDATE decisions SET decided = '{\"rule\":\"minimum\"}' WHERE id IN (1, 2)",
            "UPDATE decisions SET state = 'paused' WHERE id = 2",
        ] {
            store.inner.orm.execute_unprepared(sql).await.unwrap();
        }
        let listed = store.list_decisions(&Seek::Start, 9).await.unwrap();
        let seen = |one: &StoredDecision| (one.id().as_i64(), one.is_pending(), one.known().is_some());
        let seen_of = |all: &[StoredDecision]| all.iter().map(seen).collect::<Vec<_>>();
        assert_eq!(seen_of(&listed), [(4, true, true), (3, false, true), (2, false, false), (1, true, false)]);
        assert_eq!(listed[3].made_at(), decision(1, DecisionState::Pending).made_at);
        let pending = store.pending_decisions().await.unwrap();
        assert_eq!(seen_of(&pending), [(1, true, false), (4, true, true)]);
        assert_eq!(pending[1], StoredDecision::Known(known));
        let change = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(change.decision(DecisionId::from_i64(1)).await, Err(StoreError::Unreadable(_))));
        assert_eq!(change.decided_closings().await.unwrap().to_string(), "release.sso");
    }

    async fn one_of_two_nodes_settles_a_decision(fixture: Fixture) {
        let nodes = [fixture.open().await, fixture.open().await];
        let mut change = nodes[0].change(&admin(), now()).await.unwrap();
        change.insert_decision(&decision(1, DecisionState::Pending)).await.unwrap();
        change.commit().await.unwrap();
        let settled = DecisionState::Applied { at: now(), tokens: 1 };
        let tasks = nodes.map(|store| {
            let decision = decision(1, settled.clone());
            tokio::spawn(async move {
                let mut change = store.change(&admin(), now()).await.unwrap();
                let was_first = change.settle_decision(&decision).await.unwrap();
                change.commit().await.unwrap();
                was_first
            })
        });
        let mut first = 0;
        for task in tasks {
            first += u32::from(task.await.unwrap());
        }
        assert_eq!(first, 1);
        let store = fixture.open().await;
        let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
        let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["decision.apply", "decision.create"]);
        assert_eq!(events[0].detail["tokens"], 1);
    }

    async fn exemptions_cover_users_and_groups_of_their_provider(fixture: Fixture) {
        let store = fixture.open().await;
        let groups = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut change = store.change(&admin(), now()).await.unwrap();
        for one in [
            user(1, "Ann"),
            User { groups: groups(&["ops"]), ..user(2, "bob") },
            User { groups: groups(&["x\"ops", "ops2", "o%s"]), ..user(3, "cyd") },
            User { groups: groups(&["ops"]), provider: "corp".into(), origin: Origin::Ldap, ..user(4, "dora") },
            User { groups: groups(&["Äp\\fel\"1"]), ..user(5, "eve") },
        ] {
            change.insert_user(&one, None).await.unwrap();
        }
        let group = |group: &str| Principal { kind: PrincipalKind::Group, ..Principal::internal(name(group)) };
        let (later, much_later) = ("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z");
        let all = [
            exemption(1, Principal::internal(name("ann")), much_later),
            exemption(2, group("ops"), later),
            exemption(3, group("o%s"), "2026-05-03T12:00:01Z"),
            exemption(4, group("Äp\\fel\"1"), much_later),
            exemption(5, Principal { provider: "corp".into(), ..Principal::internal(name("bob")) }, much_later),
        ];
        for one in &all {
            change.insert_exemption(one).await.unwrap();
        }
        assert_eq!(change.exempt_owners().await.unwrap().len(), 4);
        change.commit().await.unwrap();
        let exempt = async |at: &str| {
            let owners = store.exempt_owners(time(at)).await.unwrap();
            owners.into_iter().map(UserId::as_i64).collect::<Vec<_>>()
        };
        assert_eq!(exempt("2026-05-03T12:00:00.5Z").await, [1, 2, 3, 5]);
        assert_eq!(exempt("2026-05-03T12:00:01Z").await, [1, 2, 5], "at its end it is over");
        assert_eq!(exempt(later).await, [1, 5]);
        assert_eq!(exempt(much_later).await, [0; 0]);
        assert_eq!(store.exempt_owners(time("2026-05-01T00:00:00Z")).await.unwrap(), BTreeSet::new(), "not before it was made");
        assert_eq!(store.exemption(all[1].id).await.unwrap().as_ref(), Some(&all[1]));
        let listed = store.list_exemptions(&Seek::Start, 3).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.id.as_i64()).collect::<Vec<_>>(), [5, 4, 1]);
        let rest = store.list_exemptions(&Seek::After(TimeCursor::of_exemption(&listed[2])), 3).await.unwrap();
        assert_eq!(rest.iter().map(|one| one.id.as_i64()).collect::<Vec<_>>(), [2, 3]);
        let mut change = store.change(&admin(), time("2026-05-10T00:00:00Z")).await.unwrap();
        change.end_exemption(all[0].id).await.unwrap();
        assert!(matches!(change.end_exemption(all[0].id).await, Err(StoreError::NotFound(_))));
        assert!(matches!(change.end_exemption(all[2].id).await, Err(StoreError::NotFound(_))), "it has ended");
        assert_eq!(change.held_exemptions().await.unwrap().len(), 3);
        change.commit().await.unwrap();
        assert_eq!(exempt("2026-05-10T00:00:00Z").await, [2, 5]);
        assert_eq!(store.exemptions().await.unwrap().len(), 5, "they stay");
    }

    async fn a_user_made_again_is_not_exempt(fixture: Fixture) {
        let store = store_with_users(&fixture, &["Ann"]).await;
        let group = Principal { kind: PrincipalKind::Group, ..Principal::internal(name("ann")) };
        let ends = "2026-07-01T00:00:00Z";
        let mut change = store.change(&admin(), now()).await.unwrap();
        for one in [exemption(1, Principal::internal(name("ann")), ends), exemption(2, group, ends)] {
            change.insert_exemption(&one).await.unwrap();
        }
        change.commit().await.unwrap();
        let later = time("2026-06-01T00:00:00Z");
        let mut change = store.change(&admin(), later).await.unwrap();
        change.delete_user(UserId::from_i64(1)).await.unwrap();
        change.insert_user(&user(2, "ann"), None).await.unwrap();
        assert_eq!(change.exempt_owners().await.unwrap(), BTreeSet::new());
        let held = change.held_exemptions().await.unwrap();
        assert_eq!(held.iter().map(|one| one.id.as_i64()).collect::<Vec<_>>(), [2], "the group of that name keeps its own");
        change.commit().await.unwrap();
        let events = store.audit_events(&AuditFilter { since: Some(later), ..Default::default() }, Page::WHOLE).await.unwrap();
        assert!(events.iter().any(|event| event.action == "exemption.end" && event.subject_name == "ann"));
    }
}
