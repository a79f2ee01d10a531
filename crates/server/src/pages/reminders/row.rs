//! Runs and mails in words.

use patgate_core::reminder::SkipReason;
use patgate_store::{MailKind, MailState, RunNote};

use super::LIST;
use crate::pages::Moment;
use crate::pages::beginning::{LISTED, SPOKEN, beginning};
use crate::service::reminders::{ListedMail, ListedRun};

/// How many tokens of a mail are named in a list; all of them are on the page of the mail.
pub(super) const NAMED: usize = 2;
/// How many bytes of what a mail server said stand in a row of a list of mails: it may say thousands.
pub(super) const ANSWER: usize = 200;
/// The same of what is in the way of a run.
const OBSTACLE: usize = 500;

/// A run.
pub(in crate::pages) struct RunRow {
    /// The address of its page, without the base.
    pub(in crate::pages) path: String,
    pub(in crate::pages) at: Moment,
    /// Which night it was for, or that somebody asked for it.
    pub(in crate::pages) what: String,
    /// How many mails it planned.
    pub(in crate::pages) planned: u64,
    pub(in crate::pages) sent: u64,
    pub(in crate::pages) waiting: u64,
    pub(in crate::pages) skipped: u64,
    pub(in crate::pages) failed: u64,
    pub(in crate::pages) note: Option<Note>,
    /// What the mails that wait are waiting for; empty: nothing is in the way.
    pub(in crate::pages) obstacle: String,
    /// The whole of it in a sentence.
    pub(in crate::pages) told: String,
}

/// Why a run planned nothing.
#[derive(Clone)]
pub(in crate::pages) struct Note {
    pub(in crate::pages) text: &'static str,
    /// Where that is changed, without the base; empty: nowhere.
    pub(in crate::pages) path: &'static str,
}

/// A mail.
pub(super) struct MailRow {
    pub(super) id: String,
    pub(super) owner: String,
    /// The first of its tokens.
    pub(super) tokens: Vec<String>,
    /// How many more there are.
    pub(super) more: usize,
    /// What it is when it is no reminder.
    pub(super) notice: Option<&'static str>,
    /// Where it went, or was refused; empty: it was not tried.
    pub(super) address: String,
    pub(super) state: &'static str,
    pub(super) look: &'static str,
    /// Why it was left out; empty: it was not.
    pub(super) reason: &'static str,
    /// What the mail server said last; empty: nothing.
    pub(super) answer: String,
    pub(super) attempts: u32,
    /// When it is tried next.
    pub(super) next: Option<Moment>,
    pub(super) done: Option<Moment>,
    pub(super) has_failed: bool,
}

impl From<ListedRun> for RunRow {
    fn from(ListedRun { run, counts, obstacle }: ListedRun) -> Self {
        let note = run.note.map(Note::of);
        let obstacle = beginning(&obstacle.unwrap_or_default(), OBSTACLE);
        let waits = if obstacle.is_empty() { String::new() } else { format!(" Mails wait: {obstacle}") };
        let told = match &note {
            Some(note) => note.text.to_owned(),
            None => format!(
                "{} planned, {} sent, {} waiting, {} skipped, {} failed.{waits}",
                run.planned, counts.sent, counts.waiting, counts.skipped, counts.failed
            ),
        };
        Self {
            path: format!("{LIST}/{}", run.id),
            at: run.at.into(),
            what: match (run.night, run.by) {
                (Some(night), _) => format!("Night of {night}"),
                (None, Some(by)) => format!("By hand, by {}", beginning(&by, LISTED)),
                (None, None) => "By hand".to_owned(),
            },
            planned: run.planned,
            sent: counts.sent,
            waiting: counts.waiting,
            skipped: counts.skipped,
            failed: counts.failed,
            note,
            obstacle,
            told,
        }
    }
}

impl Note {
    /// In words.
    pub(super) fn of(note: RunNote) -> Self {
        let settings = "/settings/notifications";
        let (text, path) = match note {
            RunNote::FirstStart => {
                ("The server ran for the first time. Reminders begin with the next night.", "")
            }
            RunNote::SwitchedOff => ("Email notifications are switched off.", settings),
            RunNote::NoServer => ("No mail server is chosen, so nothing is sent.", settings),
        };
        Self { text, path }
    }
}

impl MailRow {
    /// With so many bytes of what the mail server said.
    pub(super) fn new(ListedMail { mail, owner, tokens }: ListedMail, answer: usize) -> Self {
        let (state, look) = match mail.state {
            MailState::Waiting => ("Waiting", "plain"),
            MailState::Sending => ("Being sent", "plain"),
            MailState::Sent => ("Sent", "good"),
            MailState::Skipped(_) => ("Skipped", "warning"),
            MailState::Failed => ("Failed", "bad"),
        };
        Self {
            id: mail.id.to_string(),
            owner,
            more: mail.tokens.len() - tokens.len(),
            tokens: tokens.into_iter().map(|token| token.name).collect(),
            notice: match mail.kind {
                MailKind::Reminder => None,
                MailKind::Shortened => Some("Notice of an earlier end"),
                MailKind::Unconfirmed => Some("Notice that its owner has to sign in"),
            },
            address: mail.address.unwrap_or_default(),
            state,
            look,
            reason: match mail.state {
                MailState::Skipped(reason) => reason_words(reason),
                _ => "",
            },
            answer: beginning(&mail.answer.unwrap_or_default(), answer),
            attempts: mail.attempts,
            next: mail.due_at.map(Moment::from),
            done: mail.done_at.map(Moment::from),
            has_failed: mail.state == MailState::Failed,
        }
    }

    /// The same in a list: of long names their beginning.
    pub(super) fn listed(mut self) -> Self {
        for text in self.tokens.iter_mut().chain([&mut self.owner, &mut self.address]) {
            *text = beginning(text, LISTED);
        }
        self
    }

    /// What its button says of it to who does not see the row.
    pub(super) fn spoken(&self) -> String {
        beginning(&self.owner, SPOKEN)
    }
}

/// Why no mail is written, in a sentence.
pub(super) fn reason_words(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NoAddress => "The owner has no e-mail address.",
        SkipReason::OwnerDisabled => "The owner is disabled.",
        SkipReason::Expired => "The token expired before.",
        SkipReason::Deleted => "The token was deleted.",
        SkipReason::SwitchedOff => "Email notifications were switched off.",
        SkipReason::NoServer => "There was no mail server for a week.",
        SkipReason::Overtaken => {
            "A newer mail tells of the same, or what it warns of does not come any more."
        }
    }
}
