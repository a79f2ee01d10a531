//! The outbox: a mail has one sender, what one left half way is found by the next, and only the newest claim counts.

use super::*;
use crate::{MailStateKind, Sender, Untold};

/// The right to send once it is free: the connection of whoever dropped it ends a moment later.
async fn next_sender(store: &Store) -> Sender {
    loop {
        if let Some(sender) = store.sender().await.unwrap() {
            return sender;
        }
    }
}

on_both_databases! {
    async fn one_sends_and_the_next_finds_what_was_left(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        assert!(store.sender().await.unwrap().is_none(), "one at a time");
        assert!(store.claim_mails(&sender, now() - SignedDuration::from_secs(1), 10).await.unwrap().is_empty());
        let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!((claimed[0].username.as_str(), claimed[0].address.as_str()), ("ann", "ann@example.org"));
        assert_eq!(claimed[0].tokens[0].name, "token 1");
        assert!(store.claim_mails(&sender, now(), 10).await.unwrap().is_empty(), "claimed");
        assert!(sender.is_held().await);
        // It stops before it marks anything.
        drop(sender);
        let sender = next_sender(&store).await;
        let again = store.claim_mails(&sender, now(), 10).await.unwrap();
        assert_eq!((again[0].id, again[0].attempts), (claimed[0].id, 1));
        store.mark_mails(&sender, &[(again[0].claim, sent())], now()).await.unwrap();
        let mail = &store.mails(&MailFilter { run: None, state: Some(MailStateKind::Sent) }, &Seek::Start, 9).await.unwrap()[0];
        assert_eq!((mail.answer.as_deref(), mail.done_at, mail.due_at), (Some("250 taken"), Some(now()), None));
        assert_eq!(run(&store, 2, None, in_days(1)).await.mails.len(), 0, "told");
    }

    async fn a_sender_that_lost_its_right_undoes_nothing_of_the_next_one(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        let lost = store.claim_mails(&sender, now(), 10).await.unwrap()[0].claim;
        drop(sender);
        let sender = next_sender(&store).await;
        let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
        for outcome in [
            MailOutcome::Untried { due_at: now(), answer: Some("the mail server is away".into()) },
            MailOutcome::Skipped(SkipReason::SwitchedOff),
            MailOutcome::Later { due_at: now(), answer: "451 not now".into() },
            MailOutcome::Unanswered { due_at: now(), answer: "nothing was said".into() },
            failed(),
            sent(),
        ] {
            store.mark_mails(&sender, &[(lost, outcome.clone())], now()).await.unwrap();
            let kept = store.mail(claimed[0].id).await.unwrap().unwrap();
            let kept = (kept.state, kept.attempts, kept.due_at, kept.answer);
            assert_eq!(kept, (MailState::Sending, 2, Some(now()), None), "{outcome:?}");
            assert!(store.claim_mails(&sender, now(), 10).await.unwrap().is_empty(), "{outcome:?}");
        }
        assert_eq!(run(&store, 2, None, now()).await.mails.len(), 0, "the mark is kept");
        store.mark_mails(&sender, &[(claimed[0].claim, sent())], now()).await.unwrap();
        assert_eq!(store.mail(claimed[0].id).await.unwrap().unwrap().state, MailState::Sent);
        assert_eq!(run(&store, 3, None, in_days(1)).await.mails.len(), 0, "told");
    }

    async fn a_claim_does_not_count_again_when_attempts_are_counted_anew(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        let lost = store.claim_mails(&sender, now(), 10).await.unwrap()[0].claim;
        drop(sender);
        let sender = next_sender(&store).await;
        let second = store.claim_mails(&sender, now(), 10).await.unwrap();
        store.mark_mails(&sender, &[(second[0].claim, failed())], now()).await.unwrap();
        let later = now() + SignedDuration::from_mins(1);
        let mut change = store.change(&admin(), later).await.unwrap();
        change.retry_mail(second[0].id).await.unwrap();
        change.commit().await.unwrap();
        let third = store.claim_mails(&sender, later, 10).await.unwrap();
        assert_eq!(third[0].attempts, 0, "as before the first");
        store.mark_mails(&sender, &[(lost, MailOutcome::Skipped(SkipReason::SwitchedOff))], later).await.unwrap();
        assert_eq!(store.mail(third[0].id).await.unwrap().unwrap().state, MailState::Sending);
        store.mark_mails(&sender, &[(third[0].claim, sent())], later).await.unwrap();
        assert_eq!(store.mail(third[0].id).await.unwrap().unwrap().state, MailState::Sent);
    }

    async fn what_is_put_off_comes_again_and_what_is_skipped_is_planned_again(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        let claim = async |now| store.claim_mails(&sender, now, 10).await.unwrap();
        let first = claim(now()).await[0].claim;
        let later = now() + SignedDuration::from_mins(1);
        let outcome = MailOutcome::Later { due_at: later, answer: "451 not now".into() };
        store.mark_mails(&sender, &[(first, outcome)], now()).await.unwrap();
        assert!(claim(now()).await.is_empty());
        let second = claim(later).await;
        assert_eq!(second[0].attempts, 1);
        let outcome = MailOutcome::Untried { due_at: later, answer: None };
        store.mark_mails(&sender, &[(second[0].claim, outcome)], later).await.unwrap();
        let third = claim(later).await;
        assert_eq!(third[0].attempts, 1, "not tried is not counted");
        let outcome = MailOutcome::Skipped(SkipReason::SwitchedOff);
        store.mark_mails(&sender, &[(third[0].claim, outcome)], later).await.unwrap();
        assert_eq!(run(&store, 2, None, later).await.mails.len(), 1);
    }

    async fn a_mail_that_was_never_answered_says_so_until_it_is_done(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        run(&store, 1, Some(night()), now()).await;
        let sender = store.sender().await.unwrap().unwrap();
        let claim = async || store.claim_mails(&sender, now(), 10).await.unwrap().pop().unwrap();
        let mark = async |claim: MailClaim, outcome: MailOutcome| {
            store.mark_mails(&sender, &[(claim, outcome)], now()).await.unwrap();
        };
        let first = claim().await;
        assert!(!first.is_unanswered);
        mark(first.claim, MailOutcome::Unanswered { due_at: now(), answer: "nothing was said".into() }).await;
        let second = claim().await;
        assert!(second.is_unanswered);
        mark(second.claim, MailOutcome::Later { due_at: now(), answer: "451 not now".into() }).await;
        let third = claim().await;
        assert!(third.is_unanswered, "a refusal for now changes nothing about it");
        mark(third.claim, failed()).await;
        assert!(!store.mail(first.id).await.unwrap().unwrap().is_unanswered);
    }

    async fn what_a_sent_mail_no_longer_tells_of_is_listed_beside_it(fixture: Fixture) {
        let store = store_with_tokens(&fixture).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        let days = NotificationDays::default();
        let tokens = [1, 2, 3].map(|id| (GrantId::from_i64(id), days)).to_vec();
        let mail = PlannedMail { owner: UserId::from_i64(1), tokens };
        let mut planning = change.plan_reminders(run_id(1));
        planning.write(&Plan { mails: vec![mail], skipped: vec![] }, || MailId::from_i64(1)).await.unwrap();
        planning.commit(None).await.unwrap();
        change.commit().await.unwrap();
        let sender = store.sender().await.unwrap().unwrap();
        let claimed = store.claim_mails(&sender, now(), 10).await.unwrap();
        let planned: Vec<_> = [1, 2, 3].map(|id| (GrantId::from_i64(id), 7)).to_vec();
        assert_eq!(claimed[0].planned, planned);
        let untold = |id: i64, reason| Untold { id: MailId::from_i64(id * 10), grant: GrantId::from_i64(id), reason };
        let outcome = MailOutcome::Sent {
            address: "ann@example.org".into(),
            answer: "250 taken".into(),
            untold: vec![untold(3, SkipReason::Deleted), untold(1, SkipReason::Expired)],
        };
        // A second mark of the same mail finds it sent, and lists nothing.
        for _ in 0..2 {
            store.mark_mails(&sender, &[(claimed[0].claim, outcome.clone())], now()).await.unwrap();
        }
        let listed = store.mails(&MailFilter { run: Some(run_id(1)), state: None }, &Seek::Start, 10).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|mail| (mail.id.as_i64(), mail.state, mail.tokens.clone())).collect();
        let token = |id: i64, days: u32| vec![(GrantId::from_i64(id), days)];
        assert_eq!(
            listed,
            [
                (1, MailState::Sent, token(2, 7)),
                (10, MailState::Skipped(SkipReason::Expired), token(1, 0)),
                (30, MailState::Skipped(SkipReason::Deleted), token(3, 0)),
            ]
        );
    }
}
