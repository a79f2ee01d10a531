//! Telling the server who we are (RFC 4954).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Connection;
use super::exchange::refusal;
use super::reply::Reply;
use crate::mail::fault::MailFault;
use crate::mail::report::{Report, StepName};
use crate::mail::server::{Credentials, Mechanism};

/// The server waits for the next part.
const GO_ON: u16 = 334;
/// It does not know the command, or the mechanism.
const UNKNOWN: [u16; 4] = [500, 502, 503, 504];

/// Signs in by the first mechanism that the server offers.
///
/// A server that offers none is tried all the same, once the connection is encrypted: some offer AUTH after STARTTLS only,
/// and never under TLS from the first byte, and take it.
pub(super) async fn sign_in(
    connection: &mut Connection,
    credentials: &Credentials,
    is_encrypted: bool,
    report: &mut Report,
) -> Result<(), MailFault> {
    let step = StepName::Authentication;
    if !is_encrypted && !credentials.may_go_in_the_clear {
        return Err(MailFault::permanent(
            step,
            "the connection is not encrypted, and the password is not sent in the clear; use a server with STARTTLS, or \
             port 465",
        ));
    }
    let offered = connection.abilities.mechanisms.clone();
    let (tried, is_offered): (Vec<_>, bool) = if offered.is_empty() {
        (credentials.mechanisms.clone(), false)
    } else {
        let is_offered = |mechanism: &Mechanism| connection.abilities.offers(*mechanism);
        (credentials.mechanisms.iter().copied().filter(is_offered).collect(), true)
    };
    let mut refused = None;
    for mechanism in tried {
        let reply = by(connection, credentials, mechanism).await?;
        let note = if is_offered { "" } else { ", although the server does not offer it" };
        if reply.is_positive() {
            let detail =
                format!("signed in as `{}` by {}{note}", shown(&credentials.username), mechanism.name());
            report.done(step, detail, Some(connection.words(&reply)));
            return Ok(());
        }
        let mut fault = refusal(step, &reply, &connection.blanked);
        fault.detail = format!("{} ({}{note})", fault.detail, mechanism.name());
        // A second wrong password would only bring the account nearer to its lock.
        if !UNKNOWN.contains(&reply.code) {
            return Err(fault);
        }
        refused = Some(fault);
    }
    Err(refused.unwrap_or_else(|| {
        let ours: Vec<_> = credentials.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
        let detail = format!("the server does not take a password by {}", ours.join(" or "));
        MailFault::permanent(step, detail)
            .with_words(connection.blanked.clean(&format!("AUTH {}", offered.join(" "))))
    }))
}

async fn by(
    connection: &mut Connection,
    credentials: &Credentials,
    mechanism: Mechanism,
) -> Result<Reply, MailFault> {
    let step = StepName::Authentication;
    let (username, password) = (&credentials.username, credentials.password.reveal());
    match mechanism {
        Mechanism::Plain => {
            let message = Zeroizing::new(format!("\0{username}\0{password}"));
            let encoded = Zeroizing::new(STANDARD.encode(message.as_bytes()));
            let command = Zeroizing::new(format!("AUTH PLAIN {}", *encoded));
            connection.ask(step, &command).await
        }
        Mechanism::Login => {
            let mut reply = connection.ask(step, "AUTH LOGIN").await?;
            for part in [username.as_str(), password] {
                if reply.code != GO_ON {
                    break;
                }
                let encoded = Zeroizing::new(STANDARD.encode(part));
                reply = connection.ask(step, &encoded).await?;
            }
            Ok(reply)
        }
    }
}

/// A log-in name for a sentence.
fn shown(username: &str) -> String {
    username.chars().filter(|character| !character.is_control()).take(100).collect()
}
