//! Asking directories: which of them, for how many at once, and what counts as a wrong password.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use patgate_core::provider::ProviderName;
use patgate_core::throttle::{self, Tried};
use patgate_core::user::{Origin, Username};
use patgate_store::StoreError;

use super::queue::Queue;
use super::{Attempt, Identity, PasswordRefused, PasswordText, Passwords};
use crate::problem::Problem;
use crate::provider::Answer;
use crate::provider::ldap::{Candidate, Directories, Directory, LdapFault};

/// A refusal is told at the end of such a stretch of time: longer than a hash and a few questions to a directory take.
const STRETCH: Duration = Duration::from_millis(500);

/// The queues before the directories: who waits for one of them keeps nobody from another.
#[derive(Clone)]
pub(super) struct Asking {
    /// Before each, for the names that are known to be its own.
    each: Arc<[(ProviderName, Queue)]>,
    /// Before all of them, for names that nobody has yet.
    all: Queue,
}

impl Asking {
    pub(super) fn before(directories: &Directories) -> Self {
        let each = directories.iter().map(|directory| (directory.name().clone(), Queue::of_directories()));
        Self { each: each.collect(), all: Queue::of_directories() }
    }

    fn of(&self, question: &Question) -> &Queue {
        let [directory] = question.directories.as_slice() else { return &self.all };
        let own = self.each.iter().find(|(name, _)| name == directory.name());
        own.map_or(&self.all, |(_, queue)| queue)
    }
}

/// A name, and the directories that may know it.
pub(super) struct Question {
    username: Username,
    directories: Vec<Arc<Directory>>,
}

/// What one directory says.
enum Said {
    /// It knows no such name.
    Nobody,
    /// The name is this one to it, and the password is another.
    Wrong,
    /// The password is right, and this is true of whom the directory knows by this key.
    Right(String, Answer),
}

impl Passwords {
    /// Which directories may know a name that has no password here. An internal user's name is asked of none, and a
    /// directory's user is that directory's alone.
    pub(super) async fn question(&self, username: Username) -> Result<Option<Question>, StoreError> {
        if self.directories.is_empty() {
            return Ok(None);
        }
        let directories: Vec<_> = match self.store.user_by_name(&username).await? {
            None => self.directories.iter().cloned().collect(),
            Some(user) if user.origin == Origin::Ldap => {
                self.directories.find(&user.provider).cloned().into_iter().collect()
            }
            Some(_) => Vec::new(),
        };
        Ok((!directories.is_empty()).then_some(Question { username, directories }))
    }

    /// Asks them one after the other until one knows the name. One that does not answer is passed over; when none of the
    /// others knows the name, nobody is told that the password is wrong: it may not be.
    pub(super) async fn ask(
        &self,
        question: Question,
        attempt: Attempt<'_>,
        now: Timestamp,
    ) -> Result<Identity, PasswordRefused> {
        let turn = self.asking.of(&question).wait().await?;
        let network = throttle::network(attempt.address);
        self.demand_calm(Some(&question.username.key()), network, now)?;
        let password = PasswordText::copy_of(attempt.password);
        let passwords = self.clone();
        // By itself, so that a client that hangs up has still tried.
        let asked = tokio::spawn(async move {
            let answer = passwords.ask_each(&question, &password, network, now).await;
            drop(turn);
            answer
        });
        asked.await.map_err(|error| {
            tracing::error!(%error, "a directory was not asked to the end");
            PasswordRefused::Busy
        })?
    }

    async fn ask_each(
        &self,
        question: &Question,
        password: &PasswordText,
        network: IpAddr,
        now: Timestamp,
    ) -> Result<Identity, PasswordRefused> {
        let key = question.username.key();
        let mut unavailable = None;
        for directory in &question.directories {
            match self.ask_one(directory, question.username.as_str(), password, network, now).await {
                Ok(Said::Nobody) => {}
                // Counted whoever is down, or everybody could guess without end meanwhile.
                Ok(Said::Wrong) => return Err(self.count_wrong(&key, network, now)),
                Ok(Said::Right(subject, answer)) => {
                    self.throttle().succeed(&key, network);
                    let provider = directory.name().clone();
                    return match answer {
                        Answer::Present(person) => Ok(Identity::Person(provider, person)),
                        Answer::Disabled => Ok(Identity::Disabled(provider, subject)),
                        Answer::Gone | Answer::Unknown => Err(PasswordRefused::Disabled),
                    };
                }
                Err(fault) => {
                    let reference = Problem::next_reference();
                    tracing::error!(reference, provider = %directory.name(), step = fault.step.name(), %fault, "a directory did not answer");
                    unavailable.get_or_insert(reference);
                }
            }
        }
        if let Some(reference) = unavailable {
            return Err(PasswordRefused::Unavailable { reference });
        }
        Err(self.count_wrong(&key, network, now))
    }

    /// Counts a wrong password under a name; gives what is told.
    fn count_wrong(&self, key: &str, network: IpAddr, now: Timestamp) -> PasswordRefused {
        self.throttle().fail(Some(Tried { key, version: 0 }), network, now);
        PasswordRefused::Wrong
    }

    async fn ask_one(
        &self,
        directory: &Directory,
        login: &str,
        password: &PasswordText,
        network: IpAddr,
        now: Timestamp,
    ) -> Result<Said, LdapFault> {
        let Some(candidate) = directory.find(login, now).await? else { return Ok(Said::Nobody) };
        // Directories take many spellings for one name; they share one count of wrong passwords.
        let other_spelling = other_spelling(login, &candidate);
        if self.demand_calm(other_spelling.as_deref(), network, now).is_err() {
            return Ok(Said::Wrong);
        }
        if !directory.is_password(&candidate, password.reveal(), now).await? {
            if let Some(key) = &other_spelling {
                self.throttle().fail(Some(Tried { key, version: 0 }), network, now);
            }
            return Ok(Said::Wrong);
        }
        if let Some(key) = &other_spelling {
            self.throttle().succeed(key, network);
        }
        Ok(Said::Right(directory.subject(&candidate)?, directory.read(&candidate, now).await?))
    }
}

/// The key of the name as the directory writes it, when it is another than what was typed.
fn other_spelling(login: &str, candidate: &Candidate) -> Option<String> {
    let key = candidate.username().to_lowercase();
    (key != login.to_lowercase()).then_some(key)
}

/// How long a refusal waits that was found after so long.
pub(super) fn until_told(found_after: Duration) -> Duration {
    let over = found_after.as_millis() % STRETCH.as_millis();
    let over = Duration::from_millis(u64::try_from(over).unwrap_or(0));
    STRETCH.saturating_sub(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_within_a_stretch_is_told_at_its_end() {
        let told_at = |found: u64| found + until_told(Duration::from_millis(found)).as_millis() as u64;
        assert_eq!([0, 1, 30, 499].map(told_at), [500; 4]);
        assert_eq!([500, 999].map(told_at), [1_000; 2]);
    }
}
