//! Whose fault it is when mails are refused for good, or never answered: that of each recipient, or that of the mail server,
//! which refuses everybody alike (a relay that does not know us, a quota that is used up), or has fallen silent.

use std::collections::BTreeSet;

/// So many recipients, refused alike in a row, are too many to be at fault themselves; so are as many mails in a row at which
/// the server fell silent.
const ALIKE: usize = 3;
/// The mailbox does not exist, or takes no mails (RFC 3463 §3.2 and §3.3): it is the mailbox of whom it is said.
const OF_A_MAILBOX: [&str; 2] = ["5.1.1", "5.2.1"];

/// The refusals of a round of sending that nothing has decided about yet, and the silences. `M` is what the caller keeps of a mail.
#[derive(Clone, Debug)]
pub struct Refusals<M> {
    mails: Vec<M>,
    recipients: BTreeSet<String>,
    /// What was said of them all.
    gist: String,
    /// At how many mails in a row the server fell silent.
    silences: usize,
    /// Whether the server has taken a mail in this round.
    has_taken: bool,
    /// Whether the server is at fault.
    is_over: bool,
}

/// Whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<M> {
    /// That of the recipients of these mails, which have failed. None: what comes next will tell.
    OfRecipients(Vec<M>),
    /// That of the server: these mails, and all others, wait.
    OfServer(Vec<M>),
}

impl<M> Default for Refusals<M> {
    fn default() -> Self {
        let (mails, recipients, gist) = (Vec::new(), BTreeSet::new(), String::new());
        Self { mails, recipients, gist, silences: 0, has_taken: false, is_over: false }
    }
}

impl<M> Refusals<M> {
    /// The server took a mail: what it refused before, it refused because of the recipients. Their mails.
    pub fn taken(&mut self) -> Vec<M> {
        self.has_taken = true;
        self.silences = 0;
        self.recipients.clear();
        std::mem::take(&mut self.mails)
    }

    /// The server refused a mail to a recipient for good, with these words, the number first (`550 5.7.1 no relaying`).
    ///
    /// The third recipient in a row of whom the same is said shows that it is no fault of theirs. Words are the same
    /// whatever addresses, numbers and names of queues stand in them. A server that says of a mailbox that it is not there is
    /// believed when it has taken another mail in this round.
    pub fn refused(&mut self, mail: M, recipient: &str, words: &str) -> Verdict<M> {
        if self.is_over {
            return Verdict::OfServer(vec![mail]);
        }
        if self.has_taken && OF_A_MAILBOX.contains(&words.split_whitespace().nth(1).unwrap_or_default()) {
            return Verdict::OfRecipients(vec![mail]);
        }
        self.silences = 0;
        let gist = gist(words, recipient);
        let mut decided = Vec::new();
        if gist != self.gist {
            decided = std::mem::take(&mut self.mails);
            self.recipients.clear();
            self.gist = gist;
        }
        self.mails.push(mail);
        self.recipients.insert(recipient.to_lowercase());
        if self.recipients.len() < ALIKE {
            return Verdict::OfRecipients(decided);
        }
        self.is_over = true;
        Verdict::OfServer(std::mem::take(&mut self.mails))
    }

    /// The server refused a mail for now: it is not silent.
    pub fn put_off(&mut self) {
        self.silences = 0;
    }

    /// The server said nothing about a mail, or broke the connection. The third in a row shows that it would be so with every
    /// other: whether the server is at fault.
    pub fn silent(&mut self) -> bool {
        self.silences += 1;
        self.is_over |= self.silences >= ALIKE;
        self.is_over
    }

    /// The round is over: the mails about which nothing was decided.
    #[must_use]
    pub fn undecided(self) -> Vec<M> {
        self.mails
    }
}

/// A server's words without the addresses in them, for who may not see whom mails go to.
#[must_use]
pub fn without_addresses(words: &str) -> String {
    let word = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    words.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// What is said, whoever it is said of.
fn gist(words: &str, recipient: &str) -> String {
    let local = recipient.rsplit_once('@').map_or(recipient, |(local, _)| local).to_lowercase();
    let words = words.to_lowercase();
    let says = |(at, word): &(usize, &str)| {
        let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        // The numbers of RFC 5321 §4.2 and RFC 3463 stand in front; another one names a message or a time.
        *at < 2
            || !(word.contains('@') || word.contains(|letter: char| letter.is_ascii_digit()) || bare == local)
    };
    let said = words.split_whitespace().enumerate().filter(says);
    said.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RELAY: &str = "554 5.7.1 Relay access denied";

    fn person(number: u32) -> String {
        format!("person{number}@example.org")
    }

    #[test]
    fn the_third_recipient_who_is_refused_alike_shows_that_the_server_is_at_fault() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.refused(1, &person(1), RELAY), Verdict::OfRecipients(vec![]));
        assert_eq!(refusals.refused(2, &person(2), RELAY), Verdict::OfRecipients(vec![]));
        assert_eq!(refusals.refused(3, &person(3), RELAY), Verdict::OfServer(vec![1, 2, 3]));
        // What was under way on another connection.
        assert_eq!(refusals.refused(4, &person(4), "550 no"), Verdict::OfServer(vec![4]));
        assert_eq!(refusals.undecided(), [0; 0]);
    }

    #[test]
    fn a_mail_that_is_taken_shows_that_recipients_are_at_fault() {
        let mut refusals = Refusals::default();
        refusals.refused(1, &person(1), RELAY);
        refusals.refused(2, &person(2), RELAY);
        assert_eq!(refusals.taken(), [1, 2]);
        assert_eq!(refusals.refused(3, &person(3), RELAY), Verdict::OfRecipients(vec![]), "counted anew");
        assert_eq!(refusals.undecided(), [3]);
    }

    #[test]
    fn other_words_and_the_same_recipient_show_nothing() {
        let mut refusals = Refusals::default();
        for number in 0..9 {
            assert_eq!(refusals.refused(number, "Ann@example.org", RELAY), Verdict::OfRecipients(vec![]));
            assert_eq!(
                refusals.refused(number + 100, "ann@example.org", RELAY),
                Verdict::OfRecipients(vec![])
            );
        }
        let Verdict::OfRecipients(failed) = refusals.refused(200, "bob@example.org", "550 5.7.1 go away")
        else {
            panic!("two recipients, and two reasons");
        };
        assert_eq!(failed.len(), 18);
        refusals.refused(201, "cid@example.org", "550 5.7.1 go away");
        assert_eq!(
            refusals.refused(202, "dan@example.org", "552 too long"),
            Verdict::OfRecipients(vec![200, 201])
        );
    }

    #[test]
    fn the_same_is_said_whatever_names_and_numbers_stand_in_it() {
        for words in [
            [
                "550 5.7.1 <person1@example.org>: no",
                "550 5.7.1 <person2@example.org>: no",
                "550 5.7.1 <x@y>: No",
            ],
            ["550 no such user: person1", "550 no such user: person2", "550 no such user: person3"],
            ["554 quota, q12-20a05si1", "554 quota, q7-20a05si2", "554 quota, 99"],
        ] {
            let mut refusals = Refusals::default();
            let said =
                (1..).zip(words).map(|(number, words)| refusals.refused(number, &person(number), words));
            assert_eq!(said.last().unwrap(), Verdict::OfServer(vec![1, 2, 3]), "{words:?}");
        }
        let mut refusals = Refusals::default();
        for (number, words) in (1..).zip(["550 5.7.1 no", "550 5.7.2 no", "554 5.7.2 no"]) {
            assert!(matches!(refusals.refused(number, &person(number), words), Verdict::OfRecipients(_)));
        }
    }

    #[test]
    fn a_server_that_takes_mails_is_believed_about_mailboxes() {
        let gone = "550 5.1.1 no such mailbox";
        let mut refusals = Refusals::default();
        refusals.taken();
        for number in 0..9 {
            assert_eq!(refusals.refused(number, &person(number), gone), Verdict::OfRecipients(vec![number]));
        }
        // One that takes none at all may be the wrong server.
        let mut refusals = Refusals::default();
        let said = (1..=3).map(|number| refusals.refused(number, &person(number), gone));
        assert_eq!(said.last().unwrap(), Verdict::OfServer(vec![1, 2, 3]));
    }

    #[test]
    fn the_third_silence_in_a_row_shows_that_the_server_is_at_fault() {
        let mut refusals = Refusals::default();
        let hear: [fn(&mut Refusals<u32>); 3] = [
            |refusals| drop(refusals.taken()),
            Refusals::put_off,
            |refusals| drop(refusals.refused(9, &person(9), "550 no")),
        ];
        for hear in hear {
            assert!(!refusals.silent() && !refusals.silent());
            hear(&mut refusals);
        }
        assert!(!refusals.silent() && !refusals.silent() && refusals.silent());
        assert_eq!(refusals.refused(4, &person(4), "550 no"), Verdict::OfServer(vec![4]));
    }

    #[test]
    fn addresses_are_left_out() {
        assert_eq!(without_addresses("550 <ann@example.org>: no, ann@x"), "550 … no, …");
    }

    proptest! {
        #[test]
        fn every_mail_is_decided_about_once(events in prop::collection::vec((0u32..4, 0u32..3), 0..40)) {
            let (mut refusals, mut decided, mut refused) = (Refusals::default(), Vec::new(), Vec::new());
            for (number, (recipient, words)) in events.into_iter().enumerate() {
                if recipient == 0 {
                    decided.extend(refusals.taken());
                    continue;
                }
                refused.push(number);
                let words = ["550 5.1.1 gone", "554 spam", "554 relay"][words as usize];
                match refusals.refused(number, &person(recipient), words) {
                    Verdict::OfRecipients(mails) | Verdict::OfServer(mails) => decided.extend(mails),
                }
            }
            decided.extend(refusals.undecided());
            decided.sort_unstable();
            prop_assert_eq!(decided, refused);
        }
    }
}
