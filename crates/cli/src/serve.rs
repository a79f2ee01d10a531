//! `patgate serve`.

use patgate_server::app::{self, StartError};
use patgate_server::logging;
use tokio::runtime;

use crate::arguments::Listening;
use crate::failure::Failure;

/// Runs the server until it is told to stop.
pub(crate) fn run(arguments: Listening) -> Result<(), Failure> {
    app::begin_small();
    let configuration = arguments.load()?;
    logging::start(&configuration.log).map_err(Failure::failed)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format_args!("cannot start threads: {error}")))?;
    runtime.block_on(app::serve(configuration)).map_err(|error| match error {
        // As `patgate config check` has it.
        StartError::Tls(fault) => Failure::Unusable(fault.to_string()),
        other => Failure::failed(other),
    })
}
