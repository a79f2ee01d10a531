//! One mail over an open connection (RFC 5321 §3.3).

use super::exchange::{CLOSING, failure, refusal};
use super::wire::WireFault;
use super::{Accepted, Connection};
use crate::mail::fault::{FaultKind, MailFault};
use crate::mail::message::Mail;
use crate::mail::report::{Report, StepName};

/// The server waits for the message.
const GO_ON: u16 = 354;
/// How much of a message is written at once, so that the limit of time counts for a piece and not for the whole.
const PIECE: usize = 64 * 1024;

/// Hands it over; every step that went well is in the report, the fault is not.
pub(super) async fn deliver(
    connection: &mut Connection,
    mail: &Mail,
    report: &mut Report,
) -> Result<Accepted, MailFault> {
    let message = mail.formatted().map_err(|error| {
        MailFault::permanent(StepName::Message, format!("the message cannot be written: {error}"))
    })?;
    let announced = announce(connection, mail, message.len(), report).await;
    if announced.is_err() {
        connection.reset().await;
    }
    announced?;
    hand_over(connection, &message, report).await
}

/// The message is longer than the server takes (RFC 1870 §6.1).
const TOO_LONG: u16 = 552;

/// Sender, recipient, and leave to send the message.
async fn announce(
    connection: &mut Connection,
    mail: &Mail,
    size: usize,
    report: &mut Report,
) -> Result<(), MailFault> {
    let sender = connection.sender.address().to_owned();
    let recipient = mail.to.address();
    let is_ascii = sender.is_ascii() && recipient.is_ascii() && mail.from.address().is_ascii();
    if !is_ascii && !connection.abilities.smtputf8 {
        let detail = "the server takes no addresses outside ASCII (SMTPUTF8)";
        return Err(MailFault::permanent(StepName::Recipient, detail));
    }
    let mut command = format!("MAIL FROM:<{sender}>");
    if connection.abilities.size {
        command += &format!(" SIZE={size}");
    }
    if !is_ascii {
        command += " SMTPUTF8";
    }
    let reply = connection.ask(StepName::Sender, &command).await?;
    if !reply.is_positive() {
        // RFC 1870 §6.1: the message is too long for it, which says nothing about the sender.
        let step = if reply.code == TOO_LONG { StepName::Message } else { StepName::Sender };
        return Err(refusal(step, &reply, &connection.blanked));
    }
    report.done(
        StepName::Sender,
        format!("the server takes mails of {sender}"),
        Some(connection.words(&reply)),
    );
    let reply = connection.demand(StepName::Recipient, &format!("RCPT TO:<{recipient}>")).await?;
    let words = Some(connection.words(&reply));
    report.done(StepName::Recipient, format!("the server takes mails to {recipient}"), words);
    let reply = connection.ask(StepName::Message, "DATA").await?;
    if reply.code == GO_ON { Ok(()) } else { Err(refusal(StepName::Message, &reply, &connection.blanked)) }
}

/// The message, and the server's verdict about it.
async fn hand_over(
    connection: &mut Connection,
    message: &[u8],
    report: &mut Report,
) -> Result<Accepted, MailFault> {
    let (step, limits) = (StepName::Message, connection.limits);
    connection.is_open = false;
    // All but the end: up to here the server cannot have taken it, whatever goes wrong.
    for piece in protected(message).chunks(PIECE) {
        connection.wire.send(piece, limits.write).await.map_err(|fault| failure(step, &fault))?;
    }
    let unknown = |fault: WireFault| {
        let MailFault { detail, .. } = failure(step, &fault);
        let detail = format!("{detail} after the message was handed over; it may have been taken");
        MailFault { step, kind: FaultKind::Unknown, detail, words: None }
    };
    connection.awaits_verdict = true;
    connection.wire.send(b".\r\n", limits.write).await.map_err(unknown)?;
    let reply = connection.wire.reply(limits.verdict).await.map_err(unknown)?;
    connection.awaits_verdict = false;
    connection.is_open = reply.code != CLOSING;
    if !reply.is_positive() {
        return Err(refusal(step, &reply, &connection.blanked));
    }
    let words = connection.words(&reply);
    report.done(step, "the server has taken the message", Some(words.clone()));
    Ok(Accepted { words })
}

/// The message as it goes over the wire: every line ends with CRLF, nothing else is a CR or LF, and no line is a dot alone
/// (RFC 5321 §4.5.2), so that nothing in it can end it.
fn protected(message: &[u8]) -> Vec<u8> {
    let mut protected = Vec::with_capacity(message.len() + message.len() / 50 + 2);
    let mut bytes = message.iter().copied().peekable();
    let mut is_line_start = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' && bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                protected.extend_from_slice(b"\r\n");
                is_line_start = true;
            }
            _ => {
                if is_line_start && byte == b'.' {
                    protected.push(b'.');
                }
                protected.push(byte);
                is_line_start = false;
            }
        }
    }
    if !is_line_start {
        protected.extend_from_slice(b"\r\n");
    }
    protected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_line_of_a_message_ends_it() {
        assert_eq!(protected(b"a\r\n.\r\nQUIT\r\n"), b"a\r\n..\r\nQUIT\r\n");
        // Ends of lines that some servers take and others do not (SMTP smuggling).
        assert_eq!(protected(b"a\n.\n.\rb\r.\r\r\n..c"), b"a\r\n..\r\n..\r\nb\r\n..\r\n\r\n...c\r\n");
        assert_eq!(protected(b""), b"");
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_end_comes_once(message in "[.a\r\n]{0,30}") {
            let wire = String::from_utf8(protected(message.as_bytes())).unwrap() + ".\r\n";
            let end = wire.find("\r\n.\r\n").map_or(0, |at| at + 2);
            prop_assert_eq!(end + 3, wire.len());
            prop_assert!(!wire.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
