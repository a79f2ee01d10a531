//! What the last runs did, for the page and the API.

use std::collections::HashMap;

use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::reminder::without_addresses;
use patgate_store::{MailCounts, MailFilter, ReminderRun, Seek, StoreError, StoredMail, TimeCursor};

use super::SEES;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

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
    /// Some of its tokens, as many as were asked for.
    pub tokens: Vec<MailedName>,
}

/// A token that a mail is about, deleted or not.
#[derive(Clone, Debug)]
pub struct MailedName {
    /// Which.
    pub id: GrantId,
    /// The threshold in days that it had reached; 0 in a notice.
    pub days: u32,
    /// Its name.
    pub name: String,
}

/// At most `limit` runs, the newest first, from a place of the list on.
///
/// # Errors
/// 403 without one of the permissions that see settings; so with all below.
pub async fn runs(
    state: &AppState,
    caller: &Caller,
    seek: &Seek<TimeCursor>,
    limit: u64,
) -> Result<Vec<ListedRun>, Problem> {
    may_see(state, caller)?;
    with_mails(state, state.store.reminder_runs(seek, limit).await?).await
}

/// One run.
///
/// # Errors
/// 404 when there is none of this identifier.
pub async fn run(state: &AppState, caller: &Caller, id: RunId) -> Result<ListedRun, Problem> {
    may_see(state, caller)?;
    let found = state.store.reminder_run(id).await?.into_iter().collect();
    with_mails(state, found).await?.pop().ok_or_else(|| Problem::not_found("run"))
}

/// The last run; `None` before the first.
///
/// # Errors
/// As above.
pub async fn last_run(state: &AppState, caller: &Caller) -> Result<Option<ListedRun>, Problem> {
    Ok(runs(state, caller, &Seek::Start, 1).await?.pop())
}

/// At most `limit` mails, by identifier, from a place of the list on, with the names of at most `named` tokens of each.
///
/// # Errors
/// As above, and 403 without `token#view_all`: a mail names somebody's tokens and address.
pub async fn mails(
    state: &AppState,
    caller: &Caller,
    filter: &MailFilter,
    seek: &Seek<MailId>,
    limit: u64,
    named: usize,
) -> Result<Vec<ListedMail>, Problem> {
    may_see_mails(state, caller)?;
    let mails = state.store.mails(filter, seek, limit).await?;
    let first = |mail: &StoredMail| mail.tokens[..named.min(mail.tokens.len())].to_vec();
    let grants: Vec<_> = mails.iter().flat_map(first).map(|(grant, _)| grant).collect();
    let names = TokenNames::of(state, &grants).await?;
    let listed = mails.into_iter().map(|mail| {
        let tokens = names.named(first(&mail));
        ListedMail { owner: owner_name(state, mail.owner), mail, tokens }
    });
    Ok(listed.collect())
}

/// One mail, with at most `limit` of its tokens, from a place in their list on. A token that is not among them is its beginning.
///
/// # Errors
/// 403 as for all mails; 404 when there is none of this identifier.
pub async fn mail(
    state: &AppState,
    caller: &Caller,
    id: MailId,
    seek: &Seek<GrantId>,
    limit: usize,
) -> Result<ListedMail, Problem> {
    may_see_mails(state, caller)?;
    let mail = state.store.mail(id).await?.ok_or_else(|| Problem::not_found("mail"))?;
    let place = seek.cursor().and_then(|place| mail.tokens.iter().position(|(grant, _)| grant == place));
    let part = match (seek, place) {
        (Seek::After(_), Some(at)) => &mail.tokens[at + 1..],
        (Seek::Before(_), Some(at)) => &mail.tokens[at.saturating_sub(limit)..at],
        (Seek::Start, _) | (_, None) => mail.tokens.as_slice(),
    };
    let tokens = part[..limit.min(part.len())].to_vec();
    let grants: Vec<_> = tokens.iter().map(|(grant, _)| *grant).collect();
    let tokens = TokenNames::of(state, &grants).await?.named(tokens);
    Ok(ListedMail { owner: owner_name(state, mail.owner), mail, tokens })
}

/// The names of some tokens, also of deleted ones.
pub(super) struct TokenNames(HashMap<GrantId, String>);

impl TokenNames {
    /// Those of these tokens, in one question for up to 500 of them.
    pub(super) async fn of(state: &AppState, grants: &[GrantId]) -> Result<Self, StoreError> {
        let found = state.store.grants_with_history(grants).await?;
        Ok(Self(found.into_iter().map(|grant| (grant.id, grant.name.as_str().to_owned())).collect()))
    }

    /// What a token is called; one that was never there, by its identifier.
    pub(super) fn name(&self, grant: GrantId) -> String {
        self.0.get(&grant).cloned().unwrap_or_else(|| grant.to_string())
    }

    fn named(&self, tokens: Vec<(GrantId, u32)>) -> Vec<MailedName> {
        tokens.into_iter().map(|(id, days)| MailedName { id, days, name: self.name(id) }).collect()
    }
}

/// What an owner is called; one who is not there any more, by the identifier.
pub(super) fn owner_name(state: &AppState, owner: UserId) -> String {
    state.username(owner).unwrap_or_else(|| owner.to_string())
}

/// What became of the mails of these runs, in one question; what they wait for is asked for each run that waits.
async fn with_mails(state: &AppState, runs: Vec<ReminderRun>) -> Result<Vec<ListedRun>, Problem> {
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    let counts = state.store.mail_counts(&ids).await?;
    let mut listed = Vec::new();
    for run in runs {
        let counts = counts.get(&run.id).copied().unwrap_or_default();
        let obstacle = match counts.waiting {
            0 => None,
            _ => state.store.mail_obstacle(run.id).await?,
        };
        listed.push(ListedRun { run, counts, obstacle: obstacle.map(|words| without_addresses(&words)) });
    }
    Ok(listed)
}

fn may_see_mails(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    may_see(state, caller)?;
    caller.require(state, TOKEN_VIEW_ALL)
}

fn may_see(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    caller.require_any(state, &SEES)
}
