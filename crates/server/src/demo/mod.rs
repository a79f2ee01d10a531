//! `patgate demo`: all of it on a folder that is thrown away, with a token and a small application behind it.

mod upstream;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Either;
use hyper::Request;
use hyper::body::Incoming;
use patgate_core::user::Username;
use patgate_gateway::listener::{Answer, BindFault, Limits, Listeners};
use patgate_store::Actor;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{self, Running, StartError};
use crate::command::CommandError;
use crate::configuration::{Configuration, Faults, Flags, Sources};
use crate::password::PasswordText;
use crate::service::first_start::{ADMINISTRATOR, InitialPasswordFile};
use crate::service::tokens::{NewTokenMade, TokenRequest, command_line};

/// The application's name, and the configuration that protects it.
const APPLICATION: &str = "shop";
const CONFIGURATION: &str = r#"
# The small application stands for a proxy with an application behind it.
trusted_proxies = ["127.0.0.1"]

[log]
filter = "warn,patgate_server::service::first_start=error"

[[application]]
name = "shop"
label = "The shop of the demonstration"
token_prefix = "shop"
permissions = ["shop#order"]

[[application.rule]]
methods = ["GET"]
path = "/**"

[[application.rule]]
methods = ["POST"]
path = "/orders"
permission = "shop#order"
"#;
/// Between two looks whether the server is ready.
const LOOK: Duration = Duration::from_millis(5);

/// A running demonstration.
pub struct Demo {
    running: Running,
    shop: SocketAddr,
    stop_shop: CancellationToken,
    serving_shop: JoinHandle<()>,
    token: NewTokenMade,
    password: PasswordText,
}

/// Why the demonstration does not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The settings of the demonstration have faults.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// The server does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The application does not start.
    #[error(transparent)]
    Bind(#[from] BindFault),
    /// The system does not tell where the application listens.
    #[error("the system does not tell where the application listens: {0}")]
    Address(#[from] io::Error),
    /// The token cannot be made.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// The settings of a demonstration in this folder, on free ports of loopback.
///
/// # Errors
/// [`Faults`], never in a program that was tested.
pub fn configuration(folder: &Path) -> Result<Configuration, Faults> {
    let flags = Flags {
        data_dir: Some(folder.display().to_string()),
        listen: vec!["127.0.0.1:0".to_owned()],
        ..Flags::default()
    };
    Configuration::of_sources(Sources::new(flags, []).with_file("demonstration", CONFIGURATION))
}

impl Demo {
    /// Starts the server, waits until it is ready, makes a token, and starts the application.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn start(configuration: Configuration) -> Result<Self, DemoError> {
        let file = InitialPasswordFile::in_folder(&configuration.data_dir);
        let running = app::start(configuration).await?;
        while !running.state.node.is_ready() {
            tokio::time::sleep(LOOK).await;
        }
        let password = file.read().unwrap_or_else(|| PasswordText::new(String::new()));
        let token = make_token(&running).await?;
        let listeners = Listeners::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await?;
        let shop = listeners.addresses()?[0];
        let stop_shop = CancellationToken::new();
        let stopped = stop_shop.clone().cancelled_owned();
        let gate = running.addresses[0];
        let answer = Arc::new(move |request: Request<Incoming>, _peer: SocketAddr| {
            Answer::later(async move { upstream::answer(gate, request).await.map(Either::Left) })
        });
        let serving_shop = tokio::spawn(async move {
            listeners.serve(answer, None, Limits::of_process(), stopped).await;
        });
        Ok(Self { running, shop, stop_shop, serving_shop, token, password })
    }

    /// What a person can try, with the secrets of the demonstration.
    #[must_use]
    pub fn instructions(&self) -> String {
        let patgate = format!("http://{}", self.running.addresses[0]);
        let shop = format!("http://{}", self.shop);
        let (token, id) = (self.token.token.reveal(), self.token.owned.grant.id);
        let password = self.password.reveal();
        let admin = format!("{ADMINISTRATOR}:{password}");
        let tokens = format!("{patgate}/api/v1/personal-access-tokens");
        format!(
            "Patgate runs at {patgate}, and a small application behind it at {shop}.\n\
             All of it is gone when this program ends (Ctrl+C).\n\
             \n\
             Its pages: open {patgate} and log in as `{ADMINISTRATOR}` with the password `{password}`.\n\
             \n\
             A token of `{ADMINISTRATOR}` for the application, in three ways that people send one:\n\
             \n  \
             curl -H 'Authorization: Bearer {token}' {shop}/orders\n  \
             curl -H 'x-shop-personal-token: {token}' {shop}/orders\n  \
             curl -u ':{token}' -d 'one book' {shop}/orders\n\
             \n\
             Without it, and what Patgate says to the proxy:\n\
             \n  \
             curl -i {shop}/orders\n  \
             curl -i -u ':{token}' {patgate}/auth\n\
             \n\
             List the tokens, make another, and delete the first; then try it again:\n\
             \n  \
             curl -u '{admin}' {tokens}\n  \
             curl -u '{admin}' -H 'Content-Type: application/json' \
             -d '{{\"tokenNote\":\"another\",\"application\":\"{APPLICATION}\",\"expiresInDays\":30}}' {tokens}\n  \
             curl -u '{admin}' -X DELETE {tokens}/{id}\n  \
             curl -i -H 'Authorization: Bearer {token}' {shop}/orders\n"
        )
    }

    /// Runs until the process is told to stop, then stops everything.
    pub async fn run(self) {
        app::stop_signal().await;
        self.stop().await;
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.stop_shop.cancel();
        // It ends by itself; that it panicked would change nothing now.
        let _ = self.serving_shop.await;
        self.running.stop().await;
    }
}

async fn make_token(running: &Running) -> Result<NewTokenMade, CommandError> {
    let state = &running.state;
    let request = TokenRequest {
        token_note: "demonstration".to_owned(),
        application: Some(APPLICATION.to_owned()),
        ..TokenRequest::default()
    };
    let actor = Actor::system("demonstration");
    let slot =
        state.applications.slot(APPLICATION).unwrap_or(patgate_core::application::ApplicationSlot::ANY);
    let owner: Username = crate::command::argument("--owner", ADMINISTRATOR)?;
    let new = request.read(state, slot)?;
    let (made, change) = command_line::create(state, &actor, &owner, new).await?;
    state.node.apply_own(change).await.map_err(StartError::from)?;
    Ok(made)
}
