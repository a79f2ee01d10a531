//! The ground of the tests: a server's parts over a fresh SQLite file, people, tokens and sessions in it, and calls.
//!
//! ```ignore
//! let world = World::new().await;
//! let ann = world.user("ann", &["release#create"]).await;
//! let token = world.token(&ann, NewGrant::default()).await;
//! let answer = world.send(get("/api/v1/personal-access-tokens/current").token(&token)).await;
//! assert_eq!(answer.status(), 200);
//! ```

mod answer;
mod call;
mod outsiders;
mod people;
mod policy;
mod releases;
mod reminders;
mod scim;
mod webhooks;

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use http::Response;
use http_body_util::BodyExt;
use patgate_gateway::UseSample;
use patgate_server::app::{self, Dispatcher};
use patgate_server::configuration::{Configuration, Flags, Sources};
use patgate_server::edge::{Clock, Random};
use patgate_server::node::last_use;
use patgate_server::state::AppState;
use patgate_server::webhook;
use patgate_testkit::clock::NOON;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::answer::Answer;
pub(crate) use self::call::{Call, delete, get, patch, post, put};
pub(crate) use self::outsiders::{arrival, claims};
pub(crate) use self::people::{IssuedToken, NewGrant, PASSWORD, Person, SignedIn};
pub(crate) use self::scim::{Provisioner, TWO_PROVIDERS};
pub(crate) use self::webhooks::{WebhookThings, accepted, to_forward};

/// A server without sockets.
pub(crate) struct World {
    /// Its parts.
    pub(crate) state: AppState,
    /// Its clock: it stands at [`NOON`] until it is set.
    pub(crate) clock: Clock,
    dispatcher: Dispatcher,
    samples: Option<Receiver<UseSample>>,
    folder: TempDir,
}

impl World {
    /// A server with the default configuration and nobody in it.
    pub(crate) async fn new() -> Self {
        Self::configured("").await
    }

    /// A server with this configuration file.
    pub(crate) async fn configured(file: &str) -> Self {
        let world = Self::started(tempfile::tempdir().unwrap(), file, 1).await;
        world.state.node.load().await.unwrap();
        world
    }

    /// A server on the state that another one left in this folder.
    pub(crate) async fn in_folder(folder: TempDir, file: &str) -> Self {
        // Another seed than that of the server which left the state: what is drawn there is taken.
        let world = Self::started(folder, file, 2).await;
        world.state.node.load().await.unwrap();
        world
    }

    /// A server on a copy of the state that another one left in this folder.
    pub(crate) async fn copied(from: &TempDir, file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(from.path(), folder.path());
        Self::in_folder(folder, file).await
    }

    /// A server that has not loaded its index yet.
    pub(crate) async fn unloaded() -> Self {
        Self::started(tempfile::tempdir().unwrap(), "", 1).await
    }

    /// Sends a call and reads the whole answer. The client is at 192.0.2.7.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        let (parts, body) = self.begin(call).await.into_parts();
        // What is told as it happens has no end that could be waited for.
        if parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return Answer::new(parts, Bytes::new());
        }
        Answer::new(parts, body.collect().await.unwrap().to_bytes())
    }

    /// Sends a call, and leaves the body of the answer to be read.
    pub(crate) async fn begin(&self, call: Call) -> Response<Body> {
        let peer = "192.0.2.7:40000".parse().unwrap();
        self.dispatcher.call(call.into_request(), peer).response().await.map(Body::new)
    }

    /// Sends a request whose body is not whole yet.
    pub(crate) async fn stream(&self, request: http::Request<Body>) -> Response<Body> {
        let peer = "192.0.2.7:40000".parse().unwrap();
        self.dispatcher.call(request, peer).response().await.map(Body::new)
    }

    /// Sends a call whose body comes in two halves, and does something between them, when it is known who calls.
    pub(crate) async fn send_in_halves(&self, call: Call, between: impl Future<Output = ()>) -> Answer {
        let (reached, first_is_read) = oneshot::channel::<()>();
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let (request, [first, second]) = call.into_halves();
        let halves = stream::once(async move { Ok::<_, Infallible>(first) });
        let halves = halves.chain(stream::once(async move {
            reached.send(()).unwrap();
            may_go_on.await.unwrap();
            Ok(second)
        }));
        let request = request.map(|_| Body::from_stream(halves));
        let change = async {
            first_is_read.await.unwrap();
            between.await;
            go_on.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(self.stream(request), change);
        let (parts, body) = answer.into_parts();
        Answer::new(parts, body.collect().await.unwrap().to_bytes())
    }

    /// Stops the server. Its state is in the folder, which is there as long as it is held.
    pub(crate) async fn close(self) -> TempDir {
        let Self { state, folder, .. } = self;
        state.store.clone().close().await;
        folder
    }

    /// The file of the database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data/patgate.db")
    }

    /// Writes the last uses, as a server does when it stops. After that none is noted any more.
    pub(crate) async fn write_last_uses(&mut self) {
        let stop = CancellationToken::new();
        stop.cancel();
        let samples = self.samples.take().unwrap();
        let (index, store) = (Arc::clone(&self.state.index), self.state.store.clone());
        last_use::run(index, store, samples, self.clock.clone(), stop).await;
    }

    /// Follows last uses as a running server does, until the test ends.
    pub(crate) fn follow_last_uses(&mut self) -> JoinHandle<()> {
        let samples = self.samples.take().unwrap();
        let (index, store) = (Arc::clone(&self.state.index), self.state.store.clone());
        tokio::spawn(last_use::run(index, store, samples, self.clock.clone(), CancellationToken::new()))
    }

    async fn started(folder: TempDir, file: &str, seed: u64) -> Self {
        let configuration = configuration(folder.path(), file);
        let (clock, random) = (Clock::frozen(NOON), Random::seeded(seed));
        let opened = app::open(&configuration, &random).await.unwrap();
        let public_url = configuration.public_url_of(configuration.listen[0]);
        let (state, samples) = app::build(&configuration, opened, public_url, clock.clone(), random).unwrap();
        tokio::spawn(webhook::run(state.clone(), CancellationToken::new()));
        let dispatcher = Dispatcher::new(state.clone(), configuration.body_limit);
        Self { state, clock, dispatcher, samples: Some(samples), folder }
    }
}

fn configuration(folder: &Path, file: &str) -> Configuration {
    let data_dir = ("PATGATE_DATA_DIR".to_owned(), folder.join("data").display().to_string());
    let sources = Sources::new(Flags::default(), [data_dir]).with_file("patgate.toml", file);
    Configuration::of_sources(sources).unwrap()
}

/// Copies a folder of folders and files.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
