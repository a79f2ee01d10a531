//! Asking: which providers are asked about whom, how many at a time, and how fast.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::SignedDuration;
use patgate_store::DueConfirmation;
use tokio_util::sync::CancellationToken;

use super::{apply, postpone};
use crate::problem::Problem;
use crate::provider::ldap::Directory;
use crate::provider::{Answer, oidc};
use crate::sealing::Purpose;
use crate::state::AppState;

/// How long who was claimed is left to the one who asks: after a crash, others ask then.
const CLAIM: SignedDuration = SignedDuration::from_mins(5);
/// How many people a directory is asked about at once.
const AT_ONCE: u32 = 500;
/// How many people an identity provider is asked about at the same time: each costs it a request or two.
const AT_THE_SAME_TIME: usize = 8;
/// What is recorded of somebody about whom there is nothing to ask with.
const NOTHING_TO_ASK_WITH: &str = "the provider gave no refresh token; a sign-in confirms them";

/// Asks every provider about the owners who are due, and puts in force what they say. Ends early, between two batches,
/// when it is told to stop.
///
/// # Errors
/// When the database does not answer. A provider that does not is noted, and asked again later.
pub async fn ask_due(state: &AppState, stop: &CancellationToken) -> Result<(), Problem> {
    let directories = state.directories.iter().map(|directory| ask_directory(state, directory, stop));
    let providers = state.oidc.iter().map(|provider| ask_provider(state, provider, stop));
    let (directories, providers) =
        tokio::join!(futures_util::future::join_all(directories), futures_util::future::join_all(providers),);
    directories.into_iter().chain(providers).collect()
}

async fn ask_directory(
    state: &AppState,
    directory: &Directory,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let limit = state.recheck.people_per_second.min(AT_ONCE);
    loop {
        let (now, due) = claim(state, directory.name(), limit).await?;
        if due.is_empty() {
            return Ok(());
        }
        let subjects: Vec<_> = due.iter().map(|due| due.user.subject.as_str()).collect();
        match directory.look_up_many(&subjects, now).await {
            Ok(answers) => {
                let people = due.len();
                let answers: Vec<_> = due.into_iter().map(|due| due.user).zip(answers).collect();
                apply(state, &answers).await?;
                if rest(state, people, stop).await {
                    return Ok(());
                }
            }
            Err(fault) => {
                tracing::warn!(provider = %directory.name(), %fault, "a directory cannot be asked; nobody is suspended for it");
                let users: Vec<_> = due.iter().map(|due| due.user.id).collect();
                return postpone(state, &users, &fault.to_string()).await;
            }
        }
    }
}

async fn ask_provider(
    state: &AppState,
    provider: &oidc::Provider,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let limit = state.recheck.people_per_second.min(AT_THE_SAME_TIME as u32);
    loop {
        let (_, due) = claim(state, provider.name(), limit).await?;
        if due.is_empty() {
            return Ok(());
        }
        let people = due.len();
        let asked = stream::iter(due).map(|due| ask_about(state, provider, due));
        let asked: Vec<_> = asked.buffer_unordered(AT_THE_SAME_TIME).collect().await;
        let answers: Vec<_> =
            asked.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let is_silent = answers.is_empty();
        apply(state, &answers).await?;
        if is_silent || rest(state, people, stop).await {
            return Ok(());
        }
    }
}

/// What an identity provider says about one owner; nothing when it said nothing, which is noted then.
async fn ask_about(
    state: &AppState,
    provider: &oidc::Provider,
    due: DueConfirmation,
) -> Result<Option<(patgate_core::user::User, Answer)>, Problem> {
    let user = due.user;
    let purpose = Purpose::RefreshToken(user.id);
    let token = due.refresh_token.and_then(|sealed| {
        let opened = state.sealer.open(purpose, &sealed);
        opened
            .inspect_err(|fault| tracing::warn!(user = %user.username, %fault, "a refresh token is lost"))
            .ok()
    });
    let Some(token) = token else {
        postpone(state, &[user.id], NOTHING_TO_ASK_WITH).await?;
        return Ok(None);
    };
    let mut random = state.random.draw();
    let confirmed = provider.confirm(&token, &user.subject, state.clock.now(), &mut random).await;
    // First of all, because the old one is used up.
    if let Some(next) = &confirmed.refresh_token {
        let sealed = state.sealer.seal(purpose, next, &mut random)?;
        state.store.replace_refresh_token(user.id, Some(&sealed)).await?;
    }
    match confirmed.answer {
        Ok(answer) => Ok(Some((user, answer))),
        Err(fault) => {
            tracing::warn!(provider = %provider.name(), user = %user.username, %fault, "an identity provider gave no answer that counts");
            postpone(state, &[user.id], &fault.to_string()).await?;
            Ok(None)
        }
    }
}

async fn claim(
    state: &AppState,
    provider: &patgate_core::provider::ProviderName,
    limit: u32,
) -> Result<(jiff::Timestamp, Vec<DueConfirmation>), Problem> {
    let now = state.clock.now();
    let until = now.saturating_add(CLAIM).unwrap_or(now);
    Ok((now, state.store.claim_confirmations(provider, now, until, limit.into()).await?))
}

/// Waits so long that no more people are asked about in a second than may be. Returns whether to stop.
async fn rest(state: &AppState, people: usize, stop: &CancellationToken) -> bool {
    let span = Duration::from_secs_f64(people as f64 / f64::from(state.recheck.people_per_second.max(1)));
    tokio::time::timeout(span, stop.cancelled()).await.is_ok()
}
