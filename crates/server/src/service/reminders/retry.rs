//! Mails that failed, tried again because somebody asks for it.

use patgate_core::identifier::{MailId, RunId};
use patgate_store::{RetriedMails, StoreError};

use super::RUNS;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::state::AppState;

/// Lets a mail that failed be tried again at once, unless the mail server is being left alone.
///
/// # Errors
/// 403 without `security#edit`; 404 when there is no such mail, or it has not failed; 409 when a newer one
/// took its place.
pub async fn retry(state: &AppState, caller: &Caller, mail: MailId) -> Result<(), Problem> {
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(RUNS)?;
    match change.retry_mail(mail).await {
        Err(StoreError::NotFound(_)) => return Err(Problem::not_found("failed mail")),
        Err(StoreError::AlreadyThere(_)) => {
            return Err(Problem::conflict("A newer mail tells of the same tokens: nobody is told twice"));
        }
        outcome => outcome?,
    }
    state.commit(change).await?;
    state.mail_is_due.notify_one();
    Ok(())
}

/// Lets all mails of a run that failed be tried again, but those whose tokens a newer one tells of.
///
/// # Errors
/// 403 without `security#edit`; 404 when there is no such run.
pub async fn retry_all(state: &AppState, caller: &Caller, run: RunId) -> Result<RetriedMails, Problem> {
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(RUNS)?;
    let mails = match change.retry_mails_of(run).await {
        Err(StoreError::NotFound(_)) => return Err(Problem::not_found("run")),
        outcome => outcome?,
    };
    if mails.retried > 0 {
        state.commit(change).await?;
        state.mail_is_due.notify_one();
    }
    Ok(mails)
}
