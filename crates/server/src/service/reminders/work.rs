//! The work of one round of sending: mails go over a few connections side by side, and what the mail server says of one is
//! known to all.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{GrantId, MailId};
use patgate_core::policy::EmailNotifications;
use patgate_core::reminder::{
    ATTEMPTS, PAUSE_BEFORE_REPEAT, Refusals, SkipReason, Verdict, pause_before, without_addresses,
};
use patgate_gateway::listener::Limits;
use patgate_store::{ClaimedMail, MailClaim, MailKind, MailOutcome, MailedToken, Sender, StoreError, Untold};
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::send::{CLAIM, Round, server_version, untried};
use super::text::{Templates, warned_of};
use crate::mail::{self, Connection, FaultKind, Mail, MailFault, Mailbox, MessageId, SmtpServer, StepName};
use crate::problem::with_causes;
use crate::state::AppState;

/// How long one waits before one marks mails again, at first; each time twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// And at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What a round works with.
pub(super) struct Work<'w> {
    state: &'w AppState,
    sender: &'w Sender,
    server: &'w SmtpServer,
    templates: &'w Templates,
    /// The settings that the round began with, and the version of its mail server.
    settings: &'w EmailNotifications,
    version: Option<i64>,
    stop: &'w CancellationToken,
    door: Door<'w>,
    refusals: Mutex<Refusals<Refused>>,
    /// Why there is no use in going on, when the server refuses everybody, or is silent.
    refuses_all: OnceLock<String>,
}

/// A mail that was refused for good, as long as nobody knows whose fault it is. It counts as being sent.
struct Refused {
    claim: MailClaim,
    attempts: u32,
    address: String,
    answer: String,
}

/// What came of one mail.
enum Tried {
    /// This, and with it these others are decided.
    Done(Vec<(MailClaim, MailOutcome)>),
    /// Something is wrong that would befall every mail; these are decided, and this one was not tried unless it is
    /// among them.
    ServerFails(Vec<(MailClaim, MailOutcome)>, String),
    /// Nothing: the program is ending.
    Stopped,
}

impl<'w> Work<'w> {
    pub(super) fn new(
        state: &'w AppState,
        sender: &'w Sender,
        (server, templates): (&'w SmtpServer, &'w Templates),
        (settings, version): (&'w EmailNotifications, Option<i64>),
        stop: &'w CancellationToken,
    ) -> Self {
        let (door, refusals, refuses_all) = (Door::new(server), Mutex::default(), OnceLock::new());
        Self { state, sender, server, templates, settings, version, stop, door, refusals, refuses_all }
    }

    /// Claims and sends until nothing is due, over one connection as long as it holds.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub(super) async fn through(&self) -> Result<Round, StoreError> {
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
                let tried = match self.stop.is_cancelled() {
                    true => Tried::Stopped,
                    false => self.one(&mail, &mut connection).await,
                };
                match tried {
                    Tried::Done(outcomes) => self.mark(&outcomes).await?,
                    Tried::Stopped => {
                        self.give_back(std::iter::once(mail).chain(mails), None).await?;
                        return Ok(Round::Done);
                    }
                    Tried::ServerFails(outcomes, why) => {
                        tracing::warn!(why, "the mail server cannot be used; mails wait");
                        self.mark(&outcomes).await?;
                        let is_tried = outcomes.iter().any(|(claim, _)| *claim == mail.claim);
                        let untried = (!is_tried).then_some(mail);
                        self.give_back(untried.into_iter().chain(mails), Some(why)).await?;
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

    /// Decides about refusals that nothing was decided about: when the round went to its end, they were the recipients'.
    pub(super) async fn settle(self, round: Round) -> Result<(), StoreError> {
        let is_whole = round == Round::Done && !self.stop.is_cancelled();
        let undecided = std::mem::take(&mut *self.refusals.lock().unwrap_or_else(PoisonError::into_inner));
        let undecided = undecided.undecided();
        // Whoever else sends now found these half way.
        if undecided.is_empty() || !self.sender.is_held().await {
            return Ok(());
        }
        let outcomes = if is_whole { failed(undecided) } else { self.later_all(undecided) };
        self.mark(&outcomes).await
    }

    /// Whether administrators want what they wanted when the round began; otherwise the next one does what they want now.
    async fn is_current(&self) -> Result<bool, StoreError> {
        let settings = self.state.store.token_settings().await?.email_notifications;
        Ok(settings == *self.settings && server_version(self.state, &settings).await? == self.version)
    }

    /// Sends one mail.
    async fn one(&self, mail: &ClaimedMail, connection: &mut Option<Connection>) -> Tried {
        let now = self.now();
        let done = |outcome: MailOutcome| Tried::Done(vec![(mail.claim, outcome)]);
        let tokens = told_of(mail, now);
        if let Some(reason) = self.left_out(mail, &tokens) {
            return done(MailOutcome::Skipped(reason));
        }
        let failed = |answer: String| MailOutcome::Failed { address: mail.address.clone(), answer };
        let letter = match self.letter(mail, &tokens, now) {
            Ok(letter) => letter,
            Err(why) => return done(failed(why)),
        };
        if let Some(why) = self.refuses_all.get() {
            return Tried::ServerFails(Vec::new(), why.clone());
        }
        let open = match connection.take().filter(Connection::is_open) {
            Some(open) => connection.insert(open),
            None => match self.stop.run_until_cancelled(self.door.open()).await {
                Some(Ok(open)) => connection.insert(open),
                Some(Err(fault)) => return Tried::ServerFails(Vec::new(), fault.to_string()),
                None => return Tried::Stopped,
            },
        };
        let delivered = match self.in_time(open.deliver(&letter)).await {
            Some(delivered) => delivered,
            None if self.stop.is_cancelled() && !open.awaits_verdict() => return Tried::Stopped,
            None => Err(too_long(open)),
        };
        match delivered {
            Ok(accepted) => {
                let sent = MailOutcome::Sent {
                    address: mail.address.clone(),
                    answer: accepted.words,
                    untold: self.untold(mail, &tokens),
                };
                let mut outcomes = vec![(mail.claim, sent)];
                outcomes.extend(self::failed(self.refusals().taken()));
                Tried::Done(outcomes)
            }
            Err(fault) if fault.is_of_the_server() => Tried::ServerFails(Vec::new(), fault.to_string()),
            Err(fault) if fault.kind == FaultKind::Permanent => self.refused(mail, &fault),
            Err(fault) => self.put_off(mail, &fault),
        }
    }

    /// The outcome of handing over a mail; `None` when it takes too long, or longer than a request may when the program ends.
    async fn in_time<T>(&self, handing_over: impl Future<Output = T>) -> Option<T> {
        let ending = async {
            self.stop.cancelled().await;
            tokio::time::sleep(Limits::of_process().drain).await;
        };
        tokio::select! {
            outcome = tokio::time::timeout(mail::LONGEST, handing_over) => outcome.ok(),
            () = ending => None,
        }
    }

    fn left_out(&self, mail: &ClaimedMail, tokens: &[&MailedToken]) -> Option<SkipReason> {
        match () {
            () if mail.kind == MailKind::Reminder && !self.settings.enabled => Some(SkipReason::SwitchedOff),
            () if mail.tokens.is_empty() => Some(SkipReason::Deleted),
            () if tokens.is_empty() => Some(why_untold(&mail.tokens, self.now())),
            () if !mail.enabled => Some(SkipReason::OwnerDisabled),
            () if mail.address.is_empty() => Some(SkipReason::NoAddress),
            () if mail.kind == MailKind::Unconfirmed && warned_of(self.state, mail.owner).is_none() => {
                Some(SkipReason::Overtaken)
            }
            () => None,
        }
    }

    /// What follows from a refusal for good.
    fn refused(&self, mail: &ClaimedMail, fault: &MailFault) -> Tried {
        let ClaimedMail { claim, attempts, .. } = *mail;
        let refused = Refused { claim, attempts, address: mail.address.clone(), answer: fault.to_string() };
        // What the server did not say itself is of this mail alone.
        let Some(words) = &fault.words else { return Tried::Done(failed(vec![refused])) };
        match self.refusals().refused(refused, &mail.address, words) {
            Verdict::OfRecipients(mails) => Tried::Done(failed(mails)),
            Verdict::OfServer(mails) => {
                let words = without_addresses(words);
                let why = format!("the mail server refused several recipients alike: {words}");
                let why = self.refuses_all.get_or_init(|| why).clone();
                Tried::ServerFails(self.later_all(mails), why)
            }
        }
    }

    /// What follows from a refusal for now, and from silence.
    fn put_off(&self, mail: &ClaimedMail, fault: &MailFault) -> Tried {
        let outcome = match fault.kind {
            FaultKind::Unknown => self.once_more(mail, fault.to_string()),
            FaultKind::Temporary | FaultKind::Permanent => {
                self.later(mail.attempts, &mail.address, fault.to_string())
            }
        };
        let outcomes = vec![(mail.claim, outcome)];
        if fault.words.is_some() {
            self.refusals().put_off();
            return Tried::Done(outcomes);
        }
        if !self.refusals().silent() {
            return Tried::Done(outcomes);
        }
        let why = format!("the mail server does not answer: {fault}");
        Tried::ServerFails(outcomes, self.refuses_all.get_or_init(|| why).clone())
    }

    /// What was handed over whole and not answered is handed over once more: twice is better than never, and enough.
    fn once_more(&self, mail: &ClaimedMail, answer: String) -> MailOutcome {
        if mail.is_unanswered {
            let answer = format!("{answer}; so it was the time before, and perhaps it has arrived");
            return MailOutcome::Failed { address: mail.address.clone(), answer };
        }
        let due_at = self.now().saturating_add(PAUSE_BEFORE_REPEAT).unwrap_or(Timestamp::MAX);
        MailOutcome::Unanswered { due_at, answer }
    }

    fn letter(&self, mail: &ClaimedMail, tokens: &[&MailedToken], now: Timestamp) -> Result<Mail, String> {
        let to = Mailbox::at(&mail.address).map_err(|error| error.to_string())?;
        let words =
            self.templates.render(self.state, mail, tokens, now).map_err(|fault| fault.to_string())?;
        Ok(Mail {
            message_id: self.message_id(mail),
            from: self.server.from().clone(),
            to: to.named(&mail.full_name),
            subject: words.subject,
            html: Some(words.html),
            text: words.text,
            date: now,
        })
    }

    /// By what a mail that comes twice is known as one.
    fn message_id(&self, mail: &ClaimedMail) -> MessageId {
        let host = self.state.public_url.host();
        match mail.kind {
            MailKind::Reminder => MessageId::of_reminder(&mail.planned, host),
            MailKind::Shortened | MailKind::Unconfirmed => MessageId::of_notice(mail.id, host),
        }
    }

    /// The tokens of a mail that it no longer tells of, and why.
    fn untold(&self, mail: &ClaimedMail, told: &[&MailedToken]) -> Vec<Untold> {
        let is_told = |grant: GrantId| told.iter().any(|token| token.id == grant);
        let reason = |grant: GrantId| {
            let found = mail.tokens.iter().find(|token| token.id == grant);
            found.map_or(SkipReason::Deleted, |token| why_untold(std::slice::from_ref(token), self.now()))
        };
        let untold = mail.planned.iter().map(|(grant, _)| *grant).filter(|grant| !is_told(*grant));
        let id = || MailId::generate(&mut self.state.random.draw());
        untold.map(|grant| Untold { id: id(), grant, reason: reason(grant) }).collect()
    }

    /// Again after a pause, unless it was tried often enough.
    fn later(&self, attempts: u32, address: &str, answer: String) -> MailOutcome {
        let attempt = attempts + 1;
        if attempt >= ATTEMPTS {
            return MailOutcome::Failed { address: address.to_owned(), answer };
        }
        let due_at = self.now().saturating_add(pause_before(attempt + 1)).unwrap_or(Timestamp::MAX);
        MailOutcome::Later { due_at, answer }
    }

    fn later_all(&self, mails: Vec<Refused>) -> Vec<(MailClaim, MailOutcome)> {
        let later = |mail: Refused| (mail.claim, self.later(mail.attempts, &mail.address, mail.answer));
        mails.into_iter().map(later).collect()
    }

    /// Mails that were claimed and not tried wait as before.
    async fn give_back(
        &self,
        mails: impl Iterator<Item = ClaimedMail>,
        why: Option<String>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let outcomes: Vec<_> =
            mails.map(|mail| (mail.claim, untried(now, SignedDuration::ZERO, why.clone()))).collect();
        self.mark(&outcomes).await
    }

    /// Marks mails. What is not marked is sent again, so that an outage of the database is waited for, as long as nobody
    /// else may send; when the program is ending, it is tried once more. What is marked already stays as it is.
    async fn mark(&self, outcomes: &[(MailClaim, MailOutcome)]) -> Result<(), StoreError> {
        let now = self.now();
        let mut pause = PAUSE;
        loop {
            let is_last = self.stop.is_cancelled();
            let Err(error) = self.state.store.mark_mails(self.sender, outcomes, now).await else {
                return Ok(());
            };
            if is_last || error.minds_what_it_was_given() || !self.sender.is_held().await {
                return Err(error);
            }
            tracing::warn!(error = with_causes(&error), "what became of mails is not written; trying again");
            self.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, Refusals<Refused>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.state.clock.now()
    }
}

/// The tokens that a mail tells of: those that have not expired, and of which no newer mail tells.
fn told_of(mail: &ClaimedMail, now: Timestamp) -> Vec<&MailedToken> {
    let is_told =
        |token: &&MailedToken| !token.expires_at.is_expired(now) && !mail.overtaken.contains(&token.id);
    mail.tokens.iter().filter(is_told).collect()
}

/// Why a mail tells of none of these tokens, which are there.
fn why_untold(tokens: &[MailedToken], now: Timestamp) -> SkipReason {
    let have_expired = tokens.iter().all(|token| token.expires_at.is_expired(now));
    if have_expired { SkipReason::Expired } else { SkipReason::Overtaken }
}

/// The mail server was waited for long enough.
fn too_long(connection: &Connection) -> MailFault {
    let (kind, detail) = match connection.awaits_verdict() {
        true => {
            (FaultKind::Unknown, "the mail server took too long after the message; it may have been taken")
        }
        false => (FaultKind::Temporary, "the mail server took too long"),
    };
    MailFault { step: StepName::Message, kind, detail: detail.to_owned(), words: None }
}

fn failed(mails: Vec<Refused>) -> Vec<(MailClaim, MailOutcome)> {
    let failed = |mail: Refused| {
        let outcome = MailOutcome::Failed { address: mail.address, answer: mail.answer };
        (mail.claim, outcome)
    };
    mails.into_iter().map(failed).collect()
}
