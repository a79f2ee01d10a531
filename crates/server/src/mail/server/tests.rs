//! What is read, refused and warned of in the fields of a mail server.

use super::*;

fn fields(port: u16, properties: &[(&str, &str)]) -> SmtpFields {
    SmtpFields {
        host: "smtp.example.org".to_owned(),
        port,
        from_address: "patgate@example.org".to_owned(),
        properties: properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..SmtpFields::default()
    }
}

fn with_password(port: u16, properties: &[(&str, &str)]) -> SmtpFields {
    SmtpFields {
        username: Some("mailer".to_owned()),
        password: Some(Secret::new("secret".to_owned())),
        ..fields(port, properties)
    }
}

fn read(port: u16, properties: &[(&str, &str)]) -> SmtpServer {
    SmtpServer::read(&fields(port, properties)).unwrap()
}

fn refused(fields: &SmtpFields) -> Vec<(&'static str, String)> {
    let faults = SmtpServer::read(fields).unwrap_err();
    faults.into_iter().map(|fault| (fault.field.property(), fault.to_string())).collect()
}

#[test]
fn the_port_decides_over_encryption_until_a_property_does() {
    use Encryption::{Implicit, Never, Offered, Required};
    let (enable, required, ssl) =
        ("mail.smtp.starttls.enable", "mail.smtp.starttls.required", "mail.smtp.ssl.enable");
    for (port, properties, expected) in [
        (25, vec![], Offered),
        (465, vec![], Implicit),
        (587, vec![], Required),
        (2525, vec![], Offered),
        (587, vec![(enable, "true")], Required),
        (587, vec![(required, "false")], Offered),
        (587, vec![(enable, "false")], Never),
        (25, vec![(enable, "true")], Offered),
        (25, vec![(enable, "false")], Never),
        (25, vec![(enable, "false"), (required, "true")], Required),
        (25, vec![(ssl, "TRUE")], Implicit),
        (587, vec![("mail.smtps.ssl.enable", "true")], Implicit),
        (465, vec![(ssl, "false")], Offered),
    ] {
        assert_eq!(read(port, &properties).encryption, expected, "{port} {properties:?}");
    }
}

#[test]
fn behaviour_71_without_properties_all_is_checked_and_no_wait_is_endless() {
    let server = read(587, &[]);
    assert_eq!((server.checks, server.warnings()), (Checks::All, &[][..]));
    assert_eq!(server.versions, Versions { tls12: true, tls13: true });
    let seconds = Duration::from_secs;
    let limits =
        Limits { connect: seconds(10), read: seconds(30), verdict: seconds(300), write: seconds(30) };
    assert_eq!(server.limits, limits);
    assert!(server.credentials.is_none() && server.test_address().is_none());
}

#[test]
fn every_property_with_a_meaning_is_honoured() {
    let written = [
        ("mail.smtp.auth", "true"),
        ("mail.smtp.auth.mechanisms", "LOGIN XOAUTH2 plain LOGIN"),
        ("mail.smtp.connectiontimeout", "1000"),
        ("mail.smtp.timeout", "2000"),
        ("mail.smtp.writetimeout", "3000"),
        ("mail.smtp.ssl.protocols", "TLSv1.3 SSLv3"),
        ("mail.smtp.ssl.checkserveridentity", "false"),
        ("mail.smtp.localhost", "patgate.example.org"),
        (" mail.smtps.from ", " bounces@example.org "),
    ];
    let server = SmtpServer::read(&with_password(587, &written)).unwrap();
    let credentials = server.credentials.as_ref().unwrap();
    assert_eq!(credentials.mechanisms, [Mechanism::Login, Mechanism::Plain]);
    let milliseconds = Duration::from_millis;
    assert_eq!(
        server.limits,
        Limits {
            connect: milliseconds(1000),
            read: milliseconds(2000),
            verdict: milliseconds(2000),
            write: milliseconds(3000)
        }
    );
    assert_eq!(server.versions, Versions { tls12: false, tls13: true });
    assert_eq!(server.checks, Checks::AnyName);
    assert_eq!(server.hello.as_deref(), Some("patgate.example.org"));
    assert_eq!(
        (server.sender.address(), server.from().address()),
        ("bounces@example.org", "patgate@example.org")
    );
    let warnings = server.warnings().join("\n");
    for part in ["`XOAUTH2` in `mail.smtp.auth.mechanisms`", "`SSLv3`", "checkserveridentity=false"] {
        assert!(warnings.contains(part), "{warnings}");
    }
}

#[test]
fn behaviour_71_a_wait_that_would_be_endless_ends_after_five_minutes() {
    for endless in ["0", "-1", "300001", "9223372036854775807"] {
        let server = read(25, &[("mail.smtp.timeout", endless)]);
        assert_eq!(server.limits.read, Duration::from_secs(300), "{endless}");
        assert!(server.warnings()[0].contains("`mail.smtp.timeout` counts as five minutes"));
    }
}

#[test]
fn a_property_without_effect_is_accepted_and_named() {
    let properties = [
        ("mail.smtp.sasl.enable", "true"),
        ("mail.smtp.host", "other.example.org"),
        ("mail.smtp.colour", "blue"),
        ("mail.imap.host", "imap.example.org"),
        ("mail.smtp.ssl.trust", "other.example.org"),
    ];
    assert_eq!(
        read(587, &properties).warnings(),
        [
            "`mail.imap.host` is no property that is known here; it has no effect.",
            "`mail.smtp.colour` is no property that is known here; it has no effect.",
            "`mail.smtp.host` would only repeat the field Host; it has no effect.",
            "`mail.smtp.sasl.enable` is not supported; it has no effect.",
            "`mail.smtp.ssl.trust` does not name the host; its certificate is checked as usual.",
        ]
    );
}

#[test]
fn what_is_weaker_than_usual_is_warned_of() {
    for (properties, words) in [
        (vec![("mail.smtp.ssl.trust", "*")], "the certificate is not checked"),
        (vec![("mail.smtp.ssl.trust", "a SMTP.example.org")], "the certificate is not checked"),
        (vec![("mail.smtp.starttls.enable", "false")], "nothing is encrypted"),
        (vec![("mail.smtp.starttls.required", "false")], "only when the server offers it"),
    ] {
        let warnings = read(587, &properties).warnings().join("\n");
        assert!(warnings.contains(words), "{properties:?}: {warnings}");
    }
    let unused = SmtpServer::read(&with_password(587, &[("mail.smtp.auth", "false")])).unwrap();
    assert!(unused.credentials.is_none() && unused.warnings()[0].contains("are not used"));
    let half = SmtpFields { password: None, ..with_password(587, &[]) };
    assert_eq!(
        SmtpServer::read(&half).unwrap().warnings(),
        ["The username is not used, because there is no password."]
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let properties = [
        ("mail.smtp.auth", "yes"),
        ("mail.smtp.auth.mechanisms", "XOAUTH2"),
        ("mail.smtp.ssl.protocols", "SSLv3"),
        ("mail.smtp.ssl.trust", " "),
        ("mail.smtp.timeout", "soon"),
        ("mail.smtp.localhost", "a\r\nRCPT"),
        ("mail.smtp.from", "<>\r\nRCPT TO:<eve@example.org>"),
        ("mail.smtp.starttls.enable", "true"),
        ("mail.smtps.starttls.enable", "false"),
    ];
    let fields = SmtpFields {
        host: "no host".to_owned(),
        port: 0,
        from_address: "nobody".to_owned(),
        test_address: Some("a@b\r\n".to_owned() + "c"),
        ..fields(0, &properties)
    };
    let faults = refused(&fields);
    let named: Vec<_> = faults.iter().map(|(field, _)| *field).collect();
    assert_eq!(
        named,
        [vec!["smtpProperties"; 8], vec!["host", "port", "fromAddress", "testAddress"]].concat()
    );
    for (property, (_, message)) in
        ["auth`", "mechanisms", "from", "localhost", "protocols", "trust"].iter().zip(&faults)
    {
        assert!(message.contains(property), "{message}");
    }
}

#[test]
fn a_password_is_not_promised_to_a_wire_that_everybody_reads() {
    let never = [("mail.smtp.starttls.enable", "false")];
    let faults = refused(&with_password(587, &never));
    assert_eq!(faults[0].0, "smtpProperties");
    assert!(faults[0].1.contains("unencrypted"), "{faults:?}");
    let plainly = [never[0], ("mail.smtp.auth", "true")];
    let server = SmtpServer::read(&with_password(587, &plainly)).unwrap();
    assert!(server.credentials.as_ref().unwrap().may_go_in_the_clear);
    assert!(server.warnings().iter().any(|warning| warning.contains("the password is sent unencrypted")));
    // On a connection that is to be encrypted the same words allow nothing.
    let offered = SmtpServer::read(&with_password(25, &[("mail.smtp.auth", "true")])).unwrap();
    assert!(!offered.credentials.as_ref().unwrap().may_go_in_the_clear);
    assert!(!format!("{server:?}").contains("secret"));
}

#[test]
fn a_sign_in_that_is_asked_for_needs_both() {
    let asked = [("mail.smtp.auth", "true")];
    assert_eq!(refused(&fields(587, &asked))[0].0, "username");
    let half = SmtpFields { password: None, ..with_password(587, &asked) };
    assert_eq!(refused(&half)[0].0, "password");
    let blank = SmtpFields { username: Some("  ".to_owned()), ..with_password(587, &[]) };
    assert!(SmtpServer::read(&blank).unwrap().credentials.is_none());
}

#[test]
fn a_host_is_a_name_or_an_address() {
    for (written, host) in [
        ("smtp.example.org", "smtp.example.org"),
        (" SMTP.example.org. ", "smtp.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
    ] {
        let fields = SmtpFields { host: written.to_owned(), ..fields(25, &[]) };
        assert_eq!(SmtpServer::read(&fields).unwrap().host(), host);
    }
    for written in ["", "a b", "a/b", "https://a", "a:25", "a\r\nb", "-"] {
        let fields = SmtpFields { host: written.to_owned(), ..fields(25, &[]) };
        assert!(SmtpServer::read(&fields).is_err(), "{written:?}");
    }
}
