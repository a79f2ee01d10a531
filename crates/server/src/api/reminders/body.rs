//! Runs and mails as JSON.

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId, RunId};
use patgate_store::{MailState, ReminderRun};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::reminders::{ListedMail, ListedRun, MailedName};

/// One look at all tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReminderRun)]
pub(super) struct RunBody {
    /// Names the run in other calls.
    #[schema(value_type = String, example = "4fQ0kZ3mB1x")]
    id: RunId,
    /// The night it was for, a date of the server's calendar; `null`: somebody asked for it.
    #[schema(example = "2026-11-22")]
    night: Option<String>,
    /// Who asked for it, by log-in name; `null`: nobody, or it is not known.
    #[schema(example = "ann")]
    by: Option<String>,
    /// When it planned.
    at: Timestamp,
    /// Why it planned nothing, when that has a reason beyond the tokens: `first_start`, `switched_off` or `no_server`.
    note: Option<&'static str>,
    /// How many mails it planned.
    planned: u64,
    /// How many tokens it left out although they expire.
    skipped: u64,
    /// What became of its mails so far.
    mails: CountsBody,
    /// What most of the mails that wait are waiting for: what the mail server said, without addresses, or why it cannot be
    /// used; `null`: nothing is in the way.
    #[schema(example = "the server did not let us in: 535 5.7.8 authentication failed")]
    obstacle: Option<String>,
}

/// What became of a run's mails so far.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderMailCounts)]
struct CountsBody {
    /// Waiting, or being sent.
    waiting: u64,
    /// Taken by the mail server.
    sent: u64,
    /// Left out, from the start or when their turn came.
    skipped: u64,
    /// Refused for good.
    failed: u64,
}

/// A mail, or why there is none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReminderMail)]
pub(super) struct MailBody {
    /// Names the mail in other calls.
    #[schema(value_type = String, example = "4fQ0kZ3mB1x")]
    id: MailId,
    /// The run that planned it; `null`: a notice of a change.
    #[schema(value_type = Option<String>)]
    run: Option<RunId>,
    /// `reminder`, or `shortened`: a notice that tokens end earlier.
    #[schema(example = "reminder")]
    kind: &'static str,
    /// To whom, by log-in name.
    #[schema(example = "ann")]
    owner: String,
    /// About which tokens.
    tokens: Vec<TokenBody>,
    /// `waiting`, `sending`, `sent`, `skipped` or `failed`.
    #[schema(example = "sent")]
    state: &'static str,
    /// Why it was skipped: `no_address`, `owner_disabled`, `expired`, `deleted`, `switched_off`, `no_server` or `overtaken`.
    reason: Option<&'static str>,
    /// The address it went to, or was refused by.
    #[schema(example = "ann@example.org")]
    address: Option<String>,
    /// What the mail server said last.
    #[schema(example = "250 2.0.0 Ok: queued")]
    answer: Option<String>,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next; `null`: it is done.
    due_at: Option<Timestamp>,
    /// When it was planned.
    created_at: Timestamp,
    /// When it was done.
    done_at: Option<Timestamp>,
}

/// A token that a mail is about.
#[derive(Serialize, ToSchema)]
#[schema(as = RemindedToken)]
struct TokenBody {
    /// Which.
    #[schema(value_type = String, example = "4fQ0kZ3mB1x")]
    id: GrantId,
    /// Its name.
    #[schema(example = "nightly build")]
    name: String,
    /// The days before its expiry for which it is told of; 0 in a notice, and for one that is skipped.
    #[schema(example = 7)]
    days: u32,
}

impl From<ListedRun> for RunBody {
    fn from(ListedRun { run, counts, obstacle }: ListedRun) -> Self {
        let ReminderRun { id, night, by, at, note, planned, skipped } = run;
        Self {
            id,
            night: night.map(|night| night.to_string()),
            by,
            at,
            note: note.map(|note| note.as_str()),
            planned,
            skipped,
            mails: CountsBody {
                waiting: counts.waiting,
                sent: counts.sent,
                skipped: counts.skipped,
                failed: counts.failed,
            },
            obstacle,
        }
    }
}

impl From<MailedName> for TokenBody {
    fn from(MailedName { id, days, name }: MailedName) -> Self {
        Self { id, name, days }
    }
}

impl From<ListedMail> for MailBody {
    fn from(ListedMail { mail, owner, tokens }: ListedMail) -> Self {
        Self {
            id: mail.id,
            run: mail.run,
            kind: mail.kind.as_str(),
            owner,
            tokens: tokens.into_iter().map(TokenBody::from).collect(),
            state: mail.state.kind().as_str(),
            reason: match mail.state {
                MailState::Skipped(reason) => Some(reason.as_str()),
                _ => None,
            },
            address: mail.address,
            answer: mail.answer,
            attempts: mail.attempts,
            due_at: mail.due_at,
            created_at: mail.created_at,
            done_at: mail.done_at,
        }
    }
}
