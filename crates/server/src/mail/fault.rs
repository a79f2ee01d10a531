//! Why a mail did not go.

use std::fmt;

use super::report::StepName;

/// What can be done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Trying again later may help: the network failed, the server was busy, or answered 4xx.
    Temporary,
    /// Trying again as it is does not help: the server answered 5xx, the certificate is not trusted, the password is wrong.
    Permanent,
    /// The message was handed over whole, and then no answer came: the server may have taken it. Who sends it again uses
    /// the same Message-ID, because it may arrive twice.
    Unknown,
}

/// A mail that did not go, or of which nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFault {
    /// Where it failed.
    pub step: StepName,
    /// What can be done about it.
    pub kind: FaultKind,
    /// What happened, in a sentence of ours without a full stop.
    pub detail: String,
    /// The server's own words, in which no password stands: printable, 500 characters at most.
    pub words: Option<String>,
}

impl MailFault {
    /// Whether it would befall every mail alike: the server could not be reached, does not let us in, or refuses the
    /// sender. Otherwise it concerns this recipient or this message alone.
    #[must_use]
    pub fn is_of_the_server(&self) -> bool {
        !matches!(self.step, StepName::Recipient | StepName::Message)
    }

    pub(super) fn temporary(step: StepName, detail: impl Into<String>) -> Self {
        Self { step, kind: FaultKind::Temporary, detail: detail.into(), words: None }
    }

    pub(super) fn permanent(step: StepName, detail: impl Into<String>) -> Self {
        Self { step, kind: FaultKind::Permanent, detail: detail.into(), words: None }
    }

    pub(super) fn with_words(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
        self
    }
}

impl fmt::Display for MailFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)?;
        self.words.iter().try_for_each(|words| write!(formatter, ": {words}"))
    }
}

impl std::error::Error for MailFault {}
