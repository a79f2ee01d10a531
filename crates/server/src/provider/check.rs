//! What was seen of a provider when it was tried.

use patgate_core::provider::ProviderName;

/// A provider, and what was seen of it step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it is called.
    pub provider: ProviderName,
    /// `LDAP` or `OIDC`.
    pub kind: &'static str,
    /// Each step that was taken, in order.
    pub steps: Vec<Seen>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What was tried.
    pub what: String,
    /// What was seen, or what is wrong; without a full stop, and without a secret.
    pub outcome: Result<String, String>,
}

impl Checked {
    /// Whether everything went well.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_ok())
    }
}
