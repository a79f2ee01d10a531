//! Passwords: judged after the throttle, slowly, and two at a time; those of a directory's users by their directory. One that
//! was right is known again for some minutes.
//!
//! [`Passwords::identify`] is the one place that says whether a password is right. It never tells an unknown user from a
//! wrong password, neither by its answer nor by its time.

mod directory;
mod hash;
mod memory;
mod new;
mod queue;
mod remembered;
mod text;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_core::provider::ProviderName;
use patgate_core::throttle::{self, Throttle, Tried};
use patgate_core::user::Username;
use patgate_gateway::credentials::PresentedPassword;
use patgate_store::{PasswordHashText, Store, StoreError, StoredPassword};
use rand_core::CryptoRng;

use self::directory::{Asking, Question};
use self::hash::{Verdict, verify};
pub use self::new::{NewPassword, PasswordUnfit};
use self::queue::Queue;
use self::remembered::Remembered;
pub use self::text::PasswordText;
use crate::edge::Stopwatch;
use crate::provider::Person;
use crate::provider::ldap::Directories;

/// Judges and hashes passwords. Cheap to clone; all clones share one queue and one throttle.
#[derive(Clone)]
pub struct Passwords {
    store: Store,
    queue: Queue,
    throttle: Arc<Mutex<Throttle>>,
    remembered: Arc<Remembered>,
    directories: Directories,
    /// The queues before the directories: who waits for one of them keeps nobody from the hash.
    asking: Asking,
}

/// A user name and a password as somebody typed them.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// As it was typed.
    pub username: &'a str,
    /// As it was typed.
    pub password: &'a str,
    /// From where.
    pub address: IpAddr,
}

impl<'a> Attempt<'a> {
    /// What came with a request, from this address.
    #[must_use]
    pub fn of(presented: &'a PresentedPassword, address: IpAddr) -> Self {
        Self { username: presented.username(), password: presented.reveal(), address }
    }
}

/// Somebody whose password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The row.
    pub user: UserId,
    /// The version of the password: a session opened with it ends when the password changes.
    pub password_version: i64,
}

/// Whose password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An internal user's.
    Internal(Proven),
    /// Somebody's whom a directory knows.
    Person(ProviderName, Person),
    /// Somebody's whom a directory knows by this key, and does not let in.
    Disabled(ProviderName, String),
}

/// Why a password does not count.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefused {
    /// No such user, not an internal one, or another password: all the same.
    #[error("the user name or the password is wrong; check both")]
    Wrong,
    /// Too many wrong ones. Nothing was looked at.
    #[error("too many attempts; try again in {seconds} s")]
    Throttled {
        /// How long to wait, at least 1.
        seconds: u64,
    },
    /// Too many are being checked, or the program is ending. Nothing was looked at.
    #[error("too many passwords are being checked; try again soon")]
    Busy,
    /// The directory says that they may not sign in; only who knows the password is told so.
    #[error("this user is disabled; ask an administrator")]
    Disabled,
    /// A directory that might know the name did not answer.
    #[error("a directory did not answer; the log has the cause under reference {reference}")]
    Unavailable {
        /// Where the log has the cause.
        reference: u64,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Passwords {
    /// Judges against the passwords in `store`, and asks these directories about names that are nobody's there.
    #[must_use]
    pub fn new(store: Store, directories: Directories) -> Self {
        let throttle = Arc::new(Mutex::new(Throttle::new(throttle::CAPACITY)));
        let asking = Asking::before(&directories);
        let (queue, remembered) = (Queue::default(), Arc::default());
        Self { store, queue, throttle, remembered, directories, asking }
    }

    /// Whose password this is: an internal user's, or one of a directory that is asked when the name is no other user's.
    ///
    /// Whether the user is enabled is not asked here: the verdict that follows says so, to those alone who know the
    /// password.
    ///
    /// # Errors
    /// [`PasswordRefused`]; while throttled even for the right password.
    pub async fn identify(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Identity, PasswordRefused> {
        let stopwatch = Stopwatch::start();
        let judged = match self.prove_or_ask(attempt, now, true).await {
            Ok(Ok(proven)) => Ok(Identity::Internal(proven)),
            Ok(Err(question)) => self.ask(question, attempt, now).await,
            Err(refused) => Err(refused),
        };
        if !self.directories.is_empty() && matches!(judged, Err(PasswordRefused::Wrong)) {
            // Who is asked where shows in the time it takes; so nobody is told sooner than others.
            tokio::time::sleep(directory::until_told(stopwatch.elapsed())).await;
        }
        judged
    }

    /// As [`Passwords::identify`], of internal users alone.
    ///
    /// # Errors
    /// As [`Passwords::identify`].
    pub async fn prove(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Proven, PasswordRefused> {
        self.prove_or_ask(attempt, now, false).await?.map_err(|_| PasswordRefused::Wrong)
    }

    /// Judges an internal user's password. A name that may be a directory's pays for the hash all the same.
    async fn prove_or_ask(
        &self,
        attempt: Attempt<'_>,
        now: Timestamp,
        may_ask: bool,
    ) -> Result<Result<Proven, Question>, PasswordRefused> {
        let username = attempt.username.parse::<Username>().ok();
        let key = username.as_ref().map(Username::key);
        let network = throttle::network(attempt.address);
        self.demand_calm(key.as_deref(), network, now)?;
        let turn = self.queue.wait().await?;
        // Those who stood before in the queue may have failed meanwhile.
        self.demand_calm(key.as_deref(), network, now)?;
        let stored = match &username {
            Some(username) => self.store.password(username).await?,
            None => None,
        };
        let question = match username {
            Some(username) if may_ask && stored.is_none() => self.question(username).await?,
            _ => None,
        };
        let known = stored.clone();
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let password = PasswordText::copy_of(attempt.password);
        let (throttle, remembered) = (Arc::clone(&self.throttle), Arc::clone(&self.remembered));
        let is_asked = question.is_some();
        // Counted where it was found wrong: a client that hangs up meanwhile has still tried.
        let verdict = turn
            .spend(move |memory| {
                let verdict = remembered.judge(known.as_ref(), &password, now, memory);
                let mut throttle = throttle.lock().unwrap_or_else(PoisonError::into_inner);
                match (&verdict, key.as_deref()) {
                    (Verdict::Wrong, _) if is_asked => {}
                    (Verdict::Wrong, key) => {
                        throttle.fail(key.map(|key| Tried { key, version }), network, now);
                    }
                    (Verdict::Right { .. }, Some(key)) => throttle.succeed(key, network),
                    (Verdict::Right { .. }, None) => {}
                }
                verdict
            })
            .await?;
        match (verdict, stored, question) {
            (Verdict::Right { renewed }, Some(stored), _) => {
                self.renew(&stored, renewed).await;
                Ok(Ok(Proven { user: stored.user, password_version: stored.version }))
            }
            (_, _, Some(question)) => Ok(Err(question)),
            _ => Err(PasswordRefused::Wrong),
        }
    }

    /// Hashes a new password for the store.
    ///
    /// # Errors
    /// [`PasswordRefused::Busy`] when too many wait already.
    pub async fn hash(
        &self,
        password: &NewPassword,
        random: &mut impl CryptoRng,
    ) -> Result<PasswordHashText, PasswordRefused> {
        let mut salt = [0; hash::SALT];
        random.fill_bytes(&mut salt);
        let password = password.text().clone();
        let hashed =
            self.queue.wait().await?.spend(move |memory| hash::hash(&password, &salt, memory)).await?;
        hashed.ok_or_else(|| {
            tracing::error!("a password cannot be hashed; is there memory?");
            PasswordRefused::Busy
        })
    }

    /// Whether this is the user's password, outside the throttle: for what only the program itself asks.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_counts(
        &self,
        username: &Username,
        password: &PasswordText,
    ) -> Result<bool, PasswordRefused> {
        let Some(stored) = self.store.password(username).await? else { return Ok(false) };
        let password = password.clone();
        let turn = self.queue.wait().await?;
        let verdict = turn.spend(move |memory| verify(Some(&stored.hash), &password, memory)).await?;
        Ok(matches!(verdict, Verdict::Right { .. }))
    }

    /// Forgets the passwords that were right too long ago to be known again.
    pub fn forget_old(&self, now: Timestamp) {
        self.remembered.forget_old(now);
    }

    /// Forgets that the password of somebody who is gone was right, on this node.
    pub fn forget_user(&self, user: UserId) {
        self.remembered.forget_user(user);
    }

    /// How many passwords are known again at most.
    #[must_use]
    pub fn known_again(&self) -> usize {
        self.remembered.len()
    }

    /// Forgets the wrong passwords under a user's name, on this node.
    pub fn forgive(&self, username: &Username) {
        self.throttle().forgive(&username.key());
    }

    /// Forgets the wrong passwords under the name of a user who was changed by whomever, on this node, when they were
    /// tried against another password than the user has now. Any other change of the user forgives nothing: else
    /// whoever has a session could guess its user's password for ever by writing the full name in between.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forgive_old(&self, username: &Username) -> Result<(), StoreError> {
        let key = username.key();
        if !self.throttle().remembers(&key) {
            return Ok(());
        }
        let version = self.store.password(username).await?.map_or(0, |stored| stored.version);
        self.throttle().forgive_other_versions(&key, version);
        Ok(())
    }

    /// Forgets the wrong passwords under all names, on this node: for when it is unknown whose password was changed.
    pub fn forgive_all_names(&self) {
        self.throttle().forgive_all_names();
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn demand_calm(&self, key: Option<&str>, network: IpAddr, now: Timestamp) -> Result<(), PasswordRefused> {
        match self.throttle().wait(key, network, now) {
            None => Ok(()),
            Some(wait) => Err(PasswordRefused::Throttled { seconds: whole_seconds(wait) }),
        }
    }

    /// Puts a hash as it is made today in place of another. That nobody waits for: a hash as it was still counts.
    async fn renew(&self, stored: &StoredPassword, renewed: Option<PasswordHashText>) {
        if let Some(renewed) = renewed
            && let Err(error) = self.store.renew_password_hash(stored, &renewed).await
        {
            tracing::warn!(%error, "a password's hash was not renewed; the next sign-in tries again");
        }
    }
}

/// Whole seconds, upwards: who comes back after them does not come too early.
fn whole_seconds(wait: SignedDuration) -> u64 {
    let upwards = i64::from(wait.subsec_nanos() > 0);
    u64::try_from(wait.as_secs().saturating_add(upwards)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use patgate_store::Database;
    use patgate_testkit::clock::NOON;

    use super::*;

    #[tokio::test]
    async fn a_guess_at_a_name_that_is_nobodys_waits_for_its_turn_at_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("patgate.db"))).await.unwrap();
        let passwords = Passwords::new(store, Directories::default());
        let turns = [passwords.queue.wait().await.unwrap(), passwords.queue.wait().await.unwrap()];
        let address = IpAddr::from([192, 0, 2, 7]);
        for username in ["nobody", "no:name"] {
            let attempt = Attempt { username, password: "a guess", address };
            let mut guess = Box::pin(passwords.identify(attempt, NOON));
            assert!(futures_util::poll!(guess.as_mut()).is_pending(), "{username}");
        }
        drop(turns);
        let attempt = Attempt { username: "nobody", password: "a guess", address };
        assert!(matches!(passwords.identify(attempt, NOON).await, Err(PasswordRefused::Wrong)));
    }
}
