//! What goes wrong, and what is made of it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

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
async fn behaviour_71_what_is_no_mail_server_is_told_from_one_that_is_silent() {
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

#[tokio::test]
async fn who_takes_nothing_is_given_up_after_the_time_for_writing() {
    // Says yes to everything, and does not read the message.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (finished, wait) = std::sync::mpsc::channel::<()>();
    let talking = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut stream = stream;
        stream.write_all(b"220 mail.test\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            let is_data = line.starts_with("DATA");
            stream.write_all(if is_data { b"354 go on\r\n" } else { b"250 ok\r\n" }).unwrap();
            if is_data {
                let _ = wait.recv();
                return;
            }
        }
    });
    let fields = SmtpFields { host: "127.0.0.1".to_owned(), port, ..plain(&["writetimeout=300"]) };
    let server = SmtpServer::read(&fields).unwrap();
    // More than the buffers of both ends hold.
    let long = Mail { text: ("word ".repeat(14) + "\n").repeat(500_000), ..mail(1, "ann@example.org") };
    let fault = opened(&server).await.deliver(&long).await.unwrap_err();
    assert_eq!((fault.step, fault.kind), (StepName::Message, FaultKind::Temporary), "{fault}");
    assert!(fault.detail.contains("took nothing for 300 ms"), "{fault}");
    drop(finished);
    talking.join().unwrap();
}

#[tokio::test]
async fn who_takes_no_connection_is_given_up_after_the_time_for_connecting() {
    // Its queue is full: whoever connects waits for an answer that does not come.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let limit = std::time::Duration::from_millis(300);
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, limit) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "its queue is never full");
    }
    let (host, port) = ("127.0.0.1".to_owned(), address.port());
    let fields = SmtpFields { host, port, ..plain(&["connectiontimeout=300"]) };
    let (fault, _) = refused(&SmtpServer::read(&fields).unwrap()).await;
    assert_eq!((fault.step, fault.kind), (StepName::Connect, FaultKind::Temporary), "{fault}");
    assert!(fault.detail.contains("no answer within 300 ms"), "{fault}");
}

/// An administrator's fields without a host.
fn plain(properties: &[&str]) -> SmtpFields {
    SmtpFields {
        from_address: "patgate@example.org".to_owned(),
        properties: super::written(properties),
        ..SmtpFields::default()
    }
}
