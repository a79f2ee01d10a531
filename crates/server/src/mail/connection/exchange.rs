//! A command and its answer.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use super::Connection;
use super::reply::Reply;
use super::wire::{Wire, WireFault};
use crate::mail::fault::{FaultKind, MailFault};
use crate::mail::report::StepName;
use crate::mail::server::Limits;
use crate::mail::words::Blanked;

/// The server is about to end the connection (RFC 5321 §3.8).
pub(super) const CLOSING: u16 = 421;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);

impl Connection {
    /// Sends a command, without its line end, and reads the answer, whatever it is.
    pub(super) async fn ask(&mut self, step: StepName, command: &str) -> Result<Reply, MailFault> {
        if !self.is_open {
            return Err(MailFault::temporary(step, "the connection is closed"));
        }
        self.is_open = false;
        let reply = ask(&mut self.wire, step, command, self.limits).await?;
        self.is_open = reply.code != CLOSING;
        Ok(reply)
    }

    /// The same, when only a positive answer will do.
    pub(super) async fn demand(&mut self, step: StepName, command: &str) -> Result<Reply, MailFault> {
        let reply = self.ask(step, command).await?;
        if reply.is_positive() { Ok(reply) } else { Err(refusal(step, &reply, &self.blanked)) }
    }

    /// Forgets a mail that was refused, so that the next one can go (RFC 5321 §4.1.1.5).
    pub(super) async fn reset(&mut self) {
        if self.is_open && self.demand(StepName::Sender, "RSET").await.is_err() {
            self.is_open = false;
        }
    }

    pub(super) async fn say_goodbye(&mut self) {
        let limit = FAREWELL.min(self.limits.read);
        if self.wire.send(b"QUIT\r\n", limit).await.is_ok() {
            // RFC 5321 §4.1.1.10: one should wait for the answer; whatever it is, this was all.
            let _ = self.wire.reply(limit).await;
        }
    }

    /// The server's words as they may be shown.
    pub(super) fn words(&self, reply: &Reply) -> String {
        self.blanked.clean(&reply.text())
    }
}

/// Sends a command, without its line end, and reads the answer.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    step: StepName,
    command: &str,
    limits: Limits,
) -> Result<Reply, MailFault> {
    // Every part was checked where it came in; a line break in a command would be the start of another one.
    if command.contains(['\r', '\n', '\0']) {
        return Err(MailFault::permanent(step, "a command with a line break in it is not sent"));
    }
    // Wiped, because it may hold the password.
    let line = Zeroizing::new(format!("{command}\r\n"));
    wire.send(line.as_bytes(), limits.write).await.map_err(|fault| failure(step, &fault))?;
    wire.reply(limits.read).await.map_err(|fault| failure(step, &fault))
}

/// A refusal by the server.
pub(super) fn refusal(step: StepName, reply: &Reply, blanked: &Blanked) -> MailFault {
    let (kind, detail) = match step {
        _ if reply.code == CLOSING => (FaultKind::Temporary, "the server is closing the connection"),
        _ if reply.is_temporary() => (FaultKind::Temporary, "the server refused for now"),
        StepName::Authentication => (FaultKind::Permanent, "the server did not let us in"),
        StepName::Sender => (FaultKind::Permanent, "the server refused the sender"),
        StepName::Recipient => (FaultKind::Permanent, "the server refused the recipient"),
        StepName::Message => (FaultKind::Permanent, "the server refused the message"),
        StepName::Resolve | StepName::Connect | StepName::Tls | StepName::Greeting => {
            (FaultKind::Permanent, "the server refused")
        }
    };
    MailFault { step, kind, detail: detail.to_owned(), words: Some(blanked.clean(&reply.text())) }
}

/// A connection that does not work.
pub(super) fn failure(step: StepName, fault: &WireFault) -> MailFault {
    match fault {
        WireFault::NotSmtp(_) => MailFault::permanent(step, fault.to_string()),
        WireFault::Silent(_) | WireFault::Stuck(_) | WireFault::Closed | WireFault::Broken(_) => {
            MailFault::temporary(step, fault.to_string())
        }
    }
}
