//! A mail server as an administrator describes it: the fields of the vendor's `notification.PatSmtpServer`, and the
//! JavaMail properties that have a meaning here.

mod properties;
mod settled;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rustls::pki_types::ServerName;

use super::address::Mailbox;
use crate::configuration::Secret;
use crate::tls::Authorities;
use properties::Properties;

/// What an administrator filled in, not yet judged.
#[derive(Clone, Debug, Default)]
pub struct SmtpFields {
    /// A name, or an address of IPv4 or IPv6.
    pub host: String,
    /// 1 to 65535. Without properties 465 means TLS from the first byte, 587 STARTTLS or nothing, and 25 and every other
    /// port STARTTLS when the server offers it.
    pub port: u16,
    /// The log-in name; with a password, the server is told both.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// Who the mails come from: an address, or a name with an address in angle brackets.
    pub from_address: String,
    /// Who gets the test mails.
    pub test_address: Option<String>,
    /// JavaMail's properties, `mail.smtp.…` or `mail.smtps.…`.
    pub properties: BTreeMap<String, String>,
}

/// A field of [`SmtpFields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpField {
    /// The host.
    Host,
    /// The port.
    Port,
    /// The log-in name.
    Username,
    /// The password.
    Password,
    /// Who the mails come from.
    FromAddress,
    /// Who gets the test mails.
    TestAddress,
    /// The properties.
    SmtpProperties,
}

/// Why a field is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpFault {
    /// Which.
    pub field: SmtpField,
    /// What is wrong and what to write, in a sentence without a full stop; a property is named.
    pub message: String,
}

/// A mail server that can be connected to.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) name: ServerName<'static>,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) checks: Checks,
    pub(super) versions: Versions,
    pub(super) credentials: Option<Credentials>,
    pub(super) limits: Limits,
    /// What we call ourselves; without it the address of our end of the connection.
    pub(super) hello: Option<String>,
    /// Whom the server is told that a mail comes from, and whom it tells when one cannot be delivered.
    pub(super) sender: Mailbox,
    /// Those of the machine, unless others are given.
    pub(super) authorities: Option<Authorities>,
    from: Mailbox,
    test_address: Option<Mailbox>,
    warnings: Vec<String>,
}

/// When the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not at all, because the administrator said so.
    Never,
    /// By STARTTLS when the server offers it.
    Offered,
    /// By STARTTLS, or no mail is sent.
    Required,
    /// From the first byte.
    Implicit,
}

/// What of the server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    /// That an authority vouches for it, that it has not expired, and that it names the host.
    All,
    /// The same, but it may name another host.
    AnyName,
    /// Nothing.
    Nothing,
}

/// Which versions of TLS may be agreed; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    /// 1.2.
    pub(super) tls12: bool,
    /// 1.3.
    pub(super) tls13: bool,
}

/// Who we are to the server.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Secret,
    /// In the order in which they are tried; at least one.
    pub(super) mechanisms: Vec<Mechanism>,
    /// The administrator wrote that the password may be sent unencrypted.
    pub(super) may_go_in_the_clear: bool,
}

/// How the password is told (RFC 4954).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// RFC 4616.
    Plain,
    /// Never standardised, and everywhere.
    Login,
}

/// How long each wait may last; none is longer than five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// For the look-up and for each address.
    pub(super) connect: Duration,
    /// For a whole answer, and for the handshake of TLS.
    pub(super) read: Duration,
    /// For the answer to a message, which a server may scan first: given up too early, it arrives twice (RFC 5321
    /// §4.5.3.2.6).
    pub(super) verdict: Duration,
    /// For a piece that we send.
    pub(super) write: Duration,
}

impl SmtpServer {
    /// Judges what was filled in.
    ///
    /// A password is sent over TLS only. It may go in the clear if both `mail.smtp.auth=true` and
    /// `mail.smtp.starttls.enable=false` are written: then the administrator has asked for just that, and
    /// [`SmtpServer::warnings`] says so.
    ///
    /// # Errors
    /// Every [`SmtpFault`] at once.
    pub fn read(fields: &SmtpFields) -> Result<Self, Vec<SmtpFault>> {
        let mut faults = Vec::new();
        let properties = Properties::read(&fields.properties, &mut faults);
        settled::settle(fields, properties, faults)
    }

    /// What the administrator should see beside the fields, in sentences with a full stop: properties without an effect,
    /// each named, and what was made weaker than it is without properties.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The host, as it was filled in.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who the mails come from.
    #[must_use]
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Who gets the test mails.
    #[must_use]
    pub fn test_address(&self) -> Option<&Mailbox> {
        self.test_address.as_ref()
    }

    /// The same server, judged by these authorities instead of the machine's.
    #[must_use]
    pub fn trusting(mut self, authorities: Authorities) -> Self {
        self.authorities = Some(authorities);
        self
    }
}

impl SmtpField {
    /// Its name among the properties of a `notification.PatSmtpServer`.
    #[must_use]
    pub fn property(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Port => "port",
            Self::Username => "username",
            Self::Password => "password",
            Self::FromAddress => "fromAddress",
            Self::TestAddress => "testAddress",
            Self::SmtpProperties => "smtpProperties",
        }
    }
}

impl fmt::Display for SmtpFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Mechanism {
    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }
}
