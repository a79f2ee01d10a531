//! Mails to a real mail server, in every way it can be set up and with every fault it can have.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be prepared or read fails the test, and the message says where"
)]

mod authentication;
mod delivery;
mod encryption;
mod faults;
mod test_mail;

use std::collections::BTreeMap;

use patgate_server::configuration::Secret;
use patgate_server::mail::{
    Connection, Mail, MailFault, Mailbox, Outcome, Report, SmtpFields, SmtpServer, StepName,
};
use patgate_server::tls::Authorities;
use patgate_testkit::servers::mail::{MailServer, PASSWORD, USER, Way};

/// A server, as an administrator describes it in one of its ways: `name=value` for each property.
fn fields(server: &MailServer, way: Way, properties: &[&str]) -> SmtpFields {
    SmtpFields {
        host: "localhost".to_owned(),
        port: server.port(way),
        from_address: "Patgate <patgate@example.org>".to_owned(),
        properties: written(properties),
        ..SmtpFields::default()
    }
}

/// The same, with the right username and password.
fn signed_in(server: &MailServer, way: Way, properties: &[&str]) -> SmtpFields {
    SmtpFields {
        username: Some(USER.to_owned()),
        password: Some(Secret::new(PASSWORD.to_owned())),
        ..fields(server, way, properties)
    }
}

fn written(properties: &[&str]) -> BTreeMap<String, String> {
    properties
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("mail.smtp.{name}"), value.to_owned()))
        .collect()
}

/// One that believes the server's own authority.
fn believing(server: &MailServer, fields: &SmtpFields) -> SmtpServer {
    SmtpServer::read(fields).unwrap().trusting(Authorities::from_file(&server.authority()).unwrap())
}

async fn open(server: &SmtpServer) -> (Result<Connection, MailFault>, Report) {
    let mut report = Report::default();
    let opened = Connection::open(server, &mut report).await;
    if let Err(fault) = &opened {
        let failed = report.failed().unwrap();
        assert_eq!((failed.name, &failed.detail, &failed.words), (fault.step, &fault.detail, &fault.words));
    }
    (opened, report)
}

/// Opens a connection that must work.
async fn opened(server: &SmtpServer) -> Connection {
    open(server).await.0.unwrap()
}

/// Why a connection does not work, and how far it came.
async fn refused(server: &SmtpServer) -> (MailFault, Report) {
    let (opened, report) = open(server).await;
    (opened.unwrap_err(), report)
}

fn mail(number: u32, to: &str) -> Mail {
    Mail {
        message_id: format!("{number}@example.org").parse().unwrap(),
        from: "Patgate <patgate@example.org>".parse().unwrap(),
        to: to.parse().unwrap(),
        subject: "Your access token expires".to_owned(),
        html: None,
        text: "It expires tomorrow.\n".to_owned(),
        date: "2026-11-22T01:00:00Z".parse().unwrap(),
    }
}

/// Names and outcomes of a report.
fn steps(report: &Report) -> Vec<(StepName, Outcome)> {
    report.steps.iter().map(|step| (step.name, step.outcome)).collect()
}

fn mailbox(address: &str) -> Mailbox {
    address.parse().unwrap()
}
