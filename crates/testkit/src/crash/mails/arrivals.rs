//! The mails that arrived at the mail server, by the token that they are about.

use std::collections::{BTreeMap, BTreeSet};

use crate::servers::mail::MailServer;

/// How long the name of a token of a trial is.
pub(super) const NAME: usize = "due-0000-000".len();

/// What has arrived so far.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    seen: usize,
    /// The Message-IDs of the mails about each token, in their order.
    ids: BTreeMap<String, Vec<String>>,
}

impl Arrivals {
    /// Takes in what arrived since the last look.
    pub(super) fn look(&mut self, server: &MailServer) {
        for mail in server.kept_after(self.seen) {
            let text = mail.text.as_deref().unwrap_or_default();
            let at = text.find("due-").unwrap_or_else(|| panic!("a mail about nothing:\n{text}"));
            let id = mail.header("Message-ID").first().copied().unwrap_or_default();
            self.ids.entry(text[at..at + NAME].to_owned()).or_default().push(id.to_owned());
            self.seen += 1;
        }
    }

    /// How many mails there are; one that came again counts again.
    pub(super) fn copies(&self) -> i64 {
        self.seen as i64
    }

    /// Each of these tokens has one mail, and no other token has any; or the same one again, for a crash. How many came
    /// again. Whether they were planned twice is not seen here: the outbox tells.
    pub(super) fn judge(self, due: impl Iterator<Item = String>) -> u32 {
        let due: BTreeSet<String> = due.collect();
        let told: BTreeSet<String> = self.ids.keys().cloned().collect();
        let forgotten: Vec<_> = due.difference(&told).collect();
        assert!(forgotten.is_empty(), "nobody was told of {forgotten:?}");
        assert_eq!(told.len(), due.len());
        let mut repeated = 0;
        for (name, mut ids) in self.ids {
            repeated += ids.len() - 1;
            ids.dedup();
            assert_eq!(ids.len(), 1, "{name} has mails that are not the same");
        }
        repeated as u32
    }
}
