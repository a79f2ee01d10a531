//! `patgate script-worker`: the server starts it, nobody else does.

use patgate_server::script::worker;

use crate::arguments::ScriptWorker;
use crate::failure::Failure;

/// Runs scripts until the server closes the pipe.
pub(crate) fn run(arguments: &ScriptWorker) -> Result<(), Failure> {
    worker::serve(arguments.memory_bytes).map_err(Failure::failed)
}
