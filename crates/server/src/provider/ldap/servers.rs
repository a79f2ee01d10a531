//! The servers of a directory: which is asked first, and the connections on which the manager searches.
//!
//! A server that failed is asked last for a minute. A connection that was idle may have been closed meanwhile, so its
//! first failure is no word about the server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use super::connection::{Connection, Found, SUCCESS, refused};
use super::fault::{FaultOf, LdapFault, Step};
use super::message::Search;
use super::settings::DirectorySettings;
use super::tls;
use super::url::ServerUrl;

/// How long a server that failed is asked last.
const AVOIDED: SignedDuration = SignedDuration::from_mins(1);
/// How long the authorities that were read count.
const TRUSTED: SignedDuration = SignedDuration::from_mins(1);
/// How long an idle connection is kept: shorter than firewalls forget one, which then swallow what is sent.
const IDLE: SignedDuration = SignedDuration::from_mins(1);
/// The manager's connections at one time.
const MANAGERS: usize = 4;

/// `operationsError`, `busy`, `unavailable`, `other`: another server may do better (RFC 4511 Appendix A).
const OF_THE_SERVER: [u32; 4] = [1, 51, 52, 80];
/// `inappropriateAuthentication`, `invalidCredentials`, `insufficientAccessRights`, `unwillingToPerform`,
/// `constraintViolation` (locked), `noSuchObject`: what a server says of a password, or of one who may not use it now.
const OF_THE_PASSWORD: [u32; 6] = [48, 49, 50, 53, 19, 32];

/// See the module.
pub(super) struct Servers {
    settings: Arc<DirectorySettings>,
    /// When each last failed.
    failed_at: Mutex<Vec<Option<Timestamp>>>,
    idle: Mutex<Vec<(Timestamp, Connection)>>,
    turns: Semaphore,
    tls: Mutex<Option<(Timestamp, TlsConnector)>>,
}

impl Servers {
    pub(super) fn new(settings: Arc<DirectorySettings>) -> Self {
        Self {
            failed_at: Mutex::new(vec![None; settings.urls.len()]),
            idle: Mutex::default(),
            turns: Semaphore::new(MANAGERS),
            tls: Mutex::default(),
            settings,
        }
    }

    /// Searches as the manager. Which outcomes are good is for the caller to say, but that the server is of no use now.
    pub(super) async fn search(
        &self,
        step: Step,
        searches: &[Search<'_>],
        now: Timestamp,
    ) -> Result<Vec<Found>, LdapFault> {
        let ending = |_| LdapFault::new(step, "the program is ending");
        let _turn = self.turns.acquire().await.map_err(ending)?;
        if let Some(mut idle) = self.idle(now)
            && let Ok(found) = self.search_on(&mut idle, step, searches).await
        {
            self.keep(idle, now);
            return Ok(found);
        }
        let mut first = None;
        for at in self.order(now) {
            let Some(url) = self.settings.urls.get(at) else { continue };
            let searched = async {
                let mut connection = self.manager(url, now).await?;
                let found = self.search_on(&mut connection, step, searches).await?;
                Ok((connection, found))
            };
            match searched.await {
                Ok((connection, found)) => {
                    self.note(at, None);
                    self.keep(connection, now);
                    return Ok(found);
                }
                Err(fault) => self.failed(at, fault, now, &mut first),
            }
        }
        Err(first.unwrap_or_else(|| LdapFault::new(step, "the directory has no servers")))
    }

    /// Whether somebody's password is right, on a connection of its own.
    pub(super) async fn is_password(
        &self,
        dn: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<bool, LdapFault> {
        let step = Step::Password;
        let mut first = None;
        for at in self.order(now) {
            let Some(url) = self.settings.urls.get(at) else { continue };
            let tried = async {
                let mut connection = self.open(url, now).await?;
                let outcome = connection.bind(step, dn, password).await?;
                connection.close().await;
                match outcome.code {
                    SUCCESS => Ok(true),
                    code if OF_THE_PASSWORD.contains(&code) => Ok(false),
                    // Without the server's words: they may repeat what it was told.
                    code => Err(refused(step, url, "to judge a password", code, "")),
                }
            };
            match tried.await {
                Ok(is_right) => {
                    self.note(at, None);
                    return Ok(is_right);
                }
                Err(fault) => self.failed(at, fault, now, &mut first),
            }
        }
        Err(first.unwrap_or_else(|| LdapFault::new(step, "the directory has no servers")))
    }

    /// A new connection, encrypted as the settings say.
    pub(super) async fn open(&self, url: &ServerUrl, now: Timestamp) -> Result<Connection, LdapFault> {
        let is_encrypted = url.is_ldaps || self.settings.start_tls;
        let tls = if is_encrypted { Some(self.connector(now).await?) } else { None };
        Connection::open(&self.settings, url, tls.as_ref()).await
    }

    /// Signs the manager in; without one, nothing is said.
    pub(super) async fn sign_in(
        &self,
        url: &ServerUrl,
        connection: &mut Connection,
    ) -> Result<(), LdapFault> {
        let Some(manager) = &self.settings.manager else { return Ok(()) };
        let password = manager.password.reveal();
        let outcome = connection.bind(Step::Manager, &manager.dn, password).await?;
        if outcome.code == SUCCESS {
            return Ok(());
        }
        let words = outcome.words.replace(password, "…");
        Err(refused(Step::Manager, url, &format!("the manager `{}`", manager.dn), outcome.code, &words))
    }

    async fn manager(&self, url: &ServerUrl, now: Timestamp) -> Result<Connection, LdapFault> {
        let mut connection = self.open(url, now).await?;
        self.sign_in(url, &mut connection).await?;
        Ok(connection)
    }

    async fn search_on(
        &self,
        connection: &mut Connection,
        step: Step,
        searches: &[Search<'_>],
    ) -> Result<Vec<Found>, LdapFault> {
        let found = connection.search(step, searches).await?;
        match found.iter().find(|found| OF_THE_SERVER.contains(&found.outcome.code)) {
            None => Ok(found),
            Some(Found { outcome, .. }) => Err(connection.refused(step, "a search", outcome)),
        }
    }

    /// All servers, those that failed a moment ago last.
    fn order(&self, now: Timestamp) -> Vec<usize> {
        let failed_at = lock(&self.failed_at);
        let is_avoided = |at: &usize| {
            let failed = failed_at.get(*at).copied().flatten();
            failed.is_some_and(|failed| now.duration_since(failed).abs() < AVOIDED)
        };
        let (avoided, good): (Vec<_>, Vec<_>) = (0..failed_at.len()).partition(is_avoided);
        good.into_iter().chain(avoided).collect()
    }

    fn failed(&self, at: usize, fault: LdapFault, now: Timestamp, first: &mut Option<LdapFault>) {
        tracing::warn!(provider = %self.settings.name, step = fault.step.name(), %fault, "a server of a directory failed");
        self.note(at, Some(now));
        // What one server says and another does not is what can be mended by asking otherwise.
        if fault.of == FaultOf::Content && first.as_ref().is_some_and(|first| first.of == FaultOf::Directory)
        {
            *first = None;
        }
        first.get_or_insert(fault);
    }

    fn note(&self, at: usize, failed: Option<Timestamp>) {
        if let Some(failed_at) = lock(&self.failed_at).get_mut(at) {
            *failed_at = failed;
        }
    }

    fn idle(&self, now: Timestamp) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        idle.retain(|(since, _)| now.duration_since(*since).abs() < IDLE);
        idle.pop().map(|(_, connection)| connection)
    }

    fn keep(&self, connection: Connection, now: Timestamp) {
        lock(&self.idle).push((now, connection));
    }

    async fn connector(&self, now: Timestamp) -> Result<TlsConnector, LdapFault> {
        let known = lock(&self.tls).clone();
        if let Some((since, connector)) = known
            && now.duration_since(since).abs() < TRUSTED
        {
            return Ok(connector);
        }
        let connector = tls::connector(self.settings.trust.as_deref()).await?;
        *lock(&self.tls) = Some((now, connector.clone()));
        Ok(connector)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
