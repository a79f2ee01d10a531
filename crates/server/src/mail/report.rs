//! What happened on the way to a mail server, step by step, for the administrator who looks.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::fault::MailFault;

/// A part of the way. In which order they come is the server's: TLS stands before the greeting or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepName {
    /// The host's addresses are looked up.
    Resolve,
    /// One of them is connected to.
    Connect,
    /// The connection is encrypted.
    Tls,
    /// The server says what it is and what it can do.
    Greeting,
    /// We say who we are.
    Authentication,
    /// The server takes our sender.
    Sender,
    /// The server takes the recipient.
    Recipient,
    /// The server takes the message.
    Message,
}

impl StepName {
    /// For a page.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Resolve => "Look up the host",
            Self::Connect => "Connect",
            Self::Tls => "Encryption",
            Self::Greeting => "Greeting",
            Self::Authentication => "Authentication",
            Self::Sender => "Sender",
            Self::Recipient => "Recipient",
            Self::Message => "Message",
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Well.
    Done,
    /// It was not needed.
    Skipped,
    /// Badly: nothing comes after it.
    Failed,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MailStep)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// How it ended.
    pub outcome: Outcome,
    /// What happened, in words of ours.
    pub detail: String,
    /// The server's own words: printable, 500 characters at most, without any password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// How a connection is encrypted, or failed to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsFacts {
    /// `TLS 1.3`, once it is agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whom the certificate that was shown names.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// What happened, in the order in which it did. No password is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MailReport)]
pub struct Report {
    /// The steps that were tried; the last one tells how it ended.
    pub steps: Vec<Step>,
    /// The encryption, when there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
}

impl Report {
    /// The step that failed, if one did.
    #[must_use]
    pub fn failed(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.outcome == Outcome::Failed)
    }

    pub(super) fn done(&mut self, name: StepName, detail: impl Into<String>, words: Option<String>) {
        self.steps.push(Step { name, outcome: Outcome::Done, detail: detail.into(), words });
    }

    pub(super) fn skipped(&mut self, name: StepName, detail: impl Into<String>) {
        self.steps.push(Step { name, outcome: Outcome::Skipped, detail: detail.into(), words: None });
    }

    pub(super) fn fail(&mut self, fault: &MailFault) {
        let MailFault { step, detail, words, .. } = fault;
        self.steps.push(Step {
            name: *step,
            outcome: Outcome::Failed,
            detail: detail.clone(),
            words: words.clone(),
        });
    }
}
