//! What is due, over nights and addresses that change.

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn days(days: u32) -> NotificationDays {
    NotificationDays::try_from(days).unwrap()
}

fn schedule(first: u32, further: &[u32]) -> Schedule {
    Schedule { first: days(first), further: further.iter().copied().map(days).collect(), digest: false }
}

fn candidate(grant: i64, expires_in: i64) -> Candidate {
    Candidate {
        grant: GrantId::from_i64(grant),
        owner: UserId::from_i64(1),
        expires_at: Expiry::at(at(100 * DAY + expires_in)).unwrap(),
        owner_enabled: true,
        address: "ann@example.org".into(),
        marks: Vec::new(),
    }
}

/// What a run on day 100 does about one token.
fn of(schedule: &Schedule, candidate: &Candidate) -> Plan {
    plan(schedule, std::slice::from_ref(candidate), at(100 * DAY))
}

#[test]
fn a_token_is_due_from_its_threshold_on_to_the_second() {
    let week = schedule(7, &[]);
    assert_eq!(of(&week, &candidate(1, 7 * DAY)).mails.len(), 1);
    assert_eq!(of(&week, &candidate(1, 7 * DAY + 1)), Plan::default());
    assert_eq!(of(&week, &candidate(1, 1)).mails.len(), 1, "made with less than the days left");
}

#[test]
fn there_is_one_mail_ever_whatever_the_days_become() {
    let mut token = candidate(1, 3 * DAY);
    token.marks = vec![Mark { days: days(30), lost_to: None }];
    assert_eq!(of(&schedule(7, &[]), &token), Plan::default());
}

#[test]
fn each_further_threshold_has_its_mail_and_those_passed_at_once_have_one() {
    let schedule = schedule(7, &[60, 30, 1]);
    let mut token = candidate(1, 5 * DAY);
    assert_eq!(of(&schedule, &token).mails[0].tokens, [(token.grant, days(7))]);
    token.marks.push(Mark { days: days(7), lost_to: None });
    assert_eq!(of(&schedule, &token), Plan::default(), "30 and 60 have passed");
    token.expires_at = Expiry::at(at(101 * DAY)).unwrap();
    assert_eq!(of(&schedule, &token).mails[0].tokens, [(token.grant, days(1))]);
}

#[test]
fn who_cannot_be_written_to_is_skipped_with_the_reason_and_served_later() {
    let week = schedule(7, &[]);
    let reason = |token: &Candidate| of(&week, token).skipped.first().map(|(_, _, reason)| *reason);
    let mut token = candidate(1, DAY);
    token.address = String::new();
    assert_eq!(reason(&token), Some(SkipReason::NoAddress));
    token.owner_enabled = false;
    assert_eq!(reason(&token), Some(SkipReason::OwnerDisabled));
    assert_eq!(reason(&candidate(1, 0)), Some(SkipReason::Expired));
    assert_eq!(of(&week, &candidate(1, DAY)).mails.len(), 1);
}

#[test]
fn a_mail_that_an_address_refused_for_good_goes_to_the_next_address_alone() {
    let week = schedule(7, &[]);
    let mut token = candidate(1, DAY);
    token.marks = vec![Mark { days: days(7), lost_to: Some(token.address.clone()) }];
    assert_eq!(of(&week, &token), Plan::default());
    token.address = "ann@example.com".into();
    assert_eq!(of(&week, &token).mails.len(), 1);
}

#[test]
fn a_digest_has_all_of_an_owner_the_first_to_expire_first() {
    let mut digest = schedule(7, &[]);
    digest.digest = true;
    let mut other = candidate(3, DAY);
    other.owner = UserId::from_i64(2);
    let tokens = [candidate(1, 3 * DAY), candidate(2, DAY), other];
    let plan = plan(&digest, &tokens, at(100 * DAY));
    assert_eq!(plan.mails.len(), 2);
    assert_eq!(plan.mails[0].tokens, [(tokens[1].grant, days(7)), (tokens[0].grant, days(7))]);
}

#[test]
fn who_has_more_tokens_than_a_digest_holds_gets_another_one_and_no_token_is_left_out() {
    let mut digest = schedule(7, &[]);
    digest.digest = true;
    let tokens: Vec<_> = (0..=200).map(|grant| candidate(grant, DAY + grant)).collect();
    let plan = plan(&digest, &tokens, at(100 * DAY));
    assert_eq!(plan.mails.iter().map(|mail| mail.tokens.len()).collect::<Vec<_>>(), [MOST_IN_DIGEST, 1]);
    assert!(plan.mails.iter().all(|mail| mail.owner == tokens[0].owner));
    let told: Vec<_> = plan.mails.iter().flat_map(|mail| &mail.tokens).map(|(grant, _)| *grant).collect();
    assert_eq!(told, tokens.iter().map(|token| token.grant).collect::<Vec<_>>());
    assert!(plan.skipped.is_empty());
}

proptest! {
    /// Whatever the nights and thresholds: each threshold has one mail at most, and each token that lives through a
    /// night within the longest one has at least one.
    #[test]
    fn nobody_is_told_twice_of_a_threshold_and_nobody_is_missed(
        first in 1_u32..=60,
        further in prop::collection::vec(1_u32..=60, 0..4),
        made in 0_i64..90 * DAY,
        lives in 1_i64..70 * DAY,
        gap in 1_i64..5,
    ) {
        let schedule = schedule(first, &further);
        let expires_at = made + lives;
        let mut token = candidate(1, 0);
        token.expires_at = Expiry::at(at(expires_at)).unwrap();
        let (mut sent, mut seen_within) = (Vec::new(), false);
        for night in (0..200).step_by(usize::try_from(gap).unwrap()).map(|night| i64::from(night) * DAY) {
            if night < made || night >= expires_at {
                continue;
            }
            seen_within |= expires_at - night <= i64::from(u32::from(schedule.longest())) * DAY;
            for mail in plan(&schedule, std::slice::from_ref(&token), at(night)).mails {
                let (_, days) = mail.tokens[0];
                sent.push(days);
                token.marks.push(Mark { days, lost_to: None });
            }
        }
        let mut distinct = sent.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), sent.len());
        prop_assert_eq!(!sent.is_empty(), seen_within);
        prop_assert!(!further.is_empty() || sent.len() <= 1);
    }
}
