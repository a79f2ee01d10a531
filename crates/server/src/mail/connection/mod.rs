//! A connection to a mail server, over which mails go one after the other.

mod deliver;
mod exchange;
mod open;
mod reply;
mod sign_in;
mod tls;
mod wire;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::address::Mailbox;
use super::fault::MailFault;
use super::message::Mail;
use super::report::Report;
use super::server::{Limits, SmtpServer};
use super::words::Blanked;
use reply::Abilities;
use wire::Wire;

/// An open connection: encrypted and signed in as the server's properties want it.
///
/// It is given up after a fault that leaves the conversation in doubt, and when a delivery is not awaited to its end;
/// [`Connection::is_open`] tells.
pub struct Connection {
    wire: Wire<Either<TcpStream, TlsStream<TcpStream>>>,
    limits: Limits,
    abilities: Abilities,
    blanked: Blanked,
    sender: Mailbox,
    /// False while a command is under way, so that a dropped future leaves a connection that nobody uses.
    is_open: bool,
    /// Whether a message went whole, and its answer has not come.
    awaits_verdict: bool,
}

/// A mail that the server has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The server's own words: printable, 500 characters at most. Many name the mail in their queue.
    pub words: String,
}

impl Connection {
    /// Connects, encrypts and signs in; what happened on the way is added to the report, the fault too.
    ///
    /// Takes as long as the server's properties allow for each step; each address of the host is tried, eight at most.
    ///
    /// # Errors
    /// [`MailFault`], temporary unless the server or a certificate refused.
    pub async fn open(server: &SmtpServer, report: &mut Report) -> Result<Self, MailFault> {
        let opened = open::open(server, report).await;
        if let Err(fault) = &opened {
            report.fail(fault);
        }
        opened
    }

    /// Hands a mail over.
    ///
    /// After a refusal the connection is fit for the next mail. A fault that is [`super::FaultKind::Unknown`] means that the
    /// message went whole and no answer came.
    ///
    /// # Errors
    /// [`MailFault`].
    pub async fn deliver(&mut self, mail: &Mail) -> Result<Accepted, MailFault> {
        self.deliver_telling(mail, &mut Report::default()).await
    }

    /// The same; each step is added to the report, the fault too.
    ///
    /// # Errors
    /// [`MailFault`].
    pub async fn deliver_telling(&mut self, mail: &Mail, report: &mut Report) -> Result<Accepted, MailFault> {
        let delivered = deliver::deliver(self, mail, report).await;
        if let Err(fault) = &delivered {
            report.fail(fault);
        }
        delivered
    }

    /// Whether another mail can be handed over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether a message went whole and was not answered: somebody who gave up waiting cannot know whether it was taken.
    #[must_use]
    pub fn awaits_verdict(&self) -> bool {
        self.awaits_verdict
    }

    /// Takes leave (QUIT). Nothing depends on the server's answer.
    pub async fn close(mut self) {
        if self.is_open {
            self.say_goodbye().await;
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").field("is_open", &self.is_open).finish_non_exhaustive()
    }
}
