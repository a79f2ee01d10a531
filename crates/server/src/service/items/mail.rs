//! Mail servers among the items, for whoever sends mail.

use patgate_core::item::{ItemId, MAIL_SERVER};
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_store::{Item, MailTrial, StoredSecret};

use super::read::few;
use super::{ItemRef, kind, no_such_item};
use crate::caller::Caller;
use crate::configuration::Secret;
use crate::mail::{self, Mailbox, Report, SmtpServer};
use crate::problem::{Problem, with_causes};
use crate::sealing::{Purpose, SealFault};
use crate::service::mandate::require_present;
use crate::service::trials::{self, RunningTrial};
use crate::state::AppState;

/// How many mail servers one can choose from, and how many bytes of a page their paths take together: the longest mail stands on
/// the same one.
const FEW: (u64, usize) = (10, 400);
/// The property that holds the one secret.
const PASSWORD: &str = "password";

/// The places of all mail servers, in their order, when they are few and their paths short; `None`: they are too many for a
/// page.
///
/// # Errors
/// When the database does not answer.
pub async fn few_mail_servers(state: &AppState) -> Result<Option<Vec<ItemId>>, Problem> {
    few(state, &MAIL_SERVER, FEW).await
}

/// The mail server at this place, with its password opened: for sending alone.
///
/// # Errors
/// 404; 409 when it cannot be used: its values do not go together, or its password cannot be opened.
pub async fn mail_server(state: &AppState, id: &ItemId) -> Result<SmtpServer, Problem> {
    let item = state.store.item(id).await?;
    let item = item.filter(|item| item.type_name == MAIL_SERVER.name).ok_or_else(no_such_item)?;
    opened(state, &item).await
}

/// Sends a test mail, to the server's Test Address when nobody else is named, and tells each step. What the mail server
/// says is in the report; it is no refusal. Takes five minutes at most.
///
/// # Errors
/// 403 without `config#edit`; 404; 400 when nobody is named and there is no Test Address; 409 as [`mail_server`]; 429
/// when too many trials run.
pub async fn send_test_mail(
    state: &AppState,
    caller: &Caller,
    which: &ItemRef,
    to: Option<&str>,
) -> Result<Report, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let running = trials::begin(state, caller.user)?;
    run_test_mail(state, caller, which, to, running).await
}

/// As [`send_test_mail`], as a trial that counts already.
///
/// # Errors
/// As [`send_test_mail`], but for 429.
pub(in crate::service) async fn run_test_mail(
    state: &AppState,
    caller: &Caller,
    which: &ItemRef,
    to: Option<&str>,
    _running: RunningTrial,
) -> Result<Report, Problem> {
    caller.require(state, CONFIG_EDIT)?;
    let item = super::read(state, caller, which).await?.item;
    if item.type_name != MAIL_SERVER.name {
        return Err(no_such_item());
    }
    let to = match to.map(str::trim).filter(|to| !to.is_empty()) {
        Some(to) => Some(
            to.parse::<Mailbox>().map_err(|why| Problem::field("to", format!("The field `to`: {why}")))?,
        ),
        None => None,
    };
    let server = opened(state, &item).await?;
    let to = to.or_else(|| server.test_address().cloned());
    let to = to.ok_or_else(|| {
        Problem::field(
            "to",
            "The field `to`: the mail server has no Test Address; say who gets the test mail",
        )
    })?;
    note_trial(state, caller, &item.id, MailTrial::TestMail, to.address()).await?;
    Ok(mail::test(&server, &to, state.clock.now(), &mut state.random.draw()).await)
}

/// Writes into the audit log, before it is done, that the caller tries a mail server out.
///
/// # Errors
/// 403 for who was logged out since they began to ask; 404 when it is gone.
pub async fn note_trial(
    state: &AppState,
    caller: &Caller,
    server: &ItemId,
    trial: MailTrial,
    to: &str,
) -> Result<(), Problem> {
    let mut change = state.change(&caller.actor()).await?;
    require_present(state, &change, caller).await?;
    let server = change.item(server).await?.ok_or_else(no_such_item)?;
    change.note_trial(&server, trial, to);
    state.commit(change).await?;
    Ok(())
}

pub(super) async fn opened(state: &AppState, item: &Item) -> Result<SmtpServer, Problem> {
    let password = match item.secrets.get(PASSWORD).and_then(StoredSecret::sealed) {
        None => None,
        Some(sealed) => {
            let purpose = Purpose::Item { item: item.number, property: PASSWORD };
            let mut opened = state.sealer.open(purpose, sealed);
            if matches!(opened, Err(SealFault::NoKey(_))) {
                // A key that was added since this server started.
                state.sealer.refresh().await;
                opened = state.sealer.open(purpose, sealed);
            }
            let opened = opened.inspect_err(|fault| {
                tracing::error!(item = %item.id, fault = with_causes(fault), "the password of a mail server cannot be opened");
            });
            Some(Secret::new(opened?.reveal().to_owned()))
        }
    };
    kind::mail_server(&item.properties, password).map_err(|faults| {
        let said: Vec<_> = faults.into_iter().map(|fault| fault.message).collect();
        Problem::conflict(format!("The mail server `{}` cannot be used: {}", item.id, said.join("; ")))
    })
}
