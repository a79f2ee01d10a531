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
pub struct LdapFault {
    /// Where.
    pub step: Step,
    /// What, and what to do.
    pub detail: String,
    /// What it is a fault of.
    pub of: FaultOf,
}

/// What is at fault, when a question had no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOf {
    /// The directory: every question would have failed.
    Directory,
    /// What it says of those who were asked about: it cannot be read, or is too much. The same question about others may
    /// have an answer.
    Content,
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

impl LdapFault {
    /// A fault of the directory.
    #[must_use]
    pub fn new(step: Step, detail: impl Into<String>) -> Self {
        Self { step, detail: detail.into(), of: FaultOf::Directory }
    }

    /// A fault of what it says of those who were asked about.
    pub(super) fn of_content(step: Step, detail: impl Into<String>) -> Self {
        Self { of: FaultOf::Content, ..Self::new(step, detail) }
    }
}

impl fmt::Display for LdapFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for LdapFault {}
