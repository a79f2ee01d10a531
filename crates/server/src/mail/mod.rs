//! Mail: what a mail server is ([`SmtpServer`]), what is sent to it ([`Mail`]), how ([`Connection`]), and the texts that
//! administrators write ([`template`]).
//!
//! The commands are spoken over a stream of our own, because each wait has its own limit, the TLS version and the
//! certificate are shown to the administrator, and nobody's answer may be longer than we are willing to read. Messages
//! are put together by lettre.
//!
//! Two rules hold throughout. A password is sent over an encrypted connection only, unless the administrator has written
//! that it may go in the clear (see [`SmtpServer::read`]); and no text that a person or a server chose becomes a line of
//! its own in a command, a header, or a report.

mod address;
mod certificate;
mod connection;
mod fault;
mod message;
mod report;
mod server;
pub mod template;
mod test_mail;
mod words;

pub use address::{Mailbox, NotAMailbox};
pub use connection::{Accepted, Connection};
pub use fault::{FaultKind, MailFault};
pub use message::{Mail, MessageId, NotAMessageId};
pub use report::{Outcome, Report, Step, StepName, TlsFacts};
pub use server::{SmtpFault, SmtpField, SmtpFields, SmtpServer};
pub use test_mail::{LONGEST, test, try_out};
