//! Confirmations: what follows from what providers say, when they are asked again about the owners of tokens.
//!
//! Good news and bad are changes, in force on every node. No news is none: an owner stays as they were until their
//! freshness window ends, and it is the verdict that ends it.

mod ask;
mod lapse;
mod seen;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::identifier::UserId;
use patgate_core::policy::Days;
use patgate_core::user::{Origin, User};
use patgate_store::{Actor, Change, NextLook, StoreError};

pub use self::ask::{ask_directories, ask_providers};
pub use self::lapse::{note_lapses, suspended_by, warned_of};
pub use self::seen::{SeenConfirmation, seen};
use super::sign_in::{self, SignInRefused, take_over};
use crate::problem::Problem;
use crate::provider::{Answer, Person};
use crate::state::AppState;

/// A word that only repeats the last is written down when that one is as old as this: an outage that begins just before then
/// ends a window so much too early.
const OLDEST: SignedDuration = SignedDuration::from_hours(1);
/// And when it is older than this part of the window.
const PARTS: i32 = 30;
/// Where no window is set, when it is as old as this.
const WITHOUT_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// The longest time after which somebody is asked about again, however often in vain.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// What a provider that vouches for nobody is recorded with.
const NO_WORD: &str = "the provider does not confirm them now; a sign-in would";

/// When users about whom there was news just now are asked about again: after the interval, each up to a tenth sooner.
pub(super) fn next_look(state: &AppState) -> NextLook {
    look_after(state.recheck.interval, state.clock.now())
}

/// Puts in force what a provider said about users, as last known, when it was asked at that time: all of it or nothing. A word
/// that only repeats the last is no change. That they are there confirms them where it `confirms`; else it brings news of them
/// alone.
///
/// # Errors
/// When the database does not answer.
pub async fn apply(
    state: &AppState,
    answers: &[(User, Answer)],
    asked: Timestamp,
    confirms: bool,
) -> Result<(), Problem> {
    let now = state.clock.now();
    let due_at = next_look(state);
    let freshness = state.node.settings().freshness;
    let by_scim: Vec<_> = answers
        .iter()
        .filter(|(user, _)| state.scim.speak_for(&user.provider))
        .map(|(user, _)| user.id)
        .collect();
    let kept = state.store.scim_memberships(&by_scim).await?;
    let is_news = |user: &User, person: &Person| {
        let kept = kept.iter().filter(|it| it.user == user.id).map(|it| it.group_name.as_str());
        sign_in::is_news(user, person, kept)
    };
    let (mut news, mut repeats) = (Vec::new(), Vec::new());
    for (user, answer) in answers {
        match answer {
            Answer::Present(person) if is_news(user, person) => news.push((user, answer)),
            Answer::Present(_) if confirms && is_due(user.confirmation, freshness.of(user.origin), now) => {
                repeats.push(user);
            }
            Answer::Disabled if !is_withdrawn(user, Withdrawal::Disabled) => news.push((user, answer)),
            Answer::Gone if !is_withdrawn(user, Withdrawal::Gone) => news.push((user, answer)),
            Answer::Present(_) | Answer::Disabled | Answer::Gone | Answer::Unknown => {}
        }
    }
    let mut refused = Vec::new();
    if !news.is_empty() || !repeats.is_empty() {
        let mut change = state.change(&actor()).await?;
        let ids: Vec<_> =
            repeats.iter().copied().chain(news.iter().map(|(user, _)| *user)).map(|user| user.id).collect();
        let there = change.users_by_ids(&ids).await?;
        let there: HashMap<_, _> = there.into_iter().map(|user| (user.id, user.confirmation)).collect();
        let at = change.now();
        let is_old = |now: Confirmation| sign_in::is_overtaken(now, asked, at);
        // Who was deleted meanwhile is none of them.
        let counts =
            |user: &User| there.get(&user.id).is_some_and(|now| !stays_out(*now, user) && !is_old(*now));
        let mut confirmed: Vec<_> =
            repeats.into_iter().filter(|user| counts(user)).map(|user| user.id).collect();
        for (user, answer) in news {
            match answer {
                Answer::Present(_) if !counts(user) => {}
                Answer::Present(person) => {
                    match take_over_all_but_a_bad_name(&mut change, user, person).await {
                        Ok(()) if confirms => confirmed.push(user.id),
                        Ok(()) => {}
                        Err(reason) => {
                            tracing::warn!(user = %user.username, %reason, "what a provider says of a user is not taken over");
                            refused.push(user.id);
                        }
                    }
                }
                Answer::Disabled => withdraw(&mut change, user.id, Withdrawal::Disabled).await?,
                Answer::Gone => withdraw(&mut change, user.id, Withdrawal::Gone).await?,
                Answer::Unknown => {}
            }
        }
        change.confirm_users_as_of(&confirmed, asked, due_at).await?;
        state.commit(change).await?;
    }
    let is_unknown = |answer: &Answer| *answer == Answer::Unknown;
    let settled: Vec<_> =
        answers.iter().filter(|(_, answer)| !is_unknown(answer)).map(|(user, _)| user.id).collect();
    refused.extend(answers.iter().filter(|(_, answer)| is_unknown(answer)).map(|(user, _)| user.id));
    state.store.settle_confirmations(&settled, due_at).await?;
    postpone(state, &refused, NO_WORD).await
}

/// Notes that a provider gave no answer about these users: they are asked about again after a pause, which grows.
///
/// # Errors
/// When the database does not answer.
pub async fn postpone(state: &AppState, users: &[UserId], fault: &str) -> Result<(), Problem> {
    if users.is_empty() {
        return Ok(());
    }
    let interval = state.recheck.interval;
    Ok(state.store.postpone_confirmations(users, state.clock.now(), interval, LONGEST_PAUSE, fault).await?)
}

fn look_after(interval: SignedDuration, now: Timestamp) -> NextLook {
    let latest = now.saturating_add(interval).unwrap_or(Timestamp::MAX);
    NextLook { latest, spread: interval / 10 }
}

/// Notes that a provider could not be asked about these users, which is nothing about them: they are asked about again
/// after the interval, however long it lasts.
async fn wait(state: &AppState, users: &[UserId], fault: &str) -> Result<(), Problem> {
    let interval = state.recheck.interval;
    Ok(state.store.postpone_confirmations(users, state.clock.now(), interval, interval, fault).await?)
}

/// In whose name this is done.
pub(crate) fn actor() -> Actor {
    Actor::system("confirmation")
}

/// A name that cannot be theirs keeps nothing else from counting, groups that they lost above all.
async fn take_over_all_but_a_bad_name(
    change: &mut Change,
    user: &User,
    person: &Person,
) -> Result<(), SignInRefused> {
    match take_over(change, user, person).await {
        Err(
            reason @ (SignInRefused::Name { .. }
            | SignInRefused::NameTaken(_)
            | SignInRefused::NameDoubled { .. }
            | SignInRefused::NameHeld(_)),
        ) => {
            tracing::warn!(user = %user.username, %reason, "a user keeps the name they had");
            let person = Person { username: user.username.to_string(), ..person.clone() };
            take_over(change, user, &person).await
        }
        done => done,
    }
}

/// Whether a user is withdrawn `now`, and that their provider knows them lifts nothing. Only SCIM withdraws a user of single
/// sign-on, and some providers confirm whom they have disabled there. A directory has said so after it was asked about them as
/// they were `asked`: it refused their sign-in meanwhile.
fn stays_out(now: Confirmation, asked: &User) -> bool {
    let is_withdrawn = matches!(now, Confirmation::Withdrawn { .. });
    is_withdrawn && (asked.origin == Origin::Sso || now != asked.confirmation)
}

async fn withdraw(change: &mut Change, user: UserId, reason: Withdrawal) -> Result<(), Problem> {
    match change.withdraw_user(user, reason).await {
        Ok(()) | Err(StoreError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_withdrawn(user: &User, reason: Withdrawal) -> bool {
    matches!(user.confirmation, Confirmation::Withdrawn { reason: known, .. } if known == reason)
}

/// Whether a word that only repeats the last is written down.
fn is_due(last: Confirmation, window: Option<Days>, now: Timestamp) -> bool {
    let Confirmation::At(at) = last else { return true };
    let part = window.map_or(WITHOUT_WINDOW, |days| (days.length() / PARTS).min(OLDEST));
    now.duration_since(at) >= part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a provider says when, the last word written down lags behind its last by less than an hour, and less than
        /// a thirtieth of the window; and no two are written in a shorter time.
        #[test]
        fn a_word_is_written_down_while_it_is_young(
            days in 1_u32..=3_650, pauses in prop::collection::vec(1_i64..7_200, 1..100),
        ) {
            let window = Days::try_from(days).ok();
            let most = SignedDuration::from_mins(if days == 1 { 48 } else { 60 });
            let (mut written, mut heard) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
            for seconds in pauses {
                heard += SignedDuration::from_secs(seconds);
                let before = written;
                if is_due(Confirmation::At(written), window, heard) {
                    written = heard;
                }
                prop_assert!(heard.duration_since(written) < most);
                prop_assert!(written == before || written.duration_since(before) >= most);
            }
        }

        #[test]
        fn users_are_asked_about_again_within_the_last_tenth_of_the_interval(
            minutes in 1_i64..=1_440, now in 0_i64..4_000_000_000_000, user in 0..i64::MAX,
        ) {
            let (interval, now) = (SignedDuration::from_mins(minutes), Timestamp::from_millisecond(now).unwrap());
            let pause = look_after(interval, now).at(UserId::from_i64(user)).duration_since(now);
            prop_assert!(pause <= interval && pause > interval - interval / 10, "{pause}");
        }

        /// A whole company signed in on Monday morning: no tenth of the span has more than a quarter of it.
        #[test]
        fn many_users_are_asked_about_all_over_that_tenth(
            minutes in 1_i64..=1_440, users in prop::collection::vec(0..i64::MAX, 400),
        ) {
            let look = look_after(SignedDuration::from_mins(minutes), Timestamp::UNIX_EPOCH);
            let mut tenths = [0_u32; 10];
            for user in users {
                let sooner = look.latest.duration_since(look.at(UserId::from_i64(user)));
                let tenth = usize::try_from(sooner.as_millis() * 10 / look.spread.as_millis()).unwrap();
                tenths[tenth] += 1;
            }
            prop_assert!(tenths.iter().all(|count| (1..=100).contains(count)), "{tenths:?}");
        }
    }
}
