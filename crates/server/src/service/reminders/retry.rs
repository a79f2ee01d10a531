//! A mail that failed, tried again because somebody asks for it.

use patgate_core::identifier::MailId;
use patgate_store::StoreError;

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
