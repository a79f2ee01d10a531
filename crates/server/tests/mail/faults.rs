//! What goes wrong, and what is made of it.

use patgate_server::mail::{FaultKind, Mail, SmtpFields, SmtpServer, StepName};
use patgate_testkit::ports;
use patgate_testkit::servers::mail::{MailServer, Way};

use super::{fields, mail, opened, refused};

#[tokio::test]
async fn the_servers_own_words_are_told() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    let mut connection = opened(&server).await;
    for (to, words) in [
        ("reject", "550 5.1.1 no such mailbox here"),
        ("full", "452 4.2.2 mailbox full"),
        ("greylist", "451 4.7.1 greylisted, come again"),
        ("spam", "554 5.7.1 this looks like spam"),
        ("later", "451 4.3.0 try again later"),
    ] {
        let fault = connection.deliver(&mail(1, &format!("{to}@example.org"))).await.unwrap_err();
        assert_eq!(fault.words.as_deref(), Some(words));
        assert!(!fault.is_of_the_server() && fault.to_string().ends_with(words), "{fault}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_early_is_a_fault_that_may_pass() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    for to in ["busy", "hang-up"] {
        let mut connection = opened(&server).await;
        let fault = connection.deliver(&mail(1, &format!("{to}@example.org"))).await.unwrap_err();
        assert_eq!((fault.step, fault.kind), (StepName::Recipient, FaultKind::Temporary), "{fault}");
        assert!(!connection.is_open(), "{to}");
        let fault = connection.deliver(&mail(2, "ann@example.org")).await.unwrap_err();
        assert_eq!((fault.kind, fault.detail.as_str()), (FaultKind::Temporary, "the connection is closed"));
        connection.close().await;
    }
    // So long that the server hangs up while it is being sent.
    let long = Mail { text: ("word ".repeat(14) + "\n").repeat(250_000), ..mail(1, "cut@example.org") };
    let fault = opened(&server).await.deliver(&long).await.unwrap_err();
    assert_eq!((fault.step, fault.kind), (StepName::Message, FaultKind::Temporary), "{fault}");
    assert_eq!(mails.kept(), []);
}

#[tokio::test]
async fn a_message_that_was_handed_over_and_not_answered_may_have_arrived() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &["timeout=400"])).unwrap();
    for (number, to) in (1..).zip(["lost", "mute"]) {
        let mut connection = opened(&server).await;
        let fault = connection.deliver(&mail(number, &format!("{to}@example.org"))).await.unwrap_err();
        assert_eq!((fault.step, fault.kind), (StepName::Message, FaultKind::Unknown), "{fault}");
        assert!(!connection.is_open());
    }
    assert_eq!(mails.kept().len(), 2, "both had arrived");
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_from_one_that_is_silent() {
    let mails = MailServer::start();
    for (way, kind, words) in [
        (Way::Silent, FaultKind::Temporary, "the server said nothing for 400 ms"),
        (Way::Closes, FaultKind::Temporary, "the server closed the connection"),
        (Way::Babbles, FaultKind::Permanent, "its answer does not end"),
        (Way::Web, FaultKind::Permanent, "begins with no number"),
    ] {
        let server = SmtpServer::read(&fields(&mails, way, &["timeout=400"])).unwrap();
        let (fault, _) = refused(&server).await;
        assert_eq!((fault.step, fault.kind), (StepName::Greeting, kind), "{way:?}: {fault}");
        assert!(fault.detail.contains(words) && fault.is_of_the_server(), "{way:?}: {fault}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_may_come_back() {
    let fields = |host: &str, port| SmtpFields {
        host: host.to_owned(),
        port,
        from_address: "patgate@example.org".to_owned(),
        properties: super::written(&["connectiontimeout=3000"]),
        ..SmtpFields::default()
    };
    let closed = SmtpServer::read(&fields("127.0.0.1", ports::free())).unwrap();
    let (fault, report) = refused(&closed).await;
    assert_eq!((fault.step, fault.kind), (StepName::Connect, FaultKind::Temporary), "{fault}");
    assert_eq!(report.steps.len(), 2);
    let unknown = SmtpServer::read(&fields("no-such-host.invalid", 25)).unwrap();
    let (fault, _) = refused(&unknown).await;
    assert_eq!((fault.step, fault.kind), (StepName::Resolve, FaultKind::Temporary), "{fault}");
}
