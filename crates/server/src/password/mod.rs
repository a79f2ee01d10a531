//! Passwords of internal users: judged after the throttle, slowly, and two at a time.
//!
//! [`Passwords::judge`] is the one place that says whether a password is right. It never tells an unknown user from a
//! wrong password, neither by its answer nor by its time.

mod hash;
mod new;
mod queue;
mod text;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_core::throttle::{self, Throttle};
use patgate_core::user::Username;
use patgate_gateway::credentials::PresentedPassword;
use patgate_store::{PasswordHashText, Store, StoreError, StoredPassword};
use rand_core::CryptoRng;

use self::hash::{Verdict, verify};
pub use self::new::{NewPassword, PasswordUnfit};
use self::queue::Queue;
pub use self::text::PasswordText;

/// Judges and hashes passwords. Cheap to clone; all clones share one queue and one throttle.
#[derive(Clone)]
pub struct Passwords {
    store: Store,
    queue: Queue,
    throttles: Arc<Mutex<Throttles>>,
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

/// Somebody whose password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The row.
    pub user: UserId,
    /// The version of the password: a session opened with it ends when the password changes.
    pub password_version: i64,
}

/// Why a password does not count.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefused {
    /// No such user, not an internal one, or another password: all the same.
    #[error("the user name or the password is wrong; check both")]
    Wrong,
    /// Too many wrong ones, or too many people at once. Nothing was looked at.
    #[error("too many attempts; try again in {seconds} s")]
    Throttled {
        /// How long to wait, at least 1.
        seconds: u64,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is remembered of wrong passwords, on this node.
struct Throttles {
    names: Throttle<String>,
    networks: Throttle<IpAddr>,
}

impl Passwords {
    /// Judges against the passwords in `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let throttles = Throttles {
            names: Throttle::new(throttle::CAPACITY),
            networks: Throttle::new(throttle::CAPACITY),
        };
        Self { store, queue: Queue::default(), throttles: Arc::new(Mutex::new(throttles)) }
    }

    /// Whose password this is, when it is right.
    ///
    /// # Errors
    /// As [`Passwords::prove`].
    pub async fn judge(
        &self,
        presented: &PresentedPassword,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<UserId, PasswordRefused> {
        let attempt = Attempt { username: presented.username(), password: presented.reveal(), address };
        Ok(self.prove(attempt, now).await?.user)
    }

    /// As [`Passwords::judge`], for those who open a session.
    ///
    /// Whether the user is enabled is not asked here: the verdict that follows says so, to those alone who know the
    /// password.
    ///
    /// # Errors
    /// [`PasswordRefused`]; while throttled even for the right password.
    pub async fn prove(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Proven, PasswordRefused> {
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
        let hash = stored.as_ref().map(|stored| stored.hash.clone());
        let password = PasswordText::copy_of(attempt.password);
        let throttles = Arc::clone(&self.throttles);
        // Counted where it was found wrong: a client that hangs up meanwhile has still tried.
        let verdict = turn
            .spend(move || {
                let verdict = verify(hash.as_ref(), &password);
                let mut throttles = throttles.lock().unwrap_or_else(PoisonError::into_inner);
                match (&verdict, key) {
                    (Verdict::Wrong, key) => {
                        key.into_iter().for_each(|key| throttles.names.fail(key, now));
                        throttles.networks.fail(network, now);
                    }
                    (Verdict::Right { .. }, Some(key)) => {
                        throttles.names.forgive(key.as_str());
                    }
                    (Verdict::Right { .. }, None) => {}
                }
                verdict
            })
            .await?;
        match (verdict, stored) {
            (Verdict::Right { stronger }, Some(stored)) => {
                self.strengthen(&stored, stronger).await;
                Ok(Proven { user: stored.user, password_version: stored.version })
            }
            _ => Err(PasswordRefused::Wrong),
        }
    }

    /// Hashes a new password for the store.
    ///
    /// # Errors
    /// [`PasswordRefused::Throttled`] when too many wait already.
    pub async fn hash(
        &self,
        password: &NewPassword,
        random: &mut impl CryptoRng,
    ) -> Result<PasswordHashText, PasswordRefused> {
        let mut salt = [0; hash::SALT];
        random.fill_bytes(&mut salt);
        let password = password.text().clone();
        let hashed = self.queue.wait().await?.spend(move || hash::hash(&password, &salt)).await?;
        hashed.ok_or_else(|| {
            tracing::error!("a password cannot be hashed; is there memory?");
            PasswordRefused::Throttled { seconds: 1 }
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
        let verdict = self.queue.wait().await?.spend(move || verify(Some(&stored.hash), &password)).await?;
        Ok(matches!(verdict, Verdict::Right { .. }))
    }

    /// Forgets the wrong passwords under a user's name, on this node.
    pub fn forgive(&self, username: &Username) {
        let mut throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
        throttles.names.forgive(username.key().as_str());
    }

    fn demand_calm(&self, key: Option<&str>, network: IpAddr, now: Timestamp) -> Result<(), PasswordRefused> {
        let throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
        let by_name = key.and_then(|key| throttles.names.wait(key, now));
        match by_name.max(throttles.networks.wait(&network, now)) {
            None => Ok(()),
            Some(wait) => Err(PasswordRefused::Throttled { seconds: whole_seconds(wait) }),
        }
    }

    /// Puts a hash of today's strength in place of a weaker one. That nobody waits for: a hash as it was still counts.
    async fn strengthen(&self, stored: &StoredPassword, stronger: Option<PasswordHashText>) {
        if let Some(stronger) = stronger
            && let Err(error) = self.store.strengthen_password(stored, &stronger).await
        {
            tracing::warn!(%error, "a password's hash was not made stronger; the next sign-in tries again");
        }
    }
}

/// Whole seconds, upwards: who comes back after them does not come too early.
fn whole_seconds(wait: SignedDuration) -> u64 {
    let upwards = i64::from(wait.subsec_nanos() > 0);
    u64::try_from(wait.as_secs().saturating_add(upwards)).unwrap_or(1).max(1)
}
