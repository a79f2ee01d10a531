//! What every handler works with.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use patgate_core::application::{ApplicationName, Applications};
use patgate_core::grant::SuspensionReason;
use patgate_core::identifier::UserId;
use patgate_core::index::Index;
use patgate_core::permission::{Catalog, PermissionId, PermissionSlot};
use patgate_core::verify::Permit;
use patgate_gateway::{Gateway, UseSample};
use patgate_store::{Actor, Change, Sequence, Store};
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use url::Url;

use crate::configuration::{PublicUrl, Recheck};
use crate::edge::{Clock, Random};
use crate::node::Node;
use crate::password::Passwords;
use crate::problem::Problem;
use crate::provider::ScimClients;
use crate::provider::ldap::Directories;
use crate::provider::oidc;
use crate::release::RunningReleases;
use crate::script::Workers;
use crate::sealing::Sealer;
use crate::service::control::ControlTasks;
use crate::service::trials::Trials;
use crate::webhook::Webhooks;
use crate::written_lists::WrittenLists;

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// See [`AppState`].
pub struct Parts {
    /// What time it is.
    pub clock: Clock,
    /// Where the server is: when its nights begin, and which times its mails say.
    pub zone: TimeZone,
    /// Where randomness comes from.
    pub random: Random,
    /// How providers are asked about the owners of tokens.
    pub recheck: Recheck,
    /// For how long a release is kept after it ended.
    pub release_retention: SignedDuration,
    /// Who speaks for which provider over SCIM.
    pub scim: ScimClients,
    /// The database.
    pub store: Store,
    /// All grants and owners, for verdicts.
    pub index: Arc<Index>,
    /// What feeds the index.
    pub node: Arc<Node>,
    /// The applications of this node.
    pub applications: Arc<Applications>,
    /// Where scripts of releases reach applications, by their names.
    pub application_urls: HashMap<String, Url>,
    /// What people read for each of them, in the order of their slots.
    pub labels: Vec<String>,
    /// The permissions this node knows.
    pub catalog: Arc<Catalog>,
    /// What judges for proxies; it knows which headers carry tokens and which proxies are trusted.
    pub gateway: Arc<Gateway>,
    /// Where this server is found by people.
    pub public_url: PublicUrl,
    /// Seals and opens stored secrets.
    pub sealer: Sealer,
    /// The identity providers at which people sign in.
    pub oidc: oidc::Providers,
    /// Judges passwords, off the verification path.
    pub passwords: Passwords,
    /// The LDAP directories.
    pub directories: Directories,
    /// Where samples of uses go.
    pub samples: Sender<UseSample>,
    /// Long lists as they were written before.
    pub written_lists: WrittenLists,
    /// What Deploy's clients are having done.
    pub control_tasks: ControlTasks,
    /// The trials of mail servers that run.
    pub trials: Trials,
    /// The webhook endpoints, and what comes in at them.
    pub webhooks: Webhooks,
    /// Runs the scripts of releases.
    pub scripts: Arc<Workers>,
    /// The releases that run here.
    pub releases: Arc<RunningReleases>,
    /// Wakes who sends mails: one may be due.
    pub mail_is_due: Notify,
    /// The folder of the state.
    pub data_dir: PathBuf,
    /// The file whose lock the one server of a SQLite database holds; `None` on PostgreSQL.
    pub server_lock: Option<PathBuf>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Begins a change in the name of `actor`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn change<'s>(&'s self, actor: &'s Actor) -> BoxFuture<'s, Result<Change, Problem>> {
        // As all that most handlers wait for is boxed: `ARCHITECTURE.md` tells what it saves.
        Box::pin(async { Ok(self.store.change(actor, self.clock.now()).await?) })
    }

    /// Makes a change durable and puts it in force on this node: only then may it be answered with 2xx.
    ///
    /// # Errors
    /// When the database does not answer; what was committed comes into force with the next look at the change log.
    pub fn commit(&self, change: Change) -> BoxFuture<'_, Result<Sequence, Problem>> {
        Box::pin(async {
            let sequence = change.commit().await?;
            self.node.apply_own(sequence).await?;
            Ok(sequence)
        })
    }

    /// Keeps from where and by what a token is used, when its permit is the first in a minute.
    pub(crate) fn sample(&self, permit: &Permit<'_>, at: Timestamp, address: IpAddr, headers: &HeaderMap) {
        if permit.is_sample()
            && let Some(grant) = permit.grant()
        {
            // A full queue drops the sample: nobody waits for it.
            let _ = self.samples.try_send(UseSample::of(grant.id(), at, address, headers));
        }
    }

    /// The slot of a built-in permission. An id that is none is nobody's: it is refused to all but administrators.
    #[must_use]
    pub fn slot(&self, permission: &str) -> Option<PermissionSlot> {
        permission.parse::<PermissionId>().ok().and_then(|id| self.catalog.slot(&id))
    }

    /// Why no token of a user passes now, if so: what their provider said, and when.
    #[must_use]
    pub fn suspends(&self, user: UserId) -> Option<SuspensionReason> {
        let view = self.index.view();
        view.owner(user).and_then(|facts| view.suspends(facts, self.clock.now()))
    }

    /// What people read of a provider: its label, or its name, where the configuration does not know it any more.
    #[must_use]
    pub fn provider_label<'s>(&'s self, name: &'s str) -> &'s str {
        let directory = self.directories.find(name).map(|directory| directory.label());
        directory.or_else(|| self.oidc.find(name).map(oidc::Provider::label)).unwrap_or(name)
    }

    /// What people read of an application: its label, or its name, where the configuration does not know it any more.
    #[must_use]
    pub fn application_label<'s>(&'s self, name: &'s ApplicationName) -> &'s str {
        match self.applications.slot(name.as_str()) {
            Some(slot) => self.labels.get(slot.index()).map_or(name.as_str(), String::as_str),
            None => name.as_str(),
        }
    }

    /// The log-in name of a user, as the index has it.
    #[must_use]
    pub fn username(&self, id: UserId) -> Option<String> {
        self.index.view().owner(id).map(|facts| facts.username.to_string())
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
