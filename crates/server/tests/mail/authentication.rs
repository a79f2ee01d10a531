//! Signing in, and where the password goes and does not go.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use patgate_server::configuration::Secret;
use patgate_server::mail::{FaultKind, Outcome, SmtpFields, SmtpServer, StepName};
use patgate_testkit::servers::mail::{MailServer, PASSWORD, USER, Way};

use super::{believing, fields, mail, open, opened, refused, signed_in};

/// Every form in which a password may not be shown.
fn forms(password: &str) -> [String; 3] {
    [password.to_owned(), STANDARD.encode(password), STANDARD.encode(format!("\0{USER}\0{password}"))]
}

#[tokio::test]
async fn the_server_learns_who_we_are_by_a_mechanism_it_offers() {
    let mails = MailServer::start();
    let ways = [
        (Way::Offered, vec![], "PLAIN"),
        (Way::Required, vec!["starttls.required=true", "auth=true"], "PLAIN"),
        (Way::Required, vec!["auth.mechanisms=LOGIN PLAIN"], "LOGIN"),
        (Way::Implicit, vec!["ssl.enable=true"], "PLAIN"),
        (Way::ImplicitLogin, vec!["ssl.enable=true"], "LOGIN"),
        (Way::ImplicitUnannounced, vec!["ssl.enable=true"], "PLAIN"),
    ];
    for (number, (way, properties, mechanism)) in (1..).zip(&ways) {
        let server = believing(&mails, &signed_in(&mails, *way, properties));
        let (connection, report) = open(&server).await;
        connection.unwrap().deliver(&mail(number, "ann@example.org")).await.unwrap();
        let kept = mails.kept().pop().unwrap();
        assert_eq!(
            (kept.user.as_deref(), kept.mechanism.as_deref()),
            (Some(USER), Some(*mechanism)),
            "{way:?}"
        );
        let step = report.steps.last().unwrap();
        assert_eq!(step.name, StepName::Authentication);
        assert!(step.detail.starts_with(&format!("signed in as `{USER}` by {mechanism}")), "{}", step.detail);
        assert!(forms(PASSWORD).iter().all(|form| !format!("{report:?}").contains(form)), "{report:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let mails = MailServer::start();
    let wrong = "not the password";
    for mechanism in ["PLAIN", "LOGIN"] {
        let properties = [&format!("auth.mechanisms={mechanism}"), "ssl.enable=true"];
        let fields = SmtpFields {
            password: Some(Secret::new(wrong.to_owned())),
            ..signed_in(&mails, Way::Implicit, &properties)
        };
        let (fault, report) = refused(&believing(&mails, &fields)).await;
        assert_eq!((fault.step, fault.kind), (StepName::Authentication, FaultKind::Permanent));
        assert!(fault.words.as_deref().unwrap().starts_with("535 "), "{fault}");
        assert!(fault.is_of_the_server() && fault.detail.contains(mechanism), "{fault}");
        let told = format!("{fault} {fault:?} {report:?} {fields:?}");
        assert!(forms(wrong).iter().all(|form| !told.contains(form)), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_what_it_was_told_gives_no_password_away() {
    let mails = MailServer::start();
    let server = believing(&mails, &signed_in(&mails, Way::Repeats, &["ssl.enable=true"]));
    let (fault, report) = refused(&server).await;
    assert_eq!((fault.step, fault.kind), (StepName::Authentication, FaultKind::Permanent), "{fault}");
    assert!(fault.words.as_deref().unwrap().contains("what is"), "{fault}");
    let told = format!("{fault} {report:?}");
    assert!(forms(PASSWORD).iter().all(|form| !told.contains(form)), "{told}");
}

#[tokio::test]
async fn no_password_goes_in_the_clear_unless_it_was_plainly_asked_for() {
    let mails = MailServer::start();
    // One server would take it so, the other does not offer it; neither is asked.
    for (way, properties) in [
        (Way::Clear, vec![]),
        (Way::Clear, vec!["auth=true"]),
        (Way::Clear, vec!["starttls.enable=true", "auth=true"]),
        (Way::Plain, vec![]),
    ] {
        let (fault, _) = refused(&believing(&mails, &signed_in(&mails, way, &properties))).await;
        assert_eq!((fault.step, fault.kind), (StepName::Authentication, FaultKind::Permanent), "{fault}");
        assert!(fault.detail.contains("not sent in the clear") && fault.words.is_none(), "{fault}");
    }
    let halves = signed_in(&mails, Way::Clear, &["starttls.enable=false"]);
    assert!(SmtpServer::read(&halves).unwrap_err()[0].message.contains("unencrypted"));

    let plainly = signed_in(&mails, Way::Clear, &["starttls.enable=false", "auth=true"]);
    let server = SmtpServer::read(&plainly).unwrap();
    assert!(server.warnings().iter().any(|warning| warning.contains("the password is sent unencrypted")));
    opened(&server).await.deliver(&mail(1, "ann@example.org")).await.unwrap();
    let kept = &mails.kept()[0];
    assert_eq!((kept.is_encrypted, kept.user.as_deref()), (false, Some(USER)));
}

#[tokio::test]
async fn a_server_that_cannot_be_signed_in_to_says_what_it_offers() {
    let mails = MailServer::start();
    let properties = ["ssl.enable=true", "auth.mechanisms=PLAIN"];
    let (fault, _) = refused(&believing(&mails, &signed_in(&mails, Way::ImplicitLogin, &properties))).await;
    assert_eq!((fault.step, fault.kind), (StepName::Authentication, FaultKind::Permanent));
    assert_eq!(fault.words.as_deref(), Some("AUTH LOGIN"), "{fault}");

    let nobody = believing(&mails, &fields(&mails, Way::Required, &[]));
    let fault = opened(&nobody).await.deliver(&mail(1, "ann@example.org")).await.unwrap_err();
    assert_eq!((fault.step, fault.kind), (StepName::Sender, FaultKind::Permanent));
    assert!(fault.words.as_deref().unwrap().starts_with("530 ") && fault.is_of_the_server(), "{fault}");
}

#[tokio::test]
async fn behaviour_71_nobody_signs_in_without_a_user_name_or_with_auth_switched_off() {
    let mails = MailServer::start();
    let ways = [
        (1, fields(&mails, Way::Implicit, &["ssl.enable=true"])),
        (2, fields(&mails, Way::Implicit, &["ssl.enable=true", "auth=false"])),
        (3, signed_in(&mails, Way::Implicit, &["ssl.enable=true", "auth=false"])),
    ];
    for (number, fields) in ways {
        let (connection, report) = open(&believing(&mails, &fields)).await;
        let _ = connection.unwrap().deliver(&mail(number, "ann@example.org")).await;
        let step = report.steps.iter().find(|step| step.name == StepName::Authentication).unwrap();
        assert_eq!(step.outcome, Outcome::Skipped, "{number}: {report:?}");
        assert!(mails.kept().iter().all(|kept| kept.user.is_none() && kept.mechanism.is_none()), "{number}");
    }
    let asks = SmtpFields { username: None, ..fields(&mails, Way::Implicit, &["auth=true"]) };
    assert!(SmtpServer::read(&asks).is_err(), "who asks for it says as whom");
}
