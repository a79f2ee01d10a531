//! What the last runs did, for the page and the API.

use patgate_core::identifier::{MailId, RunId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::reminder::without_addresses;
use patgate_store::{MailCounts, MailFilter, ReminderRun, Seek, StoredMail};

use super::SEES;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// How many runs are listed: a quarter of a year of nights.
const LISTED: u64 = 100;

/// A run, with what became of its mails so far.
#[derive(Clone, Debug)]
pub struct ListedRun {
    /// The run.
    pub run: ReminderRun,
    /// Its mails.
    pub counts: MailCounts,
    /// What most of its mails wait for: what the mail server said, or why it cannot be used. No address is in it.
    pub obstacle: Option<String>,
}

/// A mail, with the names of what it is about.
#[derive(Clone, Debug)]
pub struct ListedMail {
    /// The mail.
    pub mail: StoredMail,
    /// The owner's log-in name.
    pub owner: String,
    /// The tokens' names, those of deleted ones too.
    pub tokens: Vec<String>,
}

/// The last 100 runs, newest first.
///
/// # Errors
/// 403 without one of the permissions that see settings; so with all below.
pub async fn runs(state: &AppState, caller: &Caller) -> Result<Vec<ListedRun>, Problem> {
    may_see(state, caller)?;
    let mut runs = Vec::new();
    for run in state.store.reminder_runs(LISTED).await? {
        runs.push(with_mails(state, run).await?);
    }
    Ok(runs)
}

/// One run.
///
/// # Errors
/// 404 when there is none of this identifier.
pub async fn run(state: &AppState, caller: &Caller, id: RunId) -> Result<ListedRun, Problem> {
    may_see(state, caller)?;
    let run = state.store.reminder_run(id).await?.ok_or_else(|| Problem::not_found("run"))?;
    with_mails(state, run).await
}

/// The last run; `None` before the first.
///
/// # Errors
/// As above.
pub async fn last_run(state: &AppState, caller: &Caller) -> Result<Option<ListedRun>, Problem> {
    may_see(state, caller)?;
    let Some(run) = state.store.reminder_runs(1).await?.pop() else { return Ok(None) };
    Ok(Some(with_mails(state, run).await?))
}

/// At most `limit` mails, by identifier, from a place of the list on.
///
/// # Errors
/// As above, and 403 without `token#view_all`: a mail names somebody's tokens and address.
pub async fn mails(
    state: &AppState,
    caller: &Caller,
    filter: &MailFilter,
    seek: &Seek<MailId>,
    limit: u64,
) -> Result<Vec<ListedMail>, Problem> {
    may_see_mails(state, caller)?;
    let mut listed = Vec::new();
    for mail in state.store.mails(filter, seek, limit).await? {
        listed.push(named(state, mail).await?);
    }
    Ok(listed)
}

/// One mail.
///
/// # Errors
/// 403 as for all mails; 404 when there is none of this identifier.
pub async fn mail(state: &AppState, caller: &Caller, id: MailId) -> Result<ListedMail, Problem> {
    may_see_mails(state, caller)?;
    let mail = state.store.mail(id).await?.ok_or_else(|| Problem::not_found("mail"))?;
    named(state, mail).await
}

async fn with_mails(state: &AppState, run: ReminderRun) -> Result<ListedRun, Problem> {
    let counts = state.store.mail_counts(run.id).await?;
    let obstacle = match counts.waiting {
        0 => None,
        _ => state.store.mail_obstacle(run.id).await?,
    };
    Ok(ListedRun { run, counts, obstacle: obstacle.map(|words| without_addresses(&words)) })
}

async fn named(state: &AppState, mail: StoredMail) -> Result<ListedMail, Problem> {
    let mut tokens = Vec::new();
    for (grant, _) in &mail.tokens {
        let found = state.store.grant_with_history(*grant).await?;
        tokens.push(found.map_or_else(|| grant.to_string(), |found| found.name.as_str().to_owned()));
    }
    let owner = state.username(mail.owner).unwrap_or_else(|| mail.owner.to_string());
    Ok(ListedMail { mail, owner, tokens })
}

fn may_see_mails(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    may_see(state, caller)?;
    caller.require(state, TOKEN_VIEW_ALL)
}

fn may_see(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    caller.require_any(state, &SEES)
}
