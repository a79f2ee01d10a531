//! This node: how the change log comes to be in force in its index, and how others learn that it is.
//!
//! One place applies changes, one after the other, whoever made them: the node's own are applied before they are
//! answered ([`Node::apply_own`]), those of other nodes and of the command line by [`follow::run`].

mod apply;
pub mod follow;
pub mod last_use;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use patgate_core::application::Applications;
use patgate_core::authority::Authority;
use patgate_core::index::Index;
use patgate_core::permission::Catalog;
use patgate_core::policy::TokenSettings;
use patgate_store::{Sequence, Store, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::password::Passwords;
use crate::release::RunningReleases;
use crate::webhook::WebhookEndpoints;

/// The index of this node and what feeds it.
pub struct Node {
    store: Store,
    index: Arc<Index>,
    applications: Arc<Applications>,
    catalog: Arc<Catalog>,
    passwords: Passwords,
    webhooks: Arc<WebhookEndpoints>,
    releases: Arc<RunningReleases>,
    settings: ArcSwap<TokenSettings>,
    progress: Mutex<Progress>,
    is_ready: AtomicBool,
    is_draining: AtomicBool,
    has_news: AtomicBool,
    outdated: CancellationToken,
}

/// How far this node has come, and the users and roles that go with it.
struct Progress {
    applied: Sequence,
    authority: Authority,
}

impl Node {
    /// A node that has applied nothing yet.
    #[must_use]
    pub fn new(
        store: Store,
        index: Arc<Index>,
        applications: Arc<Applications>,
        catalog: Arc<Catalog>,
        passwords: Passwords,
        webhooks: Arc<WebhookEndpoints>,
        releases: Arc<RunningReleases>,
    ) -> Self {
        Self {
            store,
            index,
            applications,
            catalog,
            passwords,
            webhooks,
            releases,
            settings: ArcSwap::default(),
            progress: Mutex::new(Progress { applied: Sequence::default(), authority: Authority::default() }),
            is_ready: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
            outdated: CancellationToken::new(),
        }
    }

    /// Whether the index holds the whole token set: before that nothing may be judged.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// Whether the server is about to stop: proxies should send new requests elsewhere.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Says that the server is about to stop.
    pub fn begin_draining(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Waits until a newer program has changed the tables: this one writes nothing more then, understands no change of the
    /// newer one, and must stop.
    pub async fn wait_until_outdated(&self) {
        self.outdated.cancelled().await;
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<TokenSettings> {
        self.settings.load_full()
    }

    /// The last change that is in force on this node.
    pub async fn applied(&self) -> Sequence {
        self.progress.lock().await.applied
    }

    /// Applies the log up to a change this node made itself.
    ///
    /// # Errors
    /// When the database does not answer; [`follow::run`] then applies the change as soon as it does.
    pub async fn apply_own(&self, sequence: Sequence) -> Result<(), StoreError> {
        let mut progress = self.progress.lock().await;
        if progress.applied < sequence {
            self.catch_up(&mut progress, Some(sequence)).await?;
        }
        Ok(())
    }
}
