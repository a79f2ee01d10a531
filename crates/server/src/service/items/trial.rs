//! Trying an item out without doing what it is for.

use std::time::Duration;

use patgate_core::item::MAIL_SERVER;
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_store::MailTrial;

use super::mail::{note_trial, opened};
use super::{ItemRef, read};
use crate::caller::Caller;
use crate::mail::{Connection, Report};
use crate::problem::Problem;
use crate::service::trials;
use crate::state::AppState;

/// How long a trial may take: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a trial showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It works.
    Works,
    /// It does not, and why.
    Fails(String),
    /// Items of this type cannot be tried.
    Impossible,
}

/// Tries an item out: connects to a mail server and signs in there, and sends nothing.
///
/// # Errors
/// 403 without `config#edit`; 404; 429 when too many trials run.
pub async fn try_out(state: &AppState, caller: &Caller, which: &ItemRef) -> Result<Trial, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let item = read(state, caller, which).await?.item;
    if item.type_name != MAIL_SERVER.name {
        return Ok(Trial::Impossible);
    }
    let server = match opened(state, &item).await {
        Ok(server) => server,
        Err(problem) => return Ok(Trial::Fails(problem.to_string())),
    };
    let _running = trials::begin(state, caller.user)?;
    note_trial(state, caller, &item.id, MailTrial::SignIn, "").await?;
    let mut report = Report::default();
    Ok(match tokio::time::timeout(PATIENCE, Connection::open(&server, &mut report)).await {
        Ok(Ok(connection)) => {
            connection.close().await;
            Trial::Works
        }
        Ok(Err(_)) | Err(_) => {
            let step = report.failed();
            let why = step.map(|step| format!("{}: {}", step.name.label(), step.detail));
            Trial::Fails(why.unwrap_or_else(|| "The mail server does not answer".to_owned()))
        }
    })
}
