//! From a configuration to the parts of a server.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use patgate_core::index::Index;
use patgate_gateway::forward::UnusableGates;
use patgate_gateway::listener::BindFault;
use patgate_gateway::{Gateway, UseSample};
use patgate_store::{OpenError, Store, StoreError};
use tokio::sync::mpsc::{Receiver, channel};

use super::{lock, memory};
use crate::configuration::{Configuration, PublicUrl};
use crate::edge::{Clock, Random};
use crate::keys::{self, Keys, KeysFault};
use crate::node::{Node, last_use};
use crate::password::Passwords;
use crate::provider::ScimClients;
use crate::provider::ldap::Directories;
use crate::provider::oidc;
use crate::release::RunningReleases;
use crate::script::{Limits, Workers};
use crate::sealing::Sealer;
use crate::service::control::ControlTasks;
use crate::service::first_start::FirstStartError;
use crate::service::providers::NotRecognised;
use crate::service::trials::Trials;
use crate::state::{AppState, Parts};
use crate::tls::TlsFault;
use crate::webhook::Webhooks;
use crate::webhook::forward::ForwardRules;
use crate::written_lists::WrittenLists;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("cannot make the data folder `{path}`: {source}")]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another server runs on this SQLite database.
    #[error(
        "another server runs on this database: it holds `{0}`\n\
         hint: stop it first, or let servers share a PostgreSQL database"
    )]
    AlreadyServed(PathBuf),
    /// The lock of the database cannot be taken.
    #[error("cannot lock the database: {0}")]
    Lock(#[source] io::Error),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file is not as it must be.
    #[error(transparent)]
    Keys(#[from] KeysFault),
    /// Two applications claim the same.
    #[error(transparent)]
    Gates(#[from] UnusableGates),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindFault),
    /// The system does not tell which addresses were bound.
    #[error("the system does not tell the addresses of the listeners: {0}")]
    Addresses(#[source] io::Error),
    /// TLS cannot be served at all.
    #[error("TLS cannot be served: {0}")]
    Rustls(#[from] rustls::Error),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// A provider is not the one that it was.
    #[error(transparent)]
    Providers(#[from] NotRecognised),
    /// The first administrator cannot be made.
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
}

/// Opens the database of a configuration, and reads its keys or makes the first ones.
///
/// # Errors
/// [`StartError`]; above all when the keys of existing tokens are missing.
pub async fn open(configuration: &Configuration, random: &Random) -> Result<(Store, Keys), StartError> {
    let path = &configuration.data_dir;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| StartError::DataFolder { path: path.clone(), source })?;
    let store = Store::open(&configuration.database).await?;
    let counts = store.counts().await?;
    memory::suit(counts.grants);
    let rows_exist = counts.grants > 0 || !store.sealing_keys().await?.is_empty();
    let keys = keys::load_or_create(&configuration.keys_file, rows_exist, &mut random.draw())?;
    let known = store.digest_key_fingerprints().await?;
    let now = keys::known_again(&keys.digest, &known, counts.grants > 0, &configuration.keys_file)?;
    if now != known {
        store.put_digest_key_fingerprints(&now).await?;
    }
    Ok((store, keys))
}

/// The parts of a server over an open database, and where samples of uses arrive. Nothing runs yet, and the index is
/// empty until [`Node::load`].
///
/// # Errors
/// [`StartError::Gates`] when two applications claim the same header.
pub fn build(
    configuration: &Configuration,
    (store, keys): (Store, Keys),
    public_url: PublicUrl,
    clock: Clock,
    random: Random,
) -> Result<(AppState, Receiver<UseSample>), StartError> {
    let index = Arc::new(Index::new(keys.digest));
    let (samples, arriving) = channel(last_use::SAMPLES);
    let gateway = Gateway::new(
        Arc::clone(&index),
        Arc::clone(&configuration.catalog),
        configuration.gates.clone(),
        (*configuration.trusted_proxies).clone(),
        samples.clone(),
    )?;
    let directories = Directories::new(configuration.directories.iter().cloned());
    let passwords = Passwords::new(store.clone(), directories.clone());
    let sealer = Sealer::new(keys.sealing, configuration.keys_file.clone());
    let rules = ForwardRules::new(configuration.forward_to.clone(), public_url.host());
    let webhooks = Webhooks::new(sealer.clone(), rules);
    let releases = Arc::new(RunningReleases::default());
    let node = Node::new(
        store.clone(),
        Arc::clone(&index),
        Arc::clone(&configuration.applications),
        Arc::clone(&configuration.catalog),
        passwords.clone(),
        Arc::clone(&webhooks.endpoints),
        Arc::clone(&releases),
    );
    let state = AppState::new(Parts {
        clock,
        zone: configuration.time_zone.clone(),
        random,
        recheck: configuration.recheck,
        release_retention: configuration.release_retention,
        scim: ScimClients::of(&configuration.oidc),
        store,
        index,
        node: Arc::new(node),
        applications: Arc::clone(&configuration.applications),
        application_urls: configuration.application_urls.clone(),
        labels: configuration.labels.clone(),
        catalog: Arc::clone(&configuration.catalog),
        gateway: Arc::new(gateway),
        oidc: oidc::Providers::new(&configuration.oidc, &public_url),
        public_url,
        sealer,
        passwords,
        directories,
        samples,
        written_lists: WrittenLists::default(),
        control_tasks: ControlTasks::default(),
        trials: Trials::default(),
        webhooks,
        scripts: Arc::new(Workers::new(
            PathBuf::from("/proc/self/exe"),
            Limits::default(),
            scripts_at_once(),
        )),
        releases,
        mail_is_due: tokio::sync::Notify::new(),
        data_dir: configuration.data_dir.clone(),
        server_lock: lock::path(&configuration.database),
    });
    Ok((state, arriving))
}

/// How many scripts run at a time: twice as many as there are processors, because they also wait for their calls.
fn scripts_at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |count| (2 * count.get()).clamp(2, 16))
}
