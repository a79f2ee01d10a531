//! What arrives.

use patgate_server::mail::{FaultKind, Mail, SmtpServer, StepName};
use patgate_testkit::servers::mail::{MailServer, Way};

use super::{fields, mail, mailbox, opened};

#[tokio::test]
async fn behaviour_69_a_mail_arrives_as_it_was_written_its_html_as_html() {
    let mails = MailServer::start();
    let properties = ["from=bounces@example.org", "localhost=patgate.example.org"];
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &properties)).unwrap();
    let text = "Grüße,\n.\n..\nQUIT\nfrom a line that is long: ".to_owned() + "word ".repeat(300).as_str();
    let mail = Mail {
        from: mailbox("patgate@example.org").named("Pätgate, Inc. \"tokens\""),
        to: mailbox("ann@example.org").named("Ann Müller"),
        subject: "Zugriffstoken „nächtlicher Bericht“ läuft ab – ".to_owned()
            + "und noch mehr ".repeat(12).as_str(),
        html: Some("<p>Grüße,</p>\n.\n<p>bye</p>\n".to_owned()),
        text: text.clone(),
        ..mail(1, "ann@example.org")
    };
    let mut connection = opened(&server).await;
    let accepted = connection.deliver(&mail).await.unwrap();
    assert_eq!(accepted.words, "250 2.0.0 queued as 0001");
    connection.close().await;

    let [kept] = &mails.kept()[..] else { panic!("not one mail: {:?}", mails.kept()) };
    assert_eq!((&*kept.sender, &*kept.hello), ("bounces@example.org", "patgate.example.org"));
    assert_eq!(kept.recipients, ["ann@example.org"]);
    assert_eq!(kept.parts, ["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(kept.header("Subject"), [mail.subject.trim()]);
    assert_eq!(kept.header("From"), ["\"Pätgate, Inc. \\\"tokens\\\"\" <patgate@example.org>"]);
    assert_eq!(kept.header("To"), ["Ann Müller <ann@example.org>"]);
    assert_eq!(kept.header("Message-ID"), ["<1@example.org>"]);
    assert_eq!(kept.header("Date"), ["Sun, 22 Nov 2026 01:00:00 +0000"]);
    assert_eq!(kept.header("Auto-Submitted"), ["auto-generated"]);
    assert_eq!(kept.header("MIME-Version"), ["1.0"]);
    let unix = |body: &Option<String>| body.clone().unwrap().replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(unix(&kept.text), text.trim_end());
    assert_eq!(unix(&kept.html), mail.html.unwrap().trim_end());
    assert!(kept.source.is_ascii() && kept.source.lines().all(|line| line.len() <= 998));
}

#[tokio::test]
async fn a_mail_that_is_sent_again_is_the_same_to_the_byte() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    let mail = Mail { html: Some("<p>It expires.</p>".to_owned()), ..mail(1, "ann@example.org") };
    for _ in 0..2 {
        let mut connection = opened(&server).await;
        connection.deliver(&mail).await.unwrap();
        connection.close().await;
    }
    let kept = mails.kept();
    assert_eq!((kept.len(), &kept[0].source), (2, &kept[1].source));
    // Without a name of ours, the server is told our address.
    assert_eq!((&*kept[0].hello, &*kept[0].sender), ("[127.0.0.1]", "patgate@example.org"));
}

#[tokio::test]
async fn several_mails_go_over_one_connection_and_a_refusal_stops_none() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    let mut connection = opened(&server).await;
    let mut outcomes = Vec::new();
    for (number, to) in
        (1..).zip(["ann", "reject", "bob", "full", "spam", "cara", "later", "greylist", "greylist"])
    {
        let outcome = connection.deliver(&mail(number, &format!("{to}@example.org"))).await;
        assert!(connection.is_open(), "after {to}");
        outcomes.push((to, outcome.err().map(|fault| (fault.step, fault.kind))));
    }
    let (recipient, message) = (StepName::Recipient, StepName::Message);
    assert_eq!(
        outcomes,
        [
            ("ann", None),
            ("reject", Some((recipient, FaultKind::Permanent))),
            ("bob", None),
            ("full", Some((recipient, FaultKind::Temporary))),
            ("spam", Some((message, FaultKind::Permanent))),
            ("cara", None),
            ("later", Some((message, FaultKind::Temporary))),
            ("greylist", Some((recipient, FaultKind::Temporary))),
            ("greylist", None),
        ]
    );
    let arrived: Vec<_> = mails.kept().iter().flat_map(|kept| kept.recipients.clone()).collect();
    assert_eq!(arrived, ["ann@example.org", "bob@example.org", "cara@example.org", "greylist@example.org"]);
}

#[tokio::test]
async fn no_field_becomes_a_header_or_a_command_of_its_own() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    let evil = "x\r\nBcc: eve@example.org\r\n\r\nbody\r\n.\r\nRCPT TO:<eve@example.org>\r\n";
    let mail = Mail {
        from: mailbox("patgate@example.org").named(evil),
        to: mailbox("ann@example.org").named(evil),
        subject: evil.to_owned(),
        html: Some(evil.to_owned()),
        text: evil.to_owned(),
        ..mail(1, "ann@example.org")
    };
    opened(&server).await.deliver(&mail).await.unwrap();
    let [kept] = &mails.kept()[..] else { panic!("not one mail: {:?}", mails.kept()) };
    assert_eq!(kept.recipients, ["ann@example.org"]);
    assert_eq!(kept.header("Bcc"), [""; 0]);
    assert_eq!(kept.header("Subject"), ["x Bcc: eve@example.org body . RCPT TO:<eve@example.org>"]);
    let names: Vec<_> = kept.headers.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "Date",
        "Message-ID",
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
    ];
    assert_eq!(names, expected);
    assert_eq!(kept.text.as_deref().unwrap().replace("\r\n", "\n"), evil.replace("\r\n", "\n"));
}

#[tokio::test]
async fn an_address_outside_ascii_needs_a_server_that_takes_it() {
    let mails = MailServer::start();
    let mail = mail(1, "jörg@bücher.example");
    let narrow = SmtpServer::read(&fields(&mails, Way::Ascii, &[])).unwrap();
    let mut connection = opened(&narrow).await;
    let fault = connection.deliver(&mail).await.unwrap_err();
    assert_eq!((fault.step, fault.kind), (StepName::Recipient, FaultKind::Permanent));
    assert!(fault.detail.contains("SMTPUTF8") && connection.is_open(), "{fault}");
    let wide = SmtpServer::read(&fields(&mails, Way::Plain, &[])).unwrap();
    opened(&wide).await.deliver(&mail).await.unwrap();
    assert_eq!(mails.kept()[0].recipients, ["jörg@xn--bcher-kva.example"]);
}

#[tokio::test]
async fn a_thousand_mails_go_over_one_connection() {
    let mails = MailServer::start();
    let server = SmtpServer::read(&fields(&mails, Way::Sink, &[])).unwrap();
    let mut connection = opened(&server).await;
    for number in 0..1_000 {
        connection.deliver(&mail(number, "ann@example.org")).await.unwrap();
    }
    connection.close().await;
    let expected: Vec<_> = (0..1_000).map(|number| format!("<{number}@example.org>")).collect();
    assert_eq!(mails.swallowed(), expected);
}
