//! The mail that an administrator sends to see whether a server works.

use jiff::Timestamp;
use rand_core::CryptoRng;

use super::address::Mailbox;
use super::connection::Connection;
use super::message::{Mail, MessageId};
use super::report::Report;
use super::server::SmtpServer;

const SUBJECT: &str = "Test mail from Patgate";

/// Sends a test mail and tells each step; the last one says how it ended.
///
/// It takes as long as the server's properties allow for each step: somebody who does not want to wait drops the future,
/// and the connection with it.
pub async fn test(server: &SmtpServer, to: &Mailbox, now: Timestamp, random: &mut impl CryptoRng) -> Report {
    let mut report = Report::default();
    let mail = mail(server, to, now, random);
    // Both tell the report what went wrong.
    if let Ok(mut connection) = Connection::open(server, &mut report).await {
        let _ = connection.deliver_telling(&mail, &mut report).await;
        connection.close().await;
    }
    report
}

fn mail(server: &SmtpServer, to: &Mailbox, now: Timestamp, random: &mut impl CryptoRng) -> Mail {
    Mail {
        message_id: MessageId::new(server.from(), random),
        from: server.from().clone(),
        to: to.clone(),
        subject: SUBJECT.to_owned(),
        html: Some(
            "<!doctype html>\n<html><body><p>This mail server works: Patgate can send its mails through it.</p>\
             <p>Somebody pressed <strong>Send Test Mail</strong>. You need not do anything.</p></body></html>\n"
                .to_owned(),
        ),
        text: "This mail server works: Patgate can send its mails through it.\n\n\
               Somebody pressed Send Test Mail. You need not do anything.\n"
            .to_owned(),
        date: now,
    }
}
