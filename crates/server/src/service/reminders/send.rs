//! Sending what is due: claimed, handed to the mail server, marked with its answer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use patgate_core::policy::EmailNotifications;
use patgate_core::reminder::SkipReason;
use patgate_store::{ClaimedMail, MailKind, MailOutcome, Sender, StoreError};
use tokio_util::sync::CancellationToken;

use super::text::Templates;
use super::work::Work;
use crate::mail::SmtpServer;
use crate::service::items;
use crate::state::AppState;

/// How many mails one connection claims at a time: what a crash leaves half way is looked at again at once.
pub(super) const CLAIM: u64 = 25;
/// How many connections are open to the mail server at once.
const CONNECTIONS: usize = 4;
/// For how long a notice waits for a mail server: what it tells of has happened.
const NOTICE_WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// When something that concerns all mails is in the way, they wait for this long.
const WAIT: SignedDuration = SignedDuration::from_mins(15);
/// How often one asks for the right to send while mails are under way: PostgreSQL ends a session that is silent for a
/// minute, and with it the right, and a mail may wait for its answer for longer.
const ASK: Duration = Duration::from_secs(15);

/// What became of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Everything that was due is done.
    Done,
    /// The mail server does not take mails now: there is no use in going on at once.
    ServerFails,
}

/// Sends what is due, unless another node is about it. Ends early, between two mails, when it is told to stop.
///
/// # Errors
/// When the database fails. A mail that was taken by then may be sent again, under the same `Message-ID`.
pub async fn send_due(state: &AppState, stop: &CancellationToken) -> Result<Round, StoreError> {
    if !state.store.mails_wait(state.clock.now()).await? {
        return Ok(Round::Done);
    }
    let Some(sender) = state.store.sender().await? else { return Ok(Round::Done) };
    let settings = state.store.token_settings().await?.email_notifications;
    let version = server_version(state, &settings).await?;
    let (server, templates) = match prepared(state, &settings).await {
        Ok(prepared) => prepared,
        Err(why) => {
            put_off(state, &sender, &settings, &why).await?;
            return Ok(Round::Done);
        }
    };
    let work = Work::new(state, &sender, (&server, &templates), (&settings, version), stop);
    holding(&sender, round(work)).await
}

/// All that is due, over several connections.
async fn round(work: Work<'_>) -> Result<Round, StoreError> {
    let rounds = futures_util::future::join_all((0..CONNECTIONS).map(|_| work.through())).await;
    let mut all = Round::Done;
    for round in rounds {
        if round? == Round::ServerFails {
            all = Round::ServerFails;
        }
    }
    work.settle(all).await?;
    Ok(all)
}

/// Keeps the right to send meanwhile. A question under way is waited for, not dropped: it goes over the session itself.
async fn holding<T>(sender: &Sender, sending: impl Future<Output = T>) -> T {
    let done = CancellationToken::new();
    let sending = async {
        let outcome = sending.await;
        done.cancel();
        outcome
    };
    let asking = async {
        while done.run_until_cancelled(tokio::time::sleep(ASK)).await.is_some() {
            if !sender.is_held().await {
                tracing::warn!("another node may send mails now; this one stops after those under way");
                return;
            }
        }
    };
    tokio::join!(sending, asking).0
}

/// The mail server and the texts; why not, otherwise.
async fn prepared(
    state: &AppState,
    settings: &EmailNotifications,
) -> Result<(SmtpServer, Templates), String> {
    let Some(server) = &settings.server else { return Err("No mail server is chosen".to_owned()) };
    let server = items::mail_server(state, server).await.map_err(|problem| problem.sentence())?;
    let templates = Templates::of(settings).map_err(|fault| fault.to_string())?;
    Ok((server, templates))
}

/// The version of the mail server that these settings name; `None` when there is none.
pub(super) async fn server_version(
    state: &AppState,
    settings: &EmailNotifications,
) -> Result<Option<i64>, StoreError> {
    let Some(server) = &settings.server else { return Ok(None) };
    Ok(state.store.item(server).await?.map(|item| item.version))
}

/// What is due cannot be sent: reminders that were switched off are left out, and old notices; the rest waits.
async fn put_off(
    state: &AppState,
    sender: &Sender,
    settings: &EmailNotifications,
    why: &str,
) -> Result<(), StoreError> {
    loop {
        let now = state.clock.now();
        let mails = state.store.claim_mails(sender, now, CLAIM).await?;
        if mails.is_empty() {
            return Ok(());
        }
        tracing::warn!(why, mails = mails.len(), "mails cannot be sent, and wait");
        let outcome = |mail: &ClaimedMail| match mail.kind {
            MailKind::Reminder if !settings.enabled => MailOutcome::Skipped(SkipReason::SwitchedOff),
            MailKind::Shortened | MailKind::Unconfirmed
                if now.duration_since(mail.created_at) >= NOTICE_WAITS =>
            {
                MailOutcome::Skipped(SkipReason::NoServer)
            }
            _ => untried(now, WAIT, Some(why.to_owned())),
        };
        let outcomes: Vec<_> = mails.iter().map(|mail| (mail.claim, outcome(mail))).collect();
        state.store.mark_mails(sender, &outcomes, now).await?;
    }
}

/// Not tried after all.
pub(super) fn untried(now: Timestamp, wait: SignedDuration, answer: Option<String>) -> MailOutcome {
    MailOutcome::Untried { due_at: now.saturating_add(wait).unwrap_or(Timestamp::MAX), answer }
}
