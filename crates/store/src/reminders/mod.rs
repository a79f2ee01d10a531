//! Reminders: the runs, the outbox of mails, and the marks by which no token is told of twice.
//!
//! A run's row, its mails and their marks are written in one transaction, or not at all. Mails are sent by one node at a
//! time, which holds the [`Sender`]; what one left half way is found by the next.

pub(crate) mod candidates;
mod facts;
mod list;
mod outbox;
mod planning;
mod sender;
mod untold;

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::reminder::{Night, SkipReason};

pub use list::MailFilter;
pub(crate) use list::STARTED;
pub use outbox::{ClaimedMail, MailClaim, MailOutcome, MailedToken};
pub use planning::Planning;
pub use sender::Sender;
pub use untold::Untold;

/// One look at all tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderRun {
    /// The row.
    pub id: RunId,
    /// The night it was for; `None`: somebody asked for it.
    pub night: Option<Night>,
    /// Who asked for it, by name.
    pub by: Option<String>,
    /// When it planned.
    pub at: Timestamp,
    /// Why it planned nothing, when that has a reason beyond the tokens.
    pub note: Option<RunNote>,
    /// How many mails it planned.
    pub planned: u64,
    /// How many tokens it left out although they expire.
    pub skipped: u64,
}

/// Why a run planned nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunNote {
    /// The server ran for the first time: from the next night on.
    FirstStart,
    /// *Enable email notifications* is off.
    SwitchedOff,
    /// No mail server is chosen.
    NoServer,
}

/// What became of a run's mails so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    /// Waiting, or being sent.
    pub waiting: u64,
    /// Taken by the mail server.
    pub sent: u64,
    /// Left out.
    pub skipped: u64,
    /// Refused for good.
    pub failed: u64,
}

/// A mail of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMail {
    /// The row.
    pub id: MailId,
    /// The run that planned it; `None` for a notice of a change.
    pub run: Option<RunId>,
    /// What it is about.
    pub kind: MailKind,
    /// To whom.
    pub owner: UserId,
    /// About which tokens, each with the threshold in days that it had reached; 0 in a notice.
    pub tokens: Vec<(GrantId, u32)>,
    /// What became of it.
    pub state: MailState,
    /// The address it went to, or was refused by.
    pub address: Option<String>,
    /// What the mail server said last.
    pub answer: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether the mail server had it whole and never answered: it may have arrived.
    pub is_unanswered: bool,
    /// When it is tried next; `None` when it is done.
    pub due_at: Option<Timestamp>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Tokens that expire soon.
    Reminder,
    /// Tokens whose life an administrator shortened.
    Shortened,
    /// Tokens whose owner has to sign in, or they are suspended.
    Unconfirmed,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits for its turn.
    Waiting,
    /// Somebody is sending it, or was when they stopped.
    Sending,
    /// The mail server took it.
    Sent,
    /// It was left out.
    Skipped(SkipReason),
    /// The mail server refused it for good, or too often.
    Failed,
}

/// What became of a mail, whatever the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailStateKind {
    /// It waits for its turn.
    Waiting,
    /// It is being sent.
    Sending,
    /// The mail server took it.
    Sent,
    /// It was left out.
    Skipped,
    /// The mail server refused it for good, or too often.
    Failed,
}

impl RunNote {
    const ALL: [Self; 3] = [Self::FirstStart, Self::SwitchedOff, Self::NoServer];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstStart => "first_start",
            Self::SwitchedOff => "switched_off",
            Self::NoServer => "no_server",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.as_str() == word)
    }
}

impl MailKind {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::Shortened => "shortened",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Reminder, Self::Shortened, Self::Unconfirmed].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl MailState {
    /// The same without its reason.
    #[must_use]
    pub const fn kind(self) -> MailStateKind {
        match self {
            Self::Waiting => MailStateKind::Waiting,
            Self::Sending => MailStateKind::Sending,
            Self::Sent => MailStateKind::Sent,
            Self::Skipped(_) => MailStateKind::Skipped,
            Self::Failed => MailStateKind::Failed,
        }
    }

    /// The word in the database.
    pub(crate) const fn stored(self) -> &'static str {
        self.kind().stored()
    }

    fn from_words(state: &str, reason: Option<&str>) -> Option<Self> {
        match MailStateKind::from_stored(state)? {
            MailStateKind::Waiting => Some(Self::Waiting),
            MailStateKind::Sending => Some(Self::Sending),
            MailStateKind::Sent => Some(Self::Sent),
            MailStateKind::Skipped => {
                let known = SkipReason::ALL.into_iter().find(|known| Some(known.as_str()) == reason);
                known.map(Self::Skipped)
            }
            MailStateKind::Failed => Some(Self::Failed),
        }
    }
}

impl MailStateKind {
    const ALL: [Self; 5] = [Self::Waiting, Self::Sending, Self::Sent, Self::Skipped, Self::Failed];

    /// The word in the API, and in the addresses of pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// The word in the database: that of the API but for one. Version 5 of the tables was written before API and pages
    /// called it `waiting`, and steps of the schema that have landed stay as they are; to rewrite every mail for a word
    /// that nobody sees would be a step for nothing. Only this and [`Self::from_stored`] know of it.
    const fn stored(self) -> &'static str {
        match self {
            Self::Waiting => "planned",
            _ => self.as_str(),
        }
    }

    fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.stored() == word)
    }
}
