//! What was seen of a provider when it was tried.

use std::fmt;

use jiff::Timestamp;
use patgate_core::provider::ProviderName;

use super::ldap::Directories;
use super::oidc;
use crate::configuration::Configuration;

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

/// Tries every provider, one after the other: directories, then identity providers. Nobody signs in, and nothing is
/// written anywhere.
pub async fn all(configuration: &Configuration, now: Timestamp) -> Vec<Checked> {
    let mut checked = Vec::new();
    for directory in Directories::new(configuration.directories.iter().cloned()).iter() {
        checked.push(directory.check(now).await);
    }
    let Some(first) = configuration.listen.first() else { return checked };
    let public_url = configuration.public_url_of(*first);
    for provider in oidc::Providers::new(&configuration.oidc, &public_url).iter() {
        checked.push(provider.check(now).await);
    }
    checked
}

/// One line a step, below the provider's own.
impl fmt::Display for Checked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} provider `{}`", self.kind, self.provider)?;
        self.steps.iter().try_for_each(|Seen { what, outcome }| match outcome {
            Ok(seen) => writeln!(formatter, "  ok     {what}: {seen}"),
            Err(reason) => writeln!(formatter, "  FAILED {what}: {reason}"),
        })
    }
}
