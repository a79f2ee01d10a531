//! A mail that an administrator sends to see whether a server works, alone and with every step told.

use std::time::Duration;

use jiff::Timestamp;
use rand_core::CryptoRng;

use super::address::Mailbox;
use super::connection::{Accepted, Connection};
use super::fault::{FaultKind, MailFault};
use super::message::{Mail, MessageId};
use super::report::{Report, StepName};
use super::server::SmtpServer;

const SUBJECT: &str = "Test mail from Patgate";

/// The longest that opening a connection, handing over one mail, or both for a trial, may take, whatever the server's own
/// limits for each step are.
pub const LONGEST: Duration = Duration::from_secs(300);

/// Sends a test mail and tells each step; the last one says how it ended. Takes [`LONGEST`] at most.
pub async fn test(server: &SmtpServer, to: &Mailbox, now: Timestamp, random: &mut impl CryptoRng) -> Report {
    try_out(server, &mail(server, to, now, random)).await.0
}

/// Hands one mail over on a connection of its own, and tells each step and what came of it. Takes [`LONGEST`] at most.
pub async fn try_out(server: &SmtpServer, mail: &Mail) -> (Report, Result<Accepted, MailFault>) {
    let mut report = Report::default();
    let outcome = tokio::time::timeout(LONGEST, hand_over(server, mail, &mut report)).await;
    let outcome = outcome.unwrap_or_else(|_| {
        let step = report.steps.last().map_or(StepName::Connect, |step| step.name);
        let detail = format!("the mail server took more than {} s in all after this", LONGEST.as_secs());
        let fault = MailFault { step, kind: FaultKind::Temporary, detail, words: None };
        report.fail(&fault);
        Err(fault)
    });
    (report, outcome)
}

async fn hand_over(server: &SmtpServer, mail: &Mail, report: &mut Report) -> Result<Accepted, MailFault> {
    let mut connection = Connection::open(server, report).await?;
    let delivered = connection.deliver_telling(mail, report).await;
    connection.close().await;
    delivered
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
