//! A command of the program: the parts of a server for one change, with no listener and no index.

use std::time::Duration;

use patgate_store::{Sequence, StoreError};

use super::build::{StartError, build, open};
use super::lock;
use crate::configuration::Configuration;
use crate::edge::{Clock, Random};
use crate::node::follow::{NotConfirmed, confirmed_everywhere};
use crate::service::first_start;
use crate::state::AppState;

/// How long a command waits for the servers that run.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens what a command works on. On an empty database it makes the first administrator, as a server would.
///
/// # Errors
/// As [`super::start`].
pub async fn for_command(configuration: &Configuration) -> Result<AppState, StartError> {
    let random = Random::system()?;
    let opened = open(configuration, &random).await?;
    let public_url = configuration.public_url_of(configuration.listen[0]);
    let (state, _samples) = build(configuration, opened, public_url, Clock::system(), random)?;
    first_start::run(&state, configuration.admin_password.as_ref()).await?;
    Ok(state)
}

/// Ends a command: waits until every server that runs has put the change in force, then closes the database.
///
/// # Errors
/// [`StoreError`] when the database does not answer; [`NotConfirmed`] when a server has not answered within ten
/// seconds. The change is stored either way.
pub async fn finish(state: &AppState, change: Sequence) -> Result<Result<(), NotConfirmed>, StoreError> {
    // A server that crashed counts as running for a while; on SQLite the lock knows better.
    let runs = state.server_lock.as_deref().is_none_or(lock::is_held);
    let confirmed = match runs {
        true => confirmed_everywhere(&state.store, change, &state.clock, PATIENCE).await,
        false => Ok(Ok(())),
    };
    state.store.clone().close().await;
    confirmed
}
