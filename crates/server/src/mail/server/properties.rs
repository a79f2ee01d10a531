//! JavaMail's properties, each read into a type (the `package-info` of Angus Mail's SMTP provider lists them).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Mechanism, SmtpFault, SmtpField, Versions};
use crate::mail::address::Mailbox;

/// No wait is longer: a server that stays silent would hold up every mail behind it.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// Properties of JavaMail that would only say again what a field says.
const FIELDS: [(&str, &str); 3] = [("host", "Host"), ("port", "Port"), ("user", "Username")];
/// Properties of JavaMail that have no meaning here. `proxy.password` would be one: an item refuses a property that is there
/// to hold a secret, so that none comes here.
const UNSUPPORTED: [&str; 36] = [
    "allow8bitmime",
    "auth.digest-md5.disable",
    "auth.login.disable",
    "auth.ntlm.disable",
    "auth.ntlm.domain",
    "auth.ntlm.flags",
    "auth.plain.disable",
    "auth.xoauth2.disable",
    "dsn.notify",
    "dsn.ret",
    "ehlo",
    "localaddress",
    "localport",
    "mailextension",
    "noop.strict",
    "proxy.host",
    "proxy.port",
    "proxy.user",
    "quitwait",
    "reportsuccess",
    "sasl.authorizationid",
    "sasl.enable",
    "sasl.mechanisms",
    "sasl.realm",
    "sasl.usecanonicalhostname",
    "sendpartial",
    "socketFactory",
    "socketFactory.class",
    "socketFactory.fallback",
    "socketFactory.port",
    "socks.host",
    "socks.port",
    "ssl.ciphersuites",
    "ssl.socketFactory",
    "submitter",
    "userset",
];

/// What was written; `None` where nothing was.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) auth: Option<bool>,
    pub(super) mechanisms: Option<Vec<Mechanism>>,
    pub(super) starttls_enable: Option<bool>,
    pub(super) starttls_required: Option<bool>,
    pub(super) ssl_enable: Option<bool>,
    pub(super) ssl_trust: Option<Trusted>,
    pub(super) check_server_identity: Option<bool>,
    pub(super) versions: Option<Versions>,
    pub(super) connection_timeout: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) write_timeout: Option<Duration>,
    pub(super) localhost: Option<String>,
    pub(super) from: Option<Mailbox>,
    pub(super) warnings: Vec<String>,
}

/// Whose certificates are not checked.
#[derive(Debug)]
pub(super) enum Trusted {
    /// Nobody's.
    Everybody,
    /// Those of these hosts.
    Hosts(Vec<String>),
}

impl Properties {
    /// Reads each; what is wrong goes to the faults, what has no effect to the warnings.
    pub(super) fn read(written: &BTreeMap<String, String>, faults: &mut Vec<SmtpFault>) -> Self {
        let mut properties = Self::default();
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (property, value) in written {
            let (property, value) = (property.trim(), value.trim());
            let short = property.strip_prefix("mail.smtp.").or_else(|| property.strip_prefix("mail.smtps."));
            let Some(short) = short else {
                properties.ignore(format!("`{}` is no property that is known here", shown(property)));
                continue;
            };
            match seen.insert(short.to_owned(), value) {
                Some(other) if other != value => {
                    faults.push(fault(&format!(
                        "`mail.smtp.{0}` and `mail.smtps.{0}` say different things; keep one of them",
                        shown(short)
                    )));
                }
                Some(_) => {}
                None => {
                    if let Err(message) = properties.take(short, property, value) {
                        faults.push(fault(&message));
                    }
                }
            }
        }
        properties
    }

    fn take(&mut self, short: &str, property: &str, value: &str) -> Result<(), String> {
        match short {
            "auth" => self.auth = Some(truth(property, value)?),
            "auth.mechanisms" => self.mechanisms = Some(self.read_mechanisms(property, value)?),
            "starttls.enable" => self.starttls_enable = Some(truth(property, value)?),
            "starttls.required" => self.starttls_required = Some(truth(property, value)?),
            "ssl.enable" => self.ssl_enable = Some(truth(property, value)?),
            "ssl.trust" => self.ssl_trust = Some(Trusted::read(property, value)?),
            "ssl.checkserveridentity" => self.check_server_identity = Some(truth(property, value)?),
            "ssl.protocols" => self.versions = Some(self.read_versions(property, value)?),
            "connectiontimeout" => self.connection_timeout = Some(self.wait(property, value)?),
            "timeout" => self.timeout = Some(self.wait(property, value)?),
            "writetimeout" => self.write_timeout = Some(self.wait(property, value)?),
            "localhost" => self.localhost = Some(hello(property, value)?),
            "from" => {
                let from = Mailbox::at(value).map_err(|wrong| format!("`{property}`: {wrong}"))?;
                self.from = Some(from);
            }
            _ => match FIELDS.iter().find(|(name, _)| *name == short) {
                Some((_, field)) => {
                    self.ignore(format!("`{property}` would only repeat the field {field}"));
                }
                None if UNSUPPORTED.contains(&short) => self.ignore(format!("`{property}` is not supported")),
                None => self.ignore(format!("`{}` is no property that is known here", shown(property))),
            },
        }
        Ok(())
    }

    fn read_mechanisms(&mut self, property: &str, value: &str) -> Result<Vec<Mechanism>, String> {
        let mut mechanisms = Vec::new();
        for name in value.split_whitespace() {
            let known = [Mechanism::Plain, Mechanism::Login].into_iter();
            match known.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name)) {
                Some(mechanism) if mechanisms.contains(&mechanism) => {}
                Some(mechanism) => mechanisms.push(mechanism),
                None => self.ignore(format!("`{}` in `{property}` is not supported", shown(name))),
            }
        }
        if mechanisms.is_empty() {
            return Err(format!("`{property}` names none that is supported; write `PLAIN`, `LOGIN` or both"));
        }
        Ok(mechanisms)
    }

    fn read_versions(&mut self, property: &str, value: &str) -> Result<Versions, String> {
        let mut versions = Versions { tls12: false, tls13: false };
        for name in value.split_whitespace() {
            match name {
                "TLSv1.2" => versions.tls12 = true,
                "TLSv1.3" => versions.tls13 = true,
                _ => self.ignore(format!("`{}` in `{property}` is not supported", shown(name))),
            }
        }
        if versions.tls12 || versions.tls13 {
            Ok(versions)
        } else {
            Err(format!("`{property}` names none that is supported; write `TLSv1.2`, `TLSv1.3` or both"))
        }
    }

    /// Milliseconds. What JavaMail takes for endless ends here after five minutes, like everything longer.
    fn wait(&mut self, property: &str, value: &str) -> Result<Duration, String> {
        let milliseconds: i64 = value
            .parse()
            .map_err(|_| format!("`{property}` is a number of milliseconds, for example `10000`"))?;
        match u64::try_from(milliseconds).map(Duration::from_millis) {
            Ok(wait) if !wait.is_zero() && wait <= LONGEST_WAIT => Ok(wait),
            Ok(_) | Err(_) => {
                self.warnings.push(format!("`{property}` counts as five minutes: no wait is longer here."));
                Ok(LONGEST_WAIT)
            }
        }
    }

    fn ignore(&mut self, what: String) {
        self.warnings.push(what + "; it has no effect.");
    }
}

impl Trusted {
    fn read(property: &str, value: &str) -> Result<Self, String> {
        if value == "*" {
            return Ok(Self::Everybody);
        }
        let hosts: Vec<_> = value.split_whitespace().map(str::to_ascii_lowercase).collect();
        if hosts.is_empty() {
            return Err(format!(
                "`{property}` is `*` for every host, or names of hosts with blanks between them"
            ));
        }
        Ok(Self::Hosts(hosts))
    }
}

/// A fault of the properties.
pub(super) fn fault(message: &str) -> SmtpFault {
    SmtpFault { field: SmtpField::SmtpProperties, message: message.to_owned() }
}

fn truth(property: &str, value: &str) -> Result<bool, String> {
    if value.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if value.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(format!("`{property}` is `true` or `false`"))
    }
}

/// What we call ourselves: a host's name, or an address in brackets (RFC 5321 §4.1.3).
fn hello(property: &str, value: &str) -> Result<String, String> {
    let is_fit = !value.is_empty()
        && value.len() <= 255
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    if is_fit {
        Ok(value.to_owned())
    } else {
        Err(format!("`{property}` is a host's name, for example `patgate.example.org`"))
    }
}

/// What somebody wrote, fit for a sentence.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() && *character != '`').take(100).collect()
}
