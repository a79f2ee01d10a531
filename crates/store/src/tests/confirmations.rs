//! Confirmations: who is asked about, what a provider's word changes, and sessions that a provider ends.

use jiff::SignedDuration;
use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::provider::ProviderName;
use rand_core::SeedableRng;

use super::*;
use crate::{
    AuditFilter, ChangedKind, LapseStep, NextLook, Page, ProviderSession, SealedSecret, Sequence, StoreError,
};

fn corp() -> ProviderName {
    "corp".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn from_corp(id: i64, username: &str) -> User {
    User {
        origin: Origin::Sso,
        provider: "corp".into(),
        subject: format!("s{id}"),
        email: format!("s{id}@example.org"),
        confirmation: Confirmation::At(now()),
        ..user(id, username)
    }
}

/// Users 1 to `count` of corp, each with a token, to be asked about from `now` on.
async fn store_with_owners(fixture: &Fixture, count: i64) -> Store {
    let store = fixture.open().await;
    let mut change = store.change(&admin(), now()).await.unwrap();
    for id in 1..=count {
        change.insert_user(&from_corp(id, &format!("user{id}")), None).await.unwrap();
    }
    let ids: Vec<_> = (1..=count).map(UserId::from_i64).collect();
    change.confirm_users(&ids, now()).await.unwrap();
    for id in ids {
        change.keep_refresh_token(id, &sealed(0)).await.unwrap();
    }
    change.commit().await.unwrap();
    let grants: Vec<_> = (1..=count).map(|id| grant(id, id, "ci")).collect();
    insert_grants(&store, &grants).await;
    store
}

async fn actions(store: &Store) -> Vec<String> {
    let events = store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    events.into_iter().rev().map(|event| event.action).filter(|action| action.starts_with("user.")).collect()
}

fn sealed(byte: u8) -> SealedSecret {
    SealedSecret { key: 1, sealed: vec![byte; 3] }
}

on_both_databases! {
    async fn each_owner_is_claimed_by_one_asker_alone(fixture: Fixture) {
        let store = store_with_owners(&fixture, 5).await;
        let corp = corp();
        let (a, b) = tokio::join!(
            store.claim_confirmations(&corp, now(), later(5), 3),
            store.claim_confirmations(&corp, now(), later(5), 3),
        );
        let mut claimed: Vec<_> = a.unwrap().iter().chain(&b.unwrap()).map(|due| due.user.id.as_i64()).collect();
        claimed.sort_unstable();
        let count = claimed.len();
        claimed.dedup();
        assert_eq!(claimed.len(), count, "nobody was claimed twice");
        let rest = store.claim_confirmations(&corp, now(), later(5), 9).await.unwrap();
        assert_eq!(count + rest.len(), 5);
        let again = store.claim_confirmations(&corp, later(5), later(10), 9).await.unwrap();
        assert_eq!(again.len(), 5, "who never answered leaves them to the next");
    }

    async fn nobody_is_asked_about_who_has_no_token_that_lives(fixture: Fixture) {
        let store = store_with_owners(&fixture, 3).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_grant_state(GrantId::from_i64(1), GrantState::Deleted { at: now() }).await.unwrap();
        change.commit().await.unwrap();
        let claimed = store.claim_confirmations(&corp(), now(), later(5), 9).await.unwrap();
        assert_eq!(claimed.len(), 2);
        let other = "other".parse().unwrap();
        assert!(store.claim_confirmations(&other, later(9), later(10), 9).await.unwrap().is_empty());
    }

    async fn a_word_that_changes_nothing_is_no_event_and_reaches_every_node(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let (id, before) = (UserId::from_i64(1), actions(&store).await);
        let mut change = store.change(&admin(), later(60)).await.unwrap();
        change.confirm_users(&[id], later(75)).await.unwrap();
        let sequence = change.commit().await.unwrap();
        let rows = store.changes_after(Sequence::from_i64(sequence.as_i64() - 1), 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.kind, row.subject)).collect::<Vec<_>>(), [(ChangedKind::User, 1)]);
        assert_eq!(actions(&store).await, before);
        assert_eq!(store.user(id).await.unwrap().unwrap().confirmation, Confirmation::At(later(60)));
    }

    async fn who_is_withdrawn_comes_back_with_the_next_good_word(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let id = UserId::from_i64(1);
        let mut change = store.change(&admin(), later(1)).await.unwrap();
        change.insert_session(&session(1, 1, 0)).await.unwrap();
        change.commit().await.unwrap();
        // Said again, it is no news: see the events below.
        for reason in [Withdrawal::Disabled, Withdrawal::Disabled, Withdrawal::Gone] {
            let mut change = store.change(&admin(), later(2)).await.unwrap();
            change.withdraw_user(id, reason).await.unwrap();
            change.commit().await.unwrap();
        }
        let withdrawn = Confirmation::Withdrawn { at: later(2), reason: Withdrawal::Gone };
        assert_eq!(store.user(id).await.unwrap().unwrap().confirmation, withdrawn);
        assert!(store.sessions_of(id).await.unwrap().is_empty(), "their sessions ended");
        let mut change = store.change(&admin(), later(3)).await.unwrap();
        change.confirm_users(&[id], later(18)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.user(id).await.unwrap().unwrap().confirmation, Confirmation::At(later(3)));
        assert_eq!(actions(&store).await, ["user.create", "user.withdraw", "user.withdraw", "user.confirm"]);
    }

    async fn the_owners_whom_a_shorter_window_suspends_are_counted(fixture: Fixture) {
        let store = store_with_owners(&fixture, 6).await;
        let mut change = store.change(&admin(), later(10)).await.unwrap();
        change.confirm_users(&[UserId::from_i64(1)], later(20)).await.unwrap();
        change.disable_user(UserId::from_i64(2)).await.unwrap();
        change.withdraw_user(UserId::from_i64(3), Withdrawal::Gone).await.unwrap();
        change.set_grant_state(GrantId::from_i64(4), GrantState::Deleted { at: later(10) }).await.unwrap();
        change.commit().await.unwrap();
        let count = async |origin, since, until| {
            store.count_confirmed_between(origin, since, until, later(30)).await.unwrap()
        };
        assert_eq!(count(Origin::Sso, None, later(9)).await, 2, "users 5 and 6");
        assert_eq!(count(Origin::Sso, None, now()).await, 2, "at that moment, too");
        assert_eq!(count(Origin::Sso, None, later(10)).await, 3);
        assert_eq!(count(Origin::Sso, Some(now()), later(10)).await, 1, "the two were out before");
        assert_eq!(count(Origin::Ldap, None, later(10)).await, 0);
    }

    async fn a_lapse_is_warned_of_and_noted_once(fixture: Fixture) {
        let store = store_with_owners(&fixture, 2).await;
        let minutes = SignedDuration::from_mins;
        let lapsing = async |step| {
            let found = store.lapsing(Origin::Sso, minutes(10), step, later(20), 9).await.unwrap();
            found.into_iter().map(|user| user.id.as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(lapsing(LapseStep::Warn).await.len(), 2);
        assert!(store.lapsing(Origin::Ldap, minutes(10), LapseStep::Warn, later(20), 9).await.unwrap().is_empty());
        let mut change = store.change(&admin(), later(20)).await.unwrap();
        change.note_warning(UserId::from_i64(1), minutes(10)).await.unwrap();
        change.note_lapse(UserId::from_i64(2), minutes(10)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(lapsing(LapseStep::Warn).await, [2]);
        assert_eq!(lapsing(LapseStep::Note).await, [1]);
        let mut change = store.change(&admin(), later(30)).await.unwrap();
        change.confirm_users(&[UserId::from_i64(2)], later(45)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(actions(&store).await.last().unwrap(), "user.confirm", "what had lapsed resumes");
    }

    async fn a_lapse_that_nobody_had_noted_is_noted_with_the_word_that_ends_it(fixture: Fixture) {
        let store = store_with_owners(&fixture, 3).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_grant_state(GrantId::from_i64(3), GrantState::Deleted { at: now() }).await.unwrap();
        change.commit().await.unwrap();
        let day = SignedDuration::from_hours(24);
        let confirm = async |ids: &[i64], at: Timestamp| {
            let ids: Vec<_> = ids.iter().copied().map(UserId::from_i64).collect();
            let mut change = store.change(&admin(), at).await.unwrap();
            change.confirm_users(&ids, at).await.unwrap();
            change.commit().await.unwrap();
        };
        // A millisecond before the window of 30 days ends, nothing is suspended.
        confirm(&[2], now() + day * 30 - SignedDuration::from_millis(1)).await;
        let before = actions(&store).await.len();
        // The third has no token that could have been suspended.
        confirm(&[1, 2, 3], now() + day * 30).await;
        assert_eq!(actions(&store).await[before..], ["user.lapse", "user.confirm"], "of the first alone");
        let filter = AuditFilter { action: Some("user.lapse".into()), ..AuditFilter::default() };
        let lapses = store.audit_events(&filter, Page::WHOLE).await.unwrap();
        assert_eq!(lapses.iter().map(|event| &*event.subject_name).collect::<Vec<_>>(), ["user1"]);
    }

    async fn what_was_done_for_a_shorter_window_is_done_again_for_a_longer_one(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let (id, minutes) = (UserId::from_i64(1), SignedDuration::from_mins);
        // At which age it is due, when one looks, and whether it is then done.
        for (age, at, is_done) in
            [(10, 9, false), (10, 10, true), (10, 11, false), (30, 29, false), (30, 30, true), (5, 31, false)]
        {
            for step in [LapseStep::Warn, LapseStep::Note] {
                let found = store.lapsing(Origin::Sso, minutes(age), step, later(at), 9).await.unwrap();
                assert_eq!(found.len(), usize::from(is_done), "{step:?} {age} {at}");
            }
            let mut change = store.change(&admin(), later(at)).await.unwrap();
            assert_eq!(change.note_warning(id, minutes(age)).await.unwrap(), is_done, "{age} {at}");
            change.note_lapse(id, minutes(age)).await.unwrap();
            change.commit().await.unwrap();
        }
        assert_eq!(actions(&store).await, ["user.create", "user.warn", "user.lapse", "user.warn", "user.lapse"]);
    }

    async fn who_cannot_be_told_is_told_when_they_can(fixture: Fixture) {
        let store = store_with_owners(&fixture, 2).await;
        let (ids, minutes) = ([1, 2].map(UserId::from_i64), SignedDuration::from_mins);
        let lapsing = async |step| store.lapsing(Origin::Sso, minutes(10), step, later(20), 9).await.unwrap().len();
        let mut change = store.change(&admin(), later(20)).await.unwrap();
        change.update_user(&User { email: String::new(), ..from_corp(1, "user1") }).await.unwrap();
        change.disable_user(ids[1]).await.unwrap();
        for id in ids {
            assert!(!change.note_warning(id, minutes(10)).await.unwrap());
        }
        change.commit().await.unwrap();
        assert_eq!((lapsing(LapseStep::Warn).await, lapsing(LapseStep::Note).await), (0, 2));
        let mut change = store.change(&admin(), later(20)).await.unwrap();
        change.update_user(&from_corp(1, "user1")).await.unwrap();
        change.enable_user(ids[1]).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(lapsing(LapseStep::Warn).await, 2);
    }

    async fn those_who_came_at_once_are_not_asked_about_at_once(fixture: Fixture) {
        let store = fixture.open().await;
        // As identifiers are: far apart.
        let ids: Vec<_> = (1..=40_i64).map(|n| UserId::from_i64(n * 7_368_787 * 1_000_003)).collect();
        let next = NextLook { latest: later(15), spread: SignedDuration::from_secs(90) };
        let mut change = store.change(&admin(), now()).await.unwrap();
        for id in &ids {
            change.insert_user(&from_corp(id.as_i64(), &format!("user{}", id.as_i64())), None).await.unwrap();
        }
        change.confirm_users(&ids, next).await.unwrap();
        change.commit().await.unwrap();
        let moments = async || {
            let mut moments = Vec::new();
            for id in &ids {
                moments.push(store.confirmation_record(*id).await.unwrap().unwrap().due_at.unwrap());
            }
            moments
        };
        let confirmed = moments().await;
        assert!(confirmed.iter().all(|at| *at <= later(15) && later(15).duration_since(*at) < next.spread));
        let seconds: std::collections::BTreeSet<_> = confirmed.iter().map(|at| at.as_second()).collect();
        assert!(seconds.len() > 20, "{seconds:?}");
        store.settle_confirmations(&ids, later(1)).await.unwrap();
        assert_eq!(moments().await, vec![later(1); 40]);
        store.settle_confirmations(&ids, next).await.unwrap();
        assert_eq!(moments().await, confirmed, "each at their own moment, whoever says it");
    }

    async fn an_attempt_in_vain_is_remembered_until_the_next_answer(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let ids = [UserId::from_i64(1)];
        let minutes = SignedDuration::from_mins;
        for (attempts, pause) in [(1, 15), (2, 30), (3, 60), (4, 100), (5, 100)] {
            let in_vain = "the directory does not answer";
            store.postpone_confirmations(&ids, now(), minutes(15), minutes(100), in_vain).await.unwrap();
            let record = store.confirmation_record(ids[0]).await.unwrap().unwrap();
            assert_eq!((record.attempts, record.due_at), (attempts, Some(later(pause))));
        }
        let record = store.confirmation_record(ids[0]).await.unwrap().unwrap();
        assert_eq!(record.answer.as_deref(), Some("the directory does not answer"));
        store.settle_confirmations(&ids, later(15)).await.unwrap();
        let record = store.confirmation_record(ids[0]).await.unwrap().unwrap();
        assert_eq!((record.attempts, record.answer), (0, None));
        assert_eq!(store.confirmation_record(UserId::from_i64(9)).await.unwrap(), None);
    }

    async fn the_newest_refresh_token_is_kept(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let id = UserId::from_i64(1);
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.confirm_users(&[id], now()).await.unwrap();
        change.keep_refresh_token(id, &sealed(1)).await.unwrap();
        change.commit().await.unwrap();
        store.replace_refresh_token(id, &sealed(1), &sealed(2)).await.unwrap();
        store.replace_refresh_token(id, &sealed(1), &sealed(3)).await.unwrap();
        let due = store.claim_confirmations(&corp(), now(), later(5), 9).await.unwrap();
        assert_eq!(due[0].refresh_token, Some(sealed(2)));
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.confirm_users(&[id], now()).await.unwrap();
        change.commit().await.unwrap();
        let due = store.claim_confirmations(&corp(), now(), later(5), 9).await.unwrap();
        assert_eq!(due[0].refresh_token, Some(sealed(2)), "a confirmation takes no token away");
    }

    async fn a_deleted_user_is_asked_about_no_more(fixture: Fixture) {
        let store = store_with_owners(&fixture, 1).await;
        let id = UserId::from_i64(1);
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.keep_refresh_token(id, &sealed(1)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.sealing_keys().await.unwrap(), [1].into());
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.delete_user(id).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.confirmation_record(id).await.unwrap(), None);
        assert!(store.sealing_keys().await.unwrap().is_empty(), "nobody needs the key for it");
    }

    async fn the_database_spreads_looks_as_the_program_does(fixture: Fixture) {
        let store = store_with_owners(&fixture, 0).await;
        let ids: Vec<_> = [3_i64, 89_999, 90_000, 90_001, i64::MAX / 7, i64::MAX].map(UserId::from_i64).to_vec();
        let mut change = store.change(&admin(), now()).await.unwrap();
        for id in &ids {
            change.insert_user(&from_corp(id.as_i64(), &format!("user{}", id.as_i64())), None).await.unwrap();
        }
        let next = NextLook { latest: later(15), spread: SignedDuration::from_secs(90) };
        change.confirm_users(&ids, next).await.unwrap();
        change.commit().await.unwrap();
        let looks = async || {
            let mut looks = Vec::new();
            for id in &ids {
                looks.push(store.confirmation_record(*id).await.unwrap().unwrap().due_at.unwrap());
            }
            looks
        };
        let expected: Vec<_> = ids.iter().map(|id| next.at(*id)).collect();
        assert_eq!(looks().await, expected, "at a confirmation");
        store.settle_confirmations(&ids, later(1)).await.unwrap();
        assert_eq!(looks().await, [later(1); 6], "without a span, at its end");
        store.settle_confirmations(&ids, next).await.unwrap();
        assert_eq!(looks().await, expected, "when nothing is different");
    }

    async fn a_provider_ends_the_sessions_it_opened_and_no_other(fixture: Fixture) {
        let store = store_with_owners(&fixture, 2).await;
        let of = |number, user, subject: &str, sid: Option<&str>| Session {
            provider: Some(ProviderSession {
                subject: subject.into(), session: sid.map(str::to_owned), id_token: Some(sealed(7)),
            }),
            ..session(number, user, 0)
        };
        let sessions = [of(1, 1, "s1", Some("x")), of(2, 1, "s1", Some("y")), of(3, 2, "s2", None), session(4, 2, 0)];
        let mut change = store.change(&admin(), now()).await.unwrap();
        for session in &sessions {
            change.insert_session(session).await.unwrap();
        }
        change.commit().await.unwrap();
        assert_eq!(store.session(&sessions[0].digest).await.unwrap(), Some(sessions[0].clone()));
        for (provider, subject, sid, ended) in [
            ("other", Some("s1"), None, 0), ("corp", None, None, 0), ("corp", Some("s2"), Some("x"), 0),
            ("corp", Some("s1"), Some("x"), 1), ("corp", None, Some("y"), 1), ("corp", Some("s2"), None, 1),
        ] {
            let mut change = store.change(&admin(), now()).await.unwrap();
            let count = change.end_provider_sessions(provider, subject, sid).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(count, ended, "{provider} {subject:?} {sid:?}");
        }
        assert!(store.session(&sessions[3].digest).await.unwrap().is_some(), "a password opened this one");
    }

    async fn a_user_who_is_renamed_takes_their_roles_along(fixture: Fixture) {
        let store = store_with_owners(&fixture, 2).await;
        let principal = |text: &str| Principal { provider: "corp".into(), ..Principal::internal(name(text)) };
        let mut change = store.change(&admin(), now()).await.unwrap();
        let mut ops = role(1, "ops", &[]);
        ops.principals = vec![principal("user1"), Principal::internal(name("user1"))];
        change.insert_role(&ops).await.unwrap();
        let taken = change.update_user(&User { username: name("user2"), ..from_corp(1, "user1") }).await;
        assert!(matches!(taken, Err(StoreError::NameTaken(_))));
        assert!(change.update_user(&User { username: name("ann"), ..from_corp(1, "user1") }).await.unwrap());
        change.commit().await.unwrap();
        let principals = store.role(&name("ops")).await.unwrap().unwrap().principals;
        assert_eq!(principals, [principal("ann"), Principal::internal(name("user1"))]);
        assert_eq!(store.user_by_subject(Origin::Sso, "corp", "s1").await.unwrap().unwrap().username, name("ann"));
        assert!(store.user_by_name(&name("user1")).await.unwrap().is_none());
    }
}

proptest::proptest! {
    #[test]
    fn each_user_is_looked_at_at_a_moment_of_their_own_within_the_span(
        user in 0..i64::MAX, at in 0_i64..4_000_000_000_000, spread in 0_i64..1_000_000_000,
    ) {
        let latest = Timestamp::from_millisecond(at).unwrap();
        let next = NextLook { latest, spread: SignedDuration::from_millis(spread) };
        let moment = next.at(UserId::from_i64(user));
        proptest::prop_assert!(moment <= latest);
        let sooner = latest.duration_since(moment);
        proptest::prop_assert!(sooner < SignedDuration::from_millis(spread.max(1)), "{sooner}");
        proptest::prop_assert_eq!(next.at(UserId::from_i64(user)), moment, "the same each time");
    }
}

/// Of many people who came at once, no tenth of the span has much more than a tenth.
#[test]
fn who_came_at_once_is_not_looked_at_at_once() {
    let mut random = rand_chacha::ChaCha12Rng::seed_from_u64(5);
    let spread = SignedDuration::from_secs(90);
    let next = NextLook { latest: later(15), spread };
    let mut tenths = [0_u32; 10];
    for _ in 0..10_000 {
        let sooner = next.latest.duration_since(next.at(UserId::generate(&mut random)));
        tenths[usize::try_from(sooner.as_millis() * 10 / spread.as_millis()).unwrap()] += 1;
    }
    assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
}
