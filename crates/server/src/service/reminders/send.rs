//! Sending what is due: claimed, handed to the mail server, marked with its answer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use patgate_core::policy::EmailNotifications;
use patgate_core::reminder::{ATTEMPTS, SkipReason, pause_before};
use patgate_store::{ClaimedMail, MailKind, MailOutcome, MailedToken, Sender, StoreError};
use tokio_util::sync::CancellationToken;

use super::text::Templates;
use crate::mail::{Connection, FaultKind, Mail, MailFault, Mailbox, MessageId, Report, SmtpServer};
use crate::service::items;
use crate::state::AppState;

/// How many mails one connection claims at a time: what a crash leaves half way is looked at again at once.
const CLAIM: u64 = 25;
/// How many connections are open to the mail server at once.
const CONNECTIONS: usize = 4;
/// The longest one mail may take, whatever the server's own limits are.
const LONGEST: Duration = Duration::from_secs(300);
/// When something that concerns all mails is in the way, they wait for this long.
const WAIT: SignedDuration = SignedDuration::from_mins(15);

/// What became of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Everything that was due is done.
    Done,
    /// The mail server does not take mails now: there is no use in going on at once.
    ServerFails,
}

/// What a round works with.
struct Work<'w> {
    state: &'w AppState,
    sender: &'w Sender,
    server: &'w SmtpServer,
    templates: &'w Templates,
    /// The settings that the round began with, and the version of its mail server.
    settings: &'w EmailNotifications,
    version: Option<i64>,
    stop: &'w CancellationToken,
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
    let work = Work {
        state,
        sender: &sender,
        server: &server,
        templates: &templates,
        settings: &settings,
        version,
        stop,
    };
    let rounds = futures_util::future::join_all((0..CONNECTIONS).map(|_| work.through())).await;
    let mut all = Round::Done;
    for round in rounds {
        if round? == Round::ServerFails {
            all = Round::ServerFails;
        }
    }
    Ok(all)
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
async fn server_version(state: &AppState, settings: &EmailNotifications) -> Result<Option<i64>, StoreError> {
    let Some(server) = &settings.server else { return Ok(None) };
    Ok(state.store.item(server).await?.map(|item| item.version))
}

/// What is due cannot be sent: reminders that were switched off are left out, the rest waits.
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
            _ => untried(now, WAIT, Some(why.to_owned())),
        };
        let outcomes: Vec<_> = mails.iter().map(|mail| (mail.id, outcome(mail))).collect();
        state.store.mark_mails(sender, &outcomes, now).await?;
    }
}

impl Work<'_> {
    /// Claims and sends until nothing is due, over one connection as long as it holds.
    async fn through(&self) -> Result<Round, StoreError> {
        let mut connection = None;
        while self.is_current().await? {
            let mails = self.state.store.claim_mails(self.sender, self.now(), CLAIM).await?;
            if mails.is_empty() {
                break;
            }
            let mut mails = mails.into_iter();
            while let Some(mail) = mails.next() {
                // Whoever else sends now found these half way.
                if !self.sender.is_held().await {
                    return Ok(Round::ServerFails);
                }
                if self.stop.is_cancelled() {
                    self.give_back(std::iter::once(mail).chain(mails), None).await?;
                    return Ok(Round::Done);
                }
                match self.one(&mail, &mut connection).await {
                    Ok(outcome) => {
                        self.state.store.mark_mails(self.sender, &[(mail.id, outcome)], self.now()).await?;
                    }
                    Err(fault) => {
                        tracing::warn!(%fault, "the mail server cannot be used; mails wait");
                        let why = Some(fault.to_string());
                        self.give_back(std::iter::once(mail).chain(mails), why).await?;
                        return Ok(Round::ServerFails);
                    }
                }
            }
        }
        if let Some(connection) = connection {
            connection.close().await;
        }
        Ok(Round::Done)
    }

    /// Whether administrators want what they wanted when the round began; otherwise the next one does what they want now.
    async fn is_current(&self) -> Result<bool, StoreError> {
        let settings = self.state.store.token_settings().await?.email_notifications;
        Ok(settings == *self.settings && server_version(self.state, &settings).await? == self.version)
    }

    /// Sends one mail. The fault is one that would befall every mail.
    async fn one(
        &self,
        mail: &ClaimedMail,
        connection: &mut Option<Connection>,
    ) -> Result<MailOutcome, MailFault> {
        let now = self.now();
        let tokens: Vec<_> = mail.tokens.iter().filter(|token| !token.expires_at.is_expired(now)).collect();
        let left_out = match () {
            () if mail.kind == MailKind::Reminder && !self.settings.enabled => Some(SkipReason::SwitchedOff),
            () if mail.tokens.is_empty() => Some(SkipReason::Deleted),
            () if tokens.is_empty() => Some(SkipReason::Expired),
            () if !mail.enabled => Some(SkipReason::OwnerDisabled),
            () if mail.address.is_empty() => Some(SkipReason::NoAddress),
            () => None,
        };
        if let Some(reason) = left_out {
            return Ok(MailOutcome::Skipped(reason));
        }
        let failed = |answer: String| MailOutcome::Failed { address: mail.address.clone(), answer };
        let letter = match self.letter(mail, &tokens, now) {
            Ok(letter) => letter,
            Err(why) => return Ok(failed(why)),
        };
        let delivery = async {
            let open = match connection.take().filter(Connection::is_open) {
                Some(open) => connection.insert(open),
                None => connection.insert(Connection::open(self.server, &mut Report::default()).await?),
            };
            open.deliver(&letter).await
        };
        let Ok(delivered) = tokio::time::timeout(LONGEST, delivery).await else {
            return Ok(self.later(mail, "The mail server took too long".to_owned()));
        };
        match delivered {
            Ok(accepted) => Ok(MailOutcome::Sent { address: mail.address.clone(), answer: accepted.words }),
            Err(fault) if fault.is_of_the_server() => Err(fault),
            Err(fault) if fault.kind == FaultKind::Permanent => Ok(failed(fault.to_string())),
            // What was handed over whole and not answered is handed over again: twice is better than never.
            Err(fault) => Ok(self.later(mail, fault.to_string())),
        }
    }

    fn letter(&self, mail: &ClaimedMail, tokens: &[&MailedToken], now: Timestamp) -> Result<Mail, String> {
        let to = Mailbox::at(&mail.address).map_err(|error| error.to_string())?;
        let words =
            self.templates.render(self.state, mail, tokens, now).map_err(|fault| fault.to_string())?;
        Ok(Mail {
            message_id: MessageId::of(mail.id, self.state.public_url.host()),
            from: self.server.from().clone(),
            to: to.named(&mail.full_name),
            subject: words.subject,
            html: Some(words.html),
            text: words.text,
            date: now,
        })
    }

    /// Again after a pause, unless it was tried often enough.
    fn later(&self, mail: &ClaimedMail, answer: String) -> MailOutcome {
        let attempt = mail.attempts + 1;
        if attempt >= ATTEMPTS {
            return MailOutcome::Failed { address: mail.address.clone(), answer };
        }
        let due_at = self.now().saturating_add(pause_before(attempt + 1)).unwrap_or(Timestamp::MAX);
        MailOutcome::Later { due_at, answer }
    }

    /// Mails that were claimed and not tried wait as before.
    async fn give_back(
        &self,
        mails: impl Iterator<Item = ClaimedMail>,
        why: Option<String>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let outcomes: Vec<_> =
            mails.map(|mail| (mail.id, untried(now, SignedDuration::ZERO, why.clone()))).collect();
        self.state.store.mark_mails(self.sender, &outcomes, now).await
    }

    fn now(&self) -> Timestamp {
        self.state.clock.now()
    }
}

fn untried(now: Timestamp, wait: SignedDuration, answer: Option<String>) -> MailOutcome {
    MailOutcome::Untried { due_at: now.saturating_add(wait).unwrap_or(Timestamp::MAX), answer }
}
