//! From what was filled in to a server: the rules between fields, port and properties.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use url::Host;

use super::properties::{Properties, Trusted, fault};
use super::{
    Checks, Credentials, Encryption, Limits, Mechanism, SmtpFault, SmtpField, SmtpFields, SmtpServer,
    Versions,
};
use crate::mail::address::{Mailbox, NotAMailbox};

/// TLS from the first byte (RFC 8314 §3.3).
const SUBMISSIONS: u16 = 465;
/// For people and programs with an account (RFC 6409).
const SUBMISSION: u16 = 587;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
const VERDICT: Duration = Duration::from_secs(5 * 60);
/// The longest log-in name and the longest password, in bytes.
const LONGEST_CREDENTIAL: usize = 1024;

/// The server, or all that is wrong with it.
pub(super) fn settle(
    fields: &SmtpFields,
    mut properties: Properties,
    mut faults: Vec<SmtpFault>,
) -> Result<SmtpServer, Vec<SmtpFault>> {
    let wrong = |field, message: &dyn ToString| SmtpFault { field, message: message.to_string() };
    let host = host(&fields.host);
    if host.is_none() {
        faults.push(wrong(
            SmtpField::Host,
            &"Write the name or the address of the mail server, such as `smtp.example.org`",
        ));
    }
    if fields.port == 0 {
        faults.push(wrong(SmtpField::Port, &"Write the port of the mail server: usually 25, 465 or 587"));
    }
    let from = fields.from_address.parse::<Mailbox>();
    let test_address = given(fields.test_address.as_deref()).map(str::parse::<Mailbox>).transpose();
    let complaint =
        |field, _: &NotAMailbox| wrong(field, &"Write one mail address, such as `patgate@example.org`");
    faults.extend(from.as_ref().err().map(|fault| complaint(SmtpField::FromAddress, fault)));
    faults.extend(test_address.as_ref().err().map(|fault| complaint(SmtpField::TestAddress, fault)));
    let encryption = encryption(fields.port, &mut properties);
    let credentials = credentials(fields, encryption, &mut properties, &mut faults);
    let checks = checks(&fields.host, encryption, &mut properties);
    let (Some((host, name)), Ok(from), Ok(test_address), true) =
        (host, from, test_address, faults.is_empty())
    else {
        return Err(faults);
    };
    Ok(SmtpServer {
        host,
        name,
        port: fields.port,
        encryption,
        checks,
        versions: properties.versions.unwrap_or(Versions { tls12: true, tls13: true }),
        credentials,
        limits: Limits {
            connect: properties.connection_timeout.unwrap_or(CONNECT),
            read: properties.timeout.unwrap_or(ANSWER),
            verdict: properties.timeout.unwrap_or(VERDICT),
            write: properties.write_timeout.unwrap_or(ANSWER),
        },
        hello: properties.localhost,
        sender: properties.from.unwrap_or_else(|| from.clone()),
        authorities: None,
        from,
        test_address,
        warnings: properties.warnings,
    })
}

/// The host as it is looked up, and as its certificate should name it.
fn host(written: &str) -> Option<(String, ServerName<'static>)> {
    let written = written.trim();
    let address = written.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(written);
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some((address.to_string(), ServerName::IpAddress(address.into())));
    }
    match Host::parse(written.strip_suffix('.').unwrap_or(written)).ok()? {
        Host::Domain(name) => Some((name.clone(), ServerName::try_from(name).ok()?)),
        Host::Ipv4(address) => Some((address.to_string(), ServerName::IpAddress(IpAddr::V4(address).into()))),
        Host::Ipv6(address) => Some((address.to_string(), ServerName::IpAddress(IpAddr::V6(address).into()))),
    }
}

/// `ssl.enable` goes before STARTTLS, and `starttls.required` before `starttls.enable`, as in JavaMail; without them the
/// port decides.
fn encryption(port: u16, properties: &mut Properties) -> Encryption {
    let encryption = if properties.ssl_enable.unwrap_or(port == SUBMISSIONS) {
        Encryption::Implicit
    } else if properties.starttls_required == Some(true) {
        Encryption::Required
    } else if properties.starttls_enable == Some(false) {
        Encryption::Never
    } else if properties.starttls_required.is_none() && port == SUBMISSION {
        Encryption::Required
    } else {
        Encryption::Offered
    };
    match encryption {
        Encryption::Never => properties.warnings.push(
            "`mail.smtp.starttls.enable=false`: nothing is encrypted, and everybody on the way can read the mails."
                .to_owned(),
        ),
        Encryption::Offered if port == SUBMISSION || port == SUBMISSIONS => properties.warnings.push(format!(
            "The connection to port {port} is encrypted only when the server offers it, because a property says so."
        )),
        Encryption::Offered | Encryption::Required | Encryption::Implicit => {}
    }
    encryption
}

/// What to sign in with, if anything.
fn credentials(
    fields: &SmtpFields,
    encryption: Encryption,
    properties: &mut Properties,
    faults: &mut Vec<SmtpFault>,
) -> Option<Credentials> {
    let username = given(fields.username.as_deref());
    let password = fields.password.as_ref().filter(|password| !password.reveal().is_empty());
    let mut refuse = |field, message: &str| faults.push(SmtpFault { field, message: message.to_owned() });
    let is_unfit = |text: &str| text.len() > LONGEST_CREDENTIAL || text.contains('\0');
    if username.is_some_and(is_unfit) {
        refuse(SmtpField::Username, "The username is too long, or holds a NUL");
    }
    if password.is_some_and(|password| is_unfit(password.reveal())) {
        refuse(SmtpField::Password, "The password is too long, or holds a NUL");
    }
    let must_sign_in = properties.auth == Some(true);
    let (Some(username), Some(password)) = (username, password) else {
        match (username, password) {
            (None, _) if must_sign_in => {
                refuse(SmtpField::Username, "`mail.smtp.auth=true` needs a username");
            }
            (_, None) if must_sign_in => {
                refuse(SmtpField::Password, "`mail.smtp.auth=true` needs a password");
            }
            (Some(_), None) => {
                properties
                    .warnings
                    .push("The username is not used, because there is no password.".to_owned());
            }
            (None, Some(_)) => {
                properties
                    .warnings
                    .push("The password is not used, because there is no username.".to_owned());
            }
            (None | Some(_), None | Some(_)) => {}
        }
        return None;
    };
    if properties.auth == Some(false) {
        properties.warnings.push("`mail.smtp.auth=false`: username and password are not used.".to_owned());
        return None;
    }
    let may_go_in_the_clear = encryption == Encryption::Never && must_sign_in;
    if may_go_in_the_clear {
        properties.warnings.push(
            "`mail.smtp.auth=true` with `mail.smtp.starttls.enable=false`: the password is sent unencrypted, and \
             everybody on the way can read it."
                .to_owned(),
        );
    } else if encryption == Encryption::Never {
        faults.push(fault(
            "`mail.smtp.starttls.enable=false` would send the password unencrypted: remove it, or write \
             `mail.smtp.auth=true` beside it if that is what you want",
        ));
    }
    Some(Credentials {
        username: username.to_owned(),
        password: password.clone(),
        mechanisms: properties.mechanisms.take().unwrap_or_else(|| vec![Mechanism::Plain, Mechanism::Login]),
        may_go_in_the_clear,
    })
}

/// A host that is trusted whatever it shows need not name itself rightly either: nothing vouches for the name.
fn checks(host: &str, encryption: Encryption, properties: &mut Properties) -> Checks {
    let host = host.trim();
    let is_trusted = match &properties.ssl_trust {
        None => false,
        Some(Trusted::Everybody) => true,
        Some(Trusted::Hosts(hosts)) => {
            let names_it = hosts.iter().any(|name| name.eq_ignore_ascii_case(host));
            if !names_it {
                properties.warnings.push(
                    "`mail.smtp.ssl.trust` does not name the host; its certificate is checked as usual."
                        .to_owned(),
                );
            }
            names_it
        }
    };
    if encryption == Encryption::Never {
        return Checks::All;
    }
    if is_trusted {
        properties.warnings.push(
            "`mail.smtp.ssl.trust`: the certificate is not checked, so that another server could pose as this one."
                .to_owned(),
        );
        return Checks::Nothing;
    }
    if properties.check_server_identity == Some(false) {
        properties.warnings.push(
            "`mail.smtp.ssl.checkserveridentity=false`: any server with a valid certificate could pose as this one."
                .to_owned(),
        );
        return Checks::AnyName;
    }
    Checks::All
}

/// What was filled in, unless it is blank.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
