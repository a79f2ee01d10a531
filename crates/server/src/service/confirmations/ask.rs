//! Asking: which providers are asked about whom, how many at a time, and how fast.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::Confirmation;
use patgate_core::provider::ProviderName;
use patgate_core::user::User;
use patgate_store::DueConfirmation;
use tokio_util::sync::CancellationToken;

use super::{apply, postpone, wait};
use crate::problem::Problem;
use crate::provider::Answer;
use crate::provider::ldap::{Directory, FaultOf, LdapFault, Step};
use crate::provider::oidc::{self, OidcFault};
use crate::sealing::Purpose;
use crate::state::AppState;

/// How long who was claimed is left to the one who asks: after a crash, others ask then.
const CLAIM: SignedDuration = SignedDuration::from_mins(5);
/// How many people a directory is asked about at once.
const AT_ONCE: u32 = 500;
/// How many people are looked for to see whether a directory knows anybody at all.
const SAMPLE: u64 = 50;
/// Of fewer, all may well have left.
const FEW: usize = 3;
/// When so many cannot be read, one after the other, and nobody can, it is the directory that is at fault.
const UNREADABLE: usize = 10;
/// How many people an identity provider is asked about at the same time: each costs it a request or two.
const AT_THE_SAME_TIME: usize = 8;
/// What is recorded of somebody whose refresh token no key here opens.
const NOTHING_TO_ASK_WITH: &str = "the refresh token is lost; a sign-in confirms them";

/// Asks every directory about those who are due, and puts in force what they say. Ends early, between two batches, when it
/// is told to stop.
///
/// # Errors
/// When the database does not answer. A directory that does not is noted, and asked again soon.
pub async fn ask_directories(state: &AppState, stop: &CancellationToken) -> Result<(), Problem> {
    let asked = state.directories.iter().map(|directory| ask_directory(state, directory, stop));
    futures_util::future::join_all(asked).await.into_iter().collect()
}

/// The same of every identity provider.
///
/// # Errors
/// As [`ask_directories`].
pub async fn ask_providers(state: &AppState, stop: &CancellationToken) -> Result<(), Problem> {
    let asked = state.oidc.iter().map(|provider| ask_provider(state, provider, stop));
    futures_util::future::join_all(asked).await.into_iter().collect()
}

async fn ask_directory(
    state: &AppState,
    directory: &Directory,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let limit = state.recheck.people_per_second.min(AT_ONCE);
    loop {
        let due = claim(state, directory.name(), limit).await?;
        if due.is_empty() {
            return Ok(());
        }
        let people = due.len();
        let is_answering = ask_about_all(state, directory, due).await?;
        if !is_answering || rest(people, state.recheck.people_per_second, stop).await {
            return Ok(());
        }
    }
}

/// Asks a directory about these people. Returns whether it answers at all; when it does not, they are left alone for a while.
async fn ask_about_all(
    state: &AppState,
    directory: &Directory,
    due: Vec<DueConfirmation>,
) -> Result<bool, Problem> {
    let ids = |users: &[User]| users.iter().map(|user| user.id).collect::<Vec<_>>();
    let mut batches = vec![due.into_iter().map(|due| due.user).collect::<Vec<_>>()];
    let (mut is_understood, mut unreadable) = (false, Vec::new());
    while let Some(mut users) = batches.pop() {
        let asked = state.clock.now();
        let fault = match answers(state, directory, &users).await? {
            Ok(answers) => {
                is_understood = true;
                let answers: Vec<_> = users.into_iter().zip(answers).collect();
                apply(state, &answers, asked, directory.recheck_confirms()).await?;
                continue;
            }
            Err(fault) => fault,
        };
        let is_of_content = fault.of == FaultOf::Content;
        if is_of_content && users.len() > 1 {
            // What one of them has that cannot be read is nothing to the others.
            batches.push(users.split_off(users.len() / 2));
            batches.push(users);
            continue;
        }
        tracing::warn!(provider = %directory.name(), %fault, "a directory gave no answer that counts; nobody is suspended for it");
        unreadable.extend(users.into_iter().map(|user| (user, fault.to_string())));
        // So many one by one: what they have in common is the directory.
        let is_nobody_readable = !is_understood && unreadable.len() >= UNREADABLE;
        if !is_of_content || is_nobody_readable {
            let unreadable = unreadable.into_iter().map(|(user, _)| user);
            let waiting: Vec<_> = unreadable.chain(batches.concat()).collect();
            wait(state, &ids(&waiting), &fault.to_string()).await?;
            return Ok(false);
        }
    }
    for (user, fault) in unreadable {
        postpone(state, &[user.id], &fault).await?;
    }
    Ok(true)
}

/// What a directory says about users. That somebody is gone is believed when others of its people are there: a base, a filter
/// or an attribute that somebody changed must not look as if all had left.
async fn answers(
    state: &AppState,
    directory: &Directory,
    users: &[User],
) -> Result<Result<Vec<Answer>, LdapFault>, Problem> {
    let now = state.clock.now();
    let subjects = |users: &[User]| users.iter().map(|user| user.subject.clone()).collect::<Vec<_>>();
    let answers = match directory.look_up(&subjects(users), now).await {
        Ok(answers) => answers,
        Err(fault) => return Ok(Err(fault)),
    };
    let is_news = |(user, answer): (&User, &Answer)| {
        *answer == Answer::Gone && !matches!(user.confirmation, Confirmation::Withdrawn { .. })
    };
    if !users.iter().zip(&answers).any(is_news) {
        return Ok(Ok(answers));
    }
    let known = state.store.lately_confirmed(directory.name(), SAMPLE).await?;
    let sample = subjects(&known);
    let knows_somebody = match knows_one(directory, &sample, now).await {
        Ok(knows_somebody) => knows_somebody,
        Err(fault) => return Ok(Err(fault)),
    };
    if sample.len() >= FEW && !knows_somebody {
        let detail = format!(
            "none of the {} people whom the directory knew lately is there; was `external_id_attribute`, \
             `user_search_base` or `user_search_filter` another one before?",
            sample.len()
        );
        return Ok(Err(LdapFault::new(Step::Known, detail)));
    }
    Ok(Ok(answers))
}

/// Whether a directory has one of these. One that cannot be read keeps none of the others from being found.
async fn knows_one(directory: &Directory, subjects: &[String], now: Timestamp) -> Result<bool, LdapFault> {
    match directory.look_up(subjects, now).await {
        Ok(answers) => return Ok(answers.iter().any(|answer| *answer != Answer::Gone)),
        Err(fault) if fault.of == FaultOf::Content => {}
        Err(fault) => return Err(fault),
    }
    for subject in subjects {
        match directory.look_up(&[subject], now).await {
            Ok(answers) if answers.contains(&Answer::Gone) => {}
            Ok(_) => return Ok(true),
            Err(fault) if fault.of == FaultOf::Content => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(false)
}

async fn ask_provider(
    state: &AppState,
    provider: &oidc::Provider,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let limit = state.recheck.people_per_second.min(AT_THE_SAME_TIME as u32);
    loop {
        let due = claim(state, provider.name(), limit).await?;
        if due.is_empty() {
            return Ok(());
        }
        let (people, asked) = (due.len(), state.clock.now());
        let told = stream::iter(due).map(|due| ask_about(state, provider, due));
        let told: Vec<_> = told.buffer_unordered(AT_THE_SAME_TIME).collect().await;
        let answers: Vec<_> =
            told.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let is_silent = answers.is_empty();
        apply(state, &answers, asked, provider.recheck_confirms()).await?;
        if is_silent || rest(people, state.recheck.people_per_second, stop).await {
            return Ok(());
        }
    }
}

/// What an identity provider says about one owner; nothing when it said nothing, which is noted then.
async fn ask_about(
    state: &AppState,
    provider: &oidc::Provider,
    due: DueConfirmation,
) -> Result<Option<(User, Answer)>, Problem> {
    let user = due.user;
    let purpose = Purpose::RefreshToken(user.id);
    let opened = due.refresh_token.and_then(|sealed| {
        let opened = state.sealer.open(purpose, &sealed);
        opened
            .inspect_err(|fault| tracing::warn!(user = %user.username, %fault, "a refresh token is lost"))
            .ok()
            .map(|token| (sealed, token))
    });
    let Some((used, token)) = opened else {
        postpone(state, &[user.id], NOTHING_TO_ASK_WITH).await?;
        return Ok(None);
    };
    let mut random = state.random.draw();
    let confirmed = provider.confirm(&token, &user.subject, state.clock.now(), &mut random).await;
    // First of all, because the old one is used up.
    if let Some(next) = &confirmed.refresh_token {
        let next = state.sealer.seal(purpose, next, &mut random)?;
        state.store.replace_refresh_token(user.id, &used, &next).await?;
    }
    match confirmed.answer {
        Ok(answer) => Ok(Some((user, answer))),
        Err(fault) => {
            tracing::warn!(provider = %provider.name(), user = %user.username, %fault, "an identity provider gave no answer that counts");
            match fault {
                // What it says of this one person will hardly be better in a while.
                OidcFault::SomebodyElse | OidcFault::Claim(_) => {
                    postpone(state, &[user.id], &fault.to_string()).await?;
                }
                _ => wait(state, &[user.id], &fault.to_string()).await?,
            }
            Ok(None)
        }
    }
}

async fn claim(
    state: &AppState,
    provider: &ProviderName,
    limit: u32,
) -> Result<Vec<DueConfirmation>, Problem> {
    let now = state.clock.now();
    let until = now.saturating_add(CLAIM).unwrap_or(now);
    Ok(state.store.claim_confirmations(provider, now, until, limit.into()).await?)
}

/// Waits so long that no more people are asked about in a second than may be. Returns whether to stop.
async fn rest(people: usize, people_per_second: u32, stop: &CancellationToken) -> bool {
    tokio::time::timeout(pause(people, people_per_second), stop.cancelled()).await.is_ok()
}

fn pause(people: usize, people_per_second: u32) -> Duration {
    Duration::from_secs_f64(people as f64 / f64::from(people_per_second.max(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_more_people_are_asked_about_in_a_second_than_may_be() {
        for (people, people_per_second, milliseconds) in
            [(500, 500, 1_000), (8, 500, 16), (3, 1, 3_000), (0, 1, 0), (1, 0, 1_000)]
        {
            assert_eq!(pause(people, people_per_second), Duration::from_millis(milliseconds));
        }
    }

    proptest! {
        /// However many are due and however long an answer takes: whoever asks about the next has rested for all before.
        #[test]
        fn the_rate_holds_over_many_batches(
            people_per_second in 1_u32..=10_000,
            batches in prop::collection::vec((0_u32..=AT_ONCE, 0_u64..5_000), 1..40),
        ) {
            let (mut now, mut asked) = (Duration::ZERO, 0_u64);
            for (due, milliseconds) in batches {
                prop_assert!(asked as f64 <= f64::from(people_per_second) * now.as_secs_f64() + 1e-3);
                let people = due.min(people_per_second);
                asked += u64::from(people);
                now += Duration::from_millis(milliseconds) + pause(people as usize, people_per_second);
            }
        }
    }

    #[tokio::test]
    async fn who_is_told_to_stop_does_not_rest() {
        let stop = CancellationToken::new();
        assert!(!rest(0, 1, &stop).await);
        stop.cancel();
        assert!(rest(1_000_000, 1, &stop).await);
    }
}
