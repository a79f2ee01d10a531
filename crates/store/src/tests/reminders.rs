//! Reminders: a night runs once, a token is told of once, and what failed is tried again.

mod outbox;

use jiff::SignedDuration;
use patgate_core::identifier::{MailId, RunId};
use patgate_core::policy::notification::NotificationDays;
use patgate_core::reminder::{Night, Plan, PlannedMail, Schedule, SkipReason, plan};

use super::*;
use crate::{
    AuditFilter, MailClaim, MailFilter, MailOutcome, MailState, Planning, RunNote, Seek, StoreError,
    TimeCursor,
};

fn night() -> Night {
    "2026-05-03".parse().unwrap()
}

fn run_id(id: i64) -> RunId {
    RunId::from_i64(id)
}

fn in_days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

/// A store where ann has the tokens 1 (ends in 3 days), 2 (in 20) and 3 (never), and bob, who has no address, 4 (in 5).
async fn store_with_tokens(fixture: &Fixture) -> Store {
    let store = store_with_users(fixture, &["ann", "bob"]).await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    let mut ann = change.user(UserId::from_i64(1)).await.unwrap().unwrap();
    ann.email = "ann@example.org".into();
    change.update_user(&ann).await.unwrap();
    let mut bob = change.user(UserId::from_i64(2)).await.unwrap().unwrap();
    bob.email = String::new();
    change.update_user(&bob).await.unwrap();
    change.commit().await.unwrap();
    let tokens = [(1, 1, Some(3)), (2, 1, Some(20)), (3, 1, None), (4, 2, Some(5))];
    let grants = tokens.map(|(id, owner, days)| {
        let expires_at = days.map_or(Expiry::NEVER, |days| Expiry::at(in_days(days)).unwrap());
        Grant { expires_at, ..grant(id, owner, &format!("token {id}")) }
    });
    insert_grants(&store, &grants).await;
    store
}

async fn planned(planning: &Planning<'_>, now: Timestamp) -> Plan {
    let schedule = Schedule { first: NotificationDays::default(), further: Vec::new(), digest: false };
    let between = (now - SignedDuration::from_hours(24), now + SignedDuration::from_hours(7 * 24));
    plan(&schedule, &planning.candidates(between, None, 100).await.unwrap(), now)
}

/// Runs at a moment, and says what was planned. Without a night: because somebody asked for it.
async fn run(store: &Store, id: i64, night: Option<Night>, now: Timestamp) -> Plan {
    let Some(night) = night else {
        let mut change = store.change(&admin(), now).await.unwrap();
        let plan = fill(change.plan_reminders(run_id(id)), id, now).await;
        change.commit().await.unwrap();
        return plan;
    };
    fill(store.begin_reminder_run(run_id(id), night, now).await.unwrap().unwrap(), id, now).await
}

async fn fill(mut planning: Planning<'_>, id: i64, now: Timestamp) -> Plan {
    let plan = planned(&planning, now).await;
    let mut mails = id * 100;
    let fresh = || {
        mails += 1;
        MailId::from_i64(mails)
    };
    planning.write(&plan, fresh).await.unwrap();
    planning.commit(None).await.unwrap();
    plan
}

async fn states(store: &Store) -> Vec<(i64, MailState)> {
    let mails = store.mails(&MailFilter::default(), &Seek::Start, 100).await.unwrap();
    mails.iter().map(|mail| (mail.owner.as_i64(), mail.state)).collect()
}

fn sent() -> MailOutcome {
    MailOutcome::Sent { address: "ann@example.org".into(), answer: "250 taken".into(), untold: vec![] }
}

fn failed() -> MailOutcome {
    MailOutcome::Failed { address: "ann@example.org".into(), answer: "550 unknown".into() }
}

on_both_databases! {
    async fn a_night_runs_once_and_a_token_is_told_of_once(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let plan = run(&store, 1, Some(night()), now()).await;
        assert_eq!(plan.mails.len(), 1);
        assert_eq!(plan.skipped, [(GrantId::from_i64(4), UserId::from_i64(2), SkipReason::NoAddress)]);
        assert_eq!(store.last_reminder_night("2026-05-02".parse().unwrap()).await.unwrap(), None);
        assert!(store.begin_reminder_run(run_id(2), night(), now()).await.unwrap().is_none());
        let kept = store.last_reminder_night(night()).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.night, kept.planned, kept.skipped), (run_id(1), Some(night()), 1, 1));
        // Asked for a second time by somebody: the mail that waits counts, the skipped one is looked at again.
        let again = run(&store, 3, None, now()).await;
        assert_eq!((again.mails.len(), again.skipped.len()), (0, 1));
        assert_eq!(store.reminder_runs(&Seek::Start, 10).await.unwrap().len(), 2);
        let counts = store.mail_counts(&[run_id(1), run_id(2), run_id(3)]).await.unwrap();
        let counts: Vec<_> =
            counts.iter().map(|(run, of)| (*run, of.waiting, of.skipped, of.sent, of.failed)).collect();
        assert_eq!(counts, [(run_id(1), 1, 1, 0, 0), (run_id(3), 0, 1, 0, 0)], "there is no second run");
    }

    async fn the_last_to_end_are_looked_at_first_and_so_many_at_a_time(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let as_late = Expiry::at(in_days(5)).unwrap();
        insert_grants(&store, &[Grant { expires_at: as_late, ..grant(5, 1, "token 5") }]).await;
        run(&store, 1, Some(night()), now()).await;
        let (mut place, mut found) = (None, Vec::new());
        loop {
            let some = store.latest_reminder_candidates((now(), in_days(7)), place, 1).await.unwrap();
            let Some(last) = some.last() else { break };
            place = Some(TimeCursor::of_candidate(last));
            found.extend(some);
        }
        let ids: Vec<_> = found.iter().map(|token| token.grant.as_i64()).collect();
        assert_eq!(ids, [5, 4, 1], "each once, those that end later than that not at all");
        let known: Vec<_> = found.iter().map(|token| (&*token.address, token.marks.len())).collect();
        assert_eq!(known, [("ann@example.org", 1), ("", 0), ("ann@example.org", 1)]);
        let beyond = "99999999999999999.1".parse().ok();
        let found = store.latest_reminder_candidates((now(), in_days(4)), beyond, 9).await.unwrap();
        assert_eq!(found.len(), 1, "a place does not widen the time");
    }

    async fn a_run_that_is_not_committed_has_not_happened(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let mut planning = store.begin_reminder_run(run_id(1), night(), now()).await.unwrap().unwrap();
        let plan = planned(&planning, now()).await;
        planning.write(&plan, || MailId::from_i64(1)).await.unwrap_err();
        drop(planning);
        assert_eq!(store.last_reminder_night(night()).await.unwrap(), None);
        assert_eq!(states(&store).await, []);
        assert_eq!(run(&store, 1, Some(night()), now()).await, plan);
    }

    async fn a_run_that_somebody_asks_for_is_one_change_in_their_name(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let before = store.last_sequence().await.unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        fill(change.plan_reminders(run_id(1)), 1, now()).await;
        drop(change);
        assert_eq!((states(&store).await, store.reminder_runs(&Seek::Start, 9).await.unwrap()), (vec![], vec![]));
        assert_eq!(store.last_sequence().await.unwrap(), before);
        run(&store, 2, None, now()).await;
        assert_eq!(store.last_sequence().await.unwrap().as_i64(), before.as_i64() + 1);
        run(&store, 3, Some(night()), now()).await;
        let filter = AuditFilter { action: Some("reminder_run.start".into()), ..AuditFilter::default() };
        let events = store.list_audit_events(&filter, &Seek::Start, 10).await.unwrap();
        let subjects: Vec<_> = events.iter().map(|event| (&*event.subject_id, &*event.actor.name)).collect();
        assert_eq!(subjects, [(&*run_id(2).to_string(), &*admin().name)]);
        for (id, by) in [(2, Some(admin().name)), (3, None)] {
            assert_eq!(store.reminder_run(run_id(id)).await.unwrap().unwrap().by, by);
            let listed = store.reminder_runs(&Seek::Start, 9).await.unwrap();
            assert_eq!(listed.iter().find(|run| run.id == run_id(id)).unwrap().by, by);
        }
    }

    async fn runs_are_listed_page_by_page_there_and_back_the_newest_first(fixture: Fixture) {
        let store = fixture.open().await;
        // Two were planned at the same moment.
        for (id, hours) in [(1, 0), (2, 24), (3, 24), (4, 48), (5, 72)] {
            let mut change = store.change(&admin(), now() + SignedDuration::from_hours(hours)).await.unwrap();
            change.plan_reminders(run_id(id)).commit(None).await.unwrap();
            change.commit().await.unwrap();
        }
        let page = async |seek| {
            let runs = store.reminder_runs(&seek, 2).await.unwrap();
            let ids: Vec<_> = runs.iter().map(|run| run.id.as_i64()).collect();
            (ids, runs.last().map(TimeCursor::of_run), runs.first().map(TimeCursor::of_run))
        };
        let (first, last, _) = page(Seek::Start).await;
        let (second, last, begin) = page(Seek::After(last.unwrap())).await;
        let (third, _, _) = page(Seek::After(last.unwrap())).await;
        assert_eq!([first.as_slice(), &second, &third], [&[5, 4][..], &[3, 2], &[1]]);
        assert_eq!(page(Seek::Before(begin.unwrap())).await.0, first);
    }

    async fn a_night_without_a_server_is_noted(fixture: Fixture) {
        let store = fixture.open().await;
        let planning = store.begin_reminder_run(run_id(1), night(), now()).await.unwrap().unwrap();
        planning.commit(Some(RunNote::NoServer)).await.unwrap();
        let kept = store.reminder_run(run_id(1)).await.unwrap().unwrap();
        assert_eq!((kept.note, kept.at), (Some(RunNote::NoServer), now()));
    }

    async fn a_failed_mail_is_tried_again_on_demand_or_at_another_address(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
        let id = claimed[0].id;
        store.mark_mails(&sender, &[(claimed[0].claim, failed())], now()).await.unwrap();
        assert_eq!(run(&store, 2, None, now()).await.mails.len(), 0, "the same address");
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.retry_mail(id).await.unwrap();
        assert!(matches!(change.retry_mail(id).await, Err(StoreError::NotFound("failed mail"))));
        change.commit().await.unwrap();
        let again = store.claim_mails(&sender, now(), 10).await.unwrap();
        assert_eq!(again[0].id, id);
        store.mark_mails(&sender, &[(again[0].claim, failed())], now()).await.unwrap();
        let mut change = store.change(&admin(), now()).await.unwrap();
        let mut ann = change.user(UserId::from_i64(1)).await.unwrap().unwrap();
        ann.email = "ann@example.com".into();
        change.update_user(&ann).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(run(&store, 3, None, now()).await.mails.len(), 1);
        assert_eq!(run(&store, 4, None, now()).await.mails.len(), 0);
        let mut change = store.change(&admin(), now()).await.unwrap();
        assert!(matches!(change.retry_mail(id).await, Err(StoreError::AlreadyThere(_))), "it would be told of twice");
    }

    async fn all_failed_mails_of_a_run_are_tried_again_but_those_with_a_newer_one(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let more: Vec<_> = (11..14)
            .map(|id| Grant { expires_at: Expiry::at(in_days(4)).unwrap(), ..grant(id, 1, &format!("token {id}")) })
            .collect();
        insert_grants(&store, &more).await;
        // One mail about token 1, and one about the others: a digest.
        let days = NotificationDays::default();
        let mail = |tokens: &[i64]| PlannedMail {
            owner: UserId::from_i64(1),
            tokens: tokens.iter().map(|id| (GrantId::from_i64(*id), days)).collect(),
        };
        let write = async |id: i64, mails: Vec<PlannedMail>| {
            let mut change = store.change(&admin(), now()).await.unwrap();
            let mut planning = change.plan_reminders(run_id(id));
            let mut ids = id * 100;
            let fresh = || {
                ids += 1;
                MailId::from_i64(ids)
            };
            planning.write(&Plan { mails, skipped: Vec::new() }, fresh).await.unwrap();
            planning.commit(None).await.unwrap();
            change.commit().await.unwrap();
        };
        write(1, vec![mail(&[1]), mail(&[11, 12]), mail(&[13])]).await;
        let sender = store.sender().await.unwrap().unwrap();
        let fail_all = async || {
            let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
            let outcomes: Vec<_> = claimed.iter().map(|mail| (mail.claim, failed())).collect();
            store.mark_mails(&sender, &outcomes, now()).await.unwrap();
        };
        fail_all().await;
        // Of the digest, one token has a newer mail by now.
        write(2, vec![mail(&[12])]).await;
        fail_all().await;
        let audited = async |action: &str| {
            let events = store.list_audit_events(&AuditFilter::default(), &Seek::Start, 100).await.unwrap();
            events.into_iter().filter(|event| event.action == action).collect::<Vec<_>>()
        };
        let mut change = store.change(&admin(), now()).await.unwrap();
        let done = change.retry_mails_of(run_id(1)).await.unwrap();
        assert_eq!((done.retried, done.overtaken), (2, 1));
        assert!(matches!(change.retry_mail(MailId::from_i64(102)).await, Err(StoreError::AlreadyThere(_))));
        change.commit().await.unwrap();
        let state = async |id: i64| store.mail(MailId::from_i64(id)).await.unwrap().unwrap().state;
        assert_eq!(
            [state(101).await, state(102).await, state(103).await, state(201).await],
            [MailState::Waiting, MailState::Failed, MailState::Waiting, MailState::Failed]
        );
        let events = audited("reminder_run.retry").await;
        assert_eq!(events.len(), 1, "one event for all");
        assert_eq!(events[0].subject_id, run_id(1).to_string());
        assert_eq!((&events[0].detail["mails"], &events[0].detail["overtaken"]), (&2.into(), &1.into()));
        // Once more: there is nothing left, and nothing is noted.
        let mut change = store.change(&admin(), now()).await.unwrap();
        let done = change.retry_mails_of(run_id(1)).await.unwrap();
        assert_eq!((done.retried, done.overtaken), (0, 1));
        assert!(matches!(change.retry_mails_of(run_id(9)).await, Err(StoreError::NotFound("run"))));
        change.commit().await.unwrap();
        assert_eq!(audited("reminder_run.retry").await.len(), 1);
    }

    async fn a_mail_with_fewer_days_overtakes_an_older_one_unless_it_failed(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        for (id, days) in [(1, 7), (2, 3)] {
            let tokens = vec![(GrantId::from_i64(1), NotificationDays::try_from(days).unwrap())];
            let mails = vec![PlannedMail { owner: UserId::from_i64(1), tokens }];
            let mut change = store.change(&admin(), now()).await.unwrap();
            let mut planning = change.plan_reminders(run_id(id));
            planning.write(&Plan { mails, skipped: Vec::new() }, || MailId::from_i64(id)).await.unwrap();
            planning.commit(None).await.unwrap();
            change.commit().await.unwrap();
        }
        let sender = store.sender().await.unwrap().unwrap();
        // The claims of mail 1 and of mail 2, and of how many tokens a newer mail tells.
        let claim = async || {
            let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
            let claims: Vec<_> = claimed.iter().map(|mail| mail.claim).collect();
            let overtaken = claimed.iter().map(|mail| (mail.id.as_i64(), mail.overtaken.len()));
            (claims, overtaken.collect::<Vec<_>>())
        };
        let mark = async |claim: MailClaim, outcome: MailOutcome| {
            store.mark_mails(&sender, &[(claim, outcome)], now()).await.unwrap();
        };
        let untried = || MailOutcome::Untried { due_at: now(), answer: None };
        let (claims, overtaken) = claim().await;
        assert_eq!(overtaken, [(1, 1), (2, 0)], "while it waits, too");
        mark(claims[0], untried()).await;
        mark(claims[1], failed()).await;
        let (claims, overtaken) = claim().await;
        assert_eq!(overtaken, [(1, 0)], "it told nobody");
        mark(claims[0], untried()).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.retry_mail(MailId::from_i64(2)).await.unwrap();
        change.commit().await.unwrap();
        let (claims, overtaken) = claim().await;
        assert_eq!(overtaken, [(1, 1), (2, 0)]);
        mark(claims[0], untried()).await;
        mark(claims[1], sent()).await;
        assert_eq!(claim().await.1, [(1, 1)]);
    }

    async fn a_notice_is_sent_like_a_reminder(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.enqueue_notice(MailId::from_i64(9), crate::MailKind::Shortened, UserId::from_i64(1), &[GrantId::from_i64(2)]).await.unwrap();
        change.set_grant_state(GrantId::from_i64(1), GrantState::Deleted { at: now() }).await.unwrap();
        change.commit().await.unwrap();
        let sender = store.sender().await.unwrap().unwrap();
        let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].run, claimed[0].tokens[0].name.as_str()), (1, None, "token 2"));
    }

    async fn what_is_long_done_is_forgotten(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        store.forget_mails(in_days(1)).await.unwrap();
        assert_eq!(states(&store).await, [(1, MailState::Waiting)], "the skipped one is gone");
        let sender = store.sender().await.unwrap().unwrap();
        let claim = store.claim_mails(&sender, now(), 10).await.unwrap()[0].claim;
        store.mark_mails(&sender, &[(claim, sent())], now()).await.unwrap();
        store.forget_mails(in_days(1)).await.unwrap();
        assert_eq!((states(&store).await, store.reminder_runs(&Seek::Start, 9).await.unwrap()), (vec![], vec![]));
        assert_eq!(run(&store, 2, None, in_days(1)).await.mails.len(), 0, "its mark is kept while the token lives");
        assert_eq!(run(&store, 3, None, in_days(60)).await, Plan::default(), "a run with nothing to do is a run too");
        assert_eq!(store.reminder_runs(&Seek::Start, 9).await.unwrap().len(), 2);
    }
}
