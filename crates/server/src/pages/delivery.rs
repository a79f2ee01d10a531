//! What happened on the way to a mail server, for the pages that send a mail at once.

use super::Moment;
use crate::mail::{Outcome, Report};

/// What happened, step by step.
pub(super) struct Delivery {
    pub(super) steps: Vec<Step>,
    pub(super) tls: Option<Tls>,
}

/// A step.
pub(super) struct Step {
    pub(super) label: &'static str,
    pub(super) look: &'static str,
    pub(super) outcome: &'static str,
    pub(super) detail: String,
    /// The server's; empty: it said nothing.
    pub(super) words: String,
}

/// How the connection was encrypted.
pub(super) struct Tls {
    pub(super) version: String,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) expires_at: Option<Moment>,
}

impl From<Report> for Delivery {
    fn from(report: Report) -> Self {
        let steps = report.steps.into_iter().map(|step| {
            let (look, outcome) = match step.outcome {
                Outcome::Done => ("good", "Done"),
                Outcome::Skipped => ("plain", "Not needed"),
                Outcome::Failed => ("bad", "Failed"),
            };
            let words = step.words.unwrap_or_default();
            Step { label: step.name.label(), look, outcome, detail: step.detail, words }
        });
        let tls = report.tls.map(|tls| Tls {
            version: tls.version.unwrap_or_else(|| "Not agreed".to_owned()),
            subject: tls.subject,
            issuer: tls.issuer,
            expires_at: tls.expires_at.map(Moment::from),
        });
        Self { steps: steps.collect(), tls }
    }
}
