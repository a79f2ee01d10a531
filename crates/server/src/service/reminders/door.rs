//! The way into the mail server: the first connection of a round signs in before others are opened, so that a wrong password
//! is tried once and not on each of them, which would bring the account nearer to its lock.

use tokio::sync::Mutex;

use crate::mail::{self, Connection, FaultKind, MailFault, Report, SmtpServer, StepName};

/// The way into one mail server, for one round.
pub(super) struct Door<'w> {
    server: &'w SmtpServer,
    seen: Mutex<Seen>,
}

/// How it went so far.
enum Seen {
    /// Nobody has tried.
    Nothing,
    /// Somebody was let in.
    Open,
    /// Nobody is let in, for this reason.
    Shut(MailFault),
}

impl<'w> Door<'w> {
    pub(super) fn new(server: &'w SmtpServer) -> Self {
        Self { server, seen: Mutex::new(Seen::Nothing) }
    }

    /// Opens a connection, once the first one is in. After it was refused, or a password later on, nobody knocks again.
    ///
    /// # Errors
    /// [`MailFault`], which is of the server.
    pub(super) async fn open(&self) -> Result<Connection, MailFault> {
        let mut seen = self.seen.lock().await;
        match &*seen {
            Seen::Shut(fault) => return Err(fault.clone()),
            Seen::Nothing => {
                let opened = self.knock().await;
                *seen = opened.as_ref().map_or_else(|fault| Seen::Shut(fault.clone()), |_| Seen::Open);
                return opened;
            }
            Seen::Open => drop(seen),
        }
        let opened = self.knock().await;
        if let Err(fault) = &opened
            && fault.step == StepName::Authentication
        {
            *self.seen.lock().await = Seen::Shut(fault.clone());
        }
        opened
    }

    async fn knock(&self) -> Result<Connection, MailFault> {
        let mut report = Report::default();
        let opening = Connection::open(self.server, &mut report);
        tokio::time::timeout(mail::LONGEST, opening).await.unwrap_or_else(|_| {
            let detail = "the mail server took too long".to_owned();
            Err(MailFault { step: StepName::Connect, kind: FaultKind::Temporary, detail, words: None })
        })
    }
}
