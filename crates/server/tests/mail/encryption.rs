//! TLS: when there is any, and whose certificates are believed.

use patgate_server::mail::{FaultKind, Outcome, SmtpServer, StepName};
use patgate_server::tls::Authorities;
use patgate_testkit::certificates::Authority;
use patgate_testkit::servers::mail::{MailServer, Way};

use super::{believing, fields, mail, open, opened, refused};

#[tokio::test]
async fn behaviour_70_a_connection_is_encrypted_as_the_properties_say() {
    let mails = MailServer::start();
    let without_auth = [
        (Way::Offered, vec![], "TLS 1.3", true),
        (Way::Offered, vec!["starttls.required=true"], "TLS 1.3", true),
        (Way::Offered, vec!["ssl.protocols=TLSv1.2"], "TLS 1.2", true),
        (Way::ImplicitLogin, vec!["ssl.enable=true"], "TLS 1.3", true),
        (Way::ImplicitLogin, vec!["ssl.enable=true", "ssl.protocols=TLSv1 TLSv1.2"], "TLS 1.2", true),
        (Way::Offered, vec!["starttls.enable=false"], "`mail.smtp.starttls.enable` is `false`", false),
        (Way::Plain, vec!["starttls.enable=true"], "the server does not offer STARTTLS", false),
    ];
    for (number, (way, properties, words, is_encrypted)) in (1..).zip(&without_auth) {
        let server = believing(&mails, &fields(&mails, *way, properties));
        let (connection, report) = open(&server).await;
        connection.unwrap().deliver(&mail(number, "ann@example.org")).await.unwrap();
        let step = report.steps.iter().find(|step| step.name == StepName::Tls).unwrap();
        assert!(step.detail.contains(words), "{way:?} {properties:?}: {}", step.detail);
        assert_eq!(step.outcome == Outcome::Done, *is_encrypted);
        assert_eq!(mails.kept().last().unwrap().is_encrypted, *is_encrypted);
        assert_eq!(report.tls.is_some(), *is_encrypted);
        if let Some(tls) = report.tls {
            assert_eq!((tls.subject.as_str(), tls.issuer.as_str()), ("CN=good", "CN=Patgate test authority"));
            assert!(step.detail.contains(&tls.expires_at.unwrap().strftime("%Y-%m-%d").to_string()));
        }
    }
}

#[tokio::test]
async fn behaviour_70_nothing_is_sent_where_encryption_is_required_and_not_to_be_had() {
    let mails = MailServer::start();
    for (way, properties, words) in [
        (Way::Plain, vec!["starttls.required=true"], "does not offer STARTTLS"),
        (Way::Plain, vec!["ssl.enable=true"], "does not speak TLS"),
        (Way::Injects, vec![], "more than it was asked"),
    ] {
        let (fault, _) = refused(&believing(&mails, &fields(&mails, way, &properties))).await;
        assert_eq!((fault.step, fault.kind), (StepName::Tls, FaultKind::Permanent), "{fault}");
        assert!(fault.detail.contains(words), "{fault}");
    }
    // A server that speaks TLS at once waits for us, as we wait for it.
    let (fault, _) = refused(&believing(&mails, &fields(&mails, Way::Implicit, &["timeout=400"]))).await;
    assert_eq!((fault.step, fault.kind), (StepName::Greeting, FaultKind::Temporary), "{fault}");
    let implicit = ["ssl.enable=true", "timeout=400"];
    let (fault, _) = refused(&believing(&mails, &fields(&mails, Way::Silent, &implicit))).await;
    assert_eq!((fault.step, fault.kind), (StepName::Tls, FaultKind::Temporary), "{fault}");
    assert_eq!(mails.kept(), []);
}

#[tokio::test]
async fn a_certificate_is_believed_only_where_it_may_be() {
    let mails = MailServer::start();
    let others = Authorities::from_file(&Authority::create().certificate()).unwrap();
    let (ours, strangers) = (true, false);
    // The strangers' authority bears the same name as ours, and has another key.
    let signature = "BadSignature";
    for (way, properties, knows_authority, refusal) in [
        (Way::Offered, vec![], ours, None),
        (Way::Offered, vec![], strangers, Some(signature)),
        (Way::ImplicitLogin, vec!["ssl.enable=true"], strangers, Some(signature)),
        (Way::Offered, vec!["ssl.trust=*"], strangers, None),
        (Way::Offered, vec!["ssl.trust=mail.test LOCALHOST"], strangers, None),
        (Way::Offered, vec!["ssl.trust=mail.test"], strangers, Some(signature)),
        (Way::OtherName, vec![], ours, Some("other.example")),
        (Way::OtherName, vec!["ssl.checkserveridentity=true"], ours, Some("other.example")),
        (Way::OtherName, vec!["ssl.checkserveridentity=false"], ours, None),
        (Way::OtherName, vec!["ssl.checkserveridentity=false"], strangers, Some(signature)),
        (Way::OtherName, vec!["ssl.trust=*"], strangers, None),
    ] {
        let fields = fields(&mails, way, &properties);
        let server = if knows_authority {
            believing(&mails, &fields)
        } else {
            SmtpServer::read(&fields).unwrap().trusting(others.clone())
        };
        let Some(refusal) = refusal else {
            opened(&server).await.close().await;
            continue;
        };
        let (fault, report) = refused(&server).await;
        assert_eq!((fault.step, fault.kind), (StepName::Tls, FaultKind::Permanent), "{fault}");
        assert!(
            fault.detail.contains("not trusted") && fault.detail.contains(refusal),
            "{properties:?}: {fault}"
        );
        let shown = report.tls.unwrap();
        assert_eq!((shown.version, shown.issuer.as_str()), (None, "CN=Patgate test authority"));
    }
}
