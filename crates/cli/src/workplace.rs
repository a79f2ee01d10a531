//! What the commands that work on the database share: opening it, and telling what became of a change.

use patgate_server::command::{Changed, CommandError, Workplace};
use patgate_server::logging;
use tokio::runtime;

use crate::arguments::Place;
use crate::failure::Failure;

/// Opens the database, works on it, and returns what the work returns.
pub(crate) fn work<T, F, E>(place: Place, work: impl FnOnce(Workplace) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, E>>,
    Failure: From<E>,
{
    let configuration = place.load()?;
    logging::start(&configuration.log).map_err(Failure::failed)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format_args!("cannot start: {error}")))?;
    runtime.block_on(async { Ok(work(Workplace::open(&configuration).await?).await?) })
}

/// As [`work`], for work that changes something. What it has to show is shown even when it is not known whether every
/// server has the change in force; the command then ends with 1.
pub(crate) fn change<T, F>(
    place: Place,
    work: impl FnOnce(Workplace) -> F,
    show: impl FnOnce(T) -> Result<(), Failure>,
) -> Result<(), Failure>
where
    F: Future<Output = Result<Changed<T>, CommandError>>,
{
    let changed = self::work(place, work)?;
    show(changed.value)?;
    match changed.unconfirmed {
        None => Ok(()),
        Some(unconfirmed) => Err(Failure::failed(unconfirmed)),
    }
}
