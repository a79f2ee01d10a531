//! Why a directory gave no answer. It is never a word about a person.

use std::fmt;

/// Where a fault came up, in the order of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The authorities that vouch for the server are read.
    Trust,
    /// The host is looked up and a connection is made.
    Connect,
    /// The connection is encrypted, and the certificate is judged.
    Tls,
    /// The manager signs in.
    Manager,
    /// The manager sees the base of the users.
    Base,
    /// A user is looked for.
    Users,
    /// The groups of a user are looked for.
    Groups,
    /// Of those whom the directory knew, some are there.
    Known,
    /// A user's password is tried.
    Password,
}

/// What went wrong with a directory, in a sentence for an administrator. No password is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub step: Step,
    /// What, and what to do.
    pub detail: String,
}

impl Step {
    /// What it is called in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Connect => "connect",
            Self::Tls => "encryption",
            Self::Manager => "manager",
            Self::Base => "base",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Known => "known users",
            Self::Password => "password",
        }
    }
}

impl Fault {
    pub(super) fn new(step: Step, detail: impl Into<String>) -> Self {
        Self { step, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}
