//! The process that runs scripts, `patgate script-worker`: reads a message, runs what it says, answers, until the pipe is closed.
//!
//! It holds nothing of the server's: its environment is empty, and it is told a script, its variables and its limits. Nothing is
//! kept from one script to the next.

mod api;
mod check;
mod confinement;
mod errand;
mod interpreter;
mod system_calls;

use std::io;
use std::rc::Rc;

use super::frame::{receive, send};
use super::message::{FromWorker, ToWorker};
use errand::Errand;

/// A worker that cannot go on. Its server sees that it ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerFault {
    /// It could not shut itself in.
    #[error("this process cannot be limited: {0}")]
    Unlimited(#[source] io::Error),
    /// A pipe failed.
    #[error("the server cannot be heard or told: {0}")]
    Pipe(#[from] io::Error),
    /// The server said what no worker understands: it is of another version.
    #[error("the server said something else than a worker understands: {0}")]
    Unknown(#[from] serde_json::Error),
}

/// Serves one script after the other from the standard input to the standard output.
///
/// # Errors
/// When it cannot be limited, or a pipe fails.
pub fn serve(memory_bytes: u64) -> Result<(), WorkerFault> {
    confinement::shut_in(memory_bytes).map_err(WorkerFault::Unlimited)?;
    let errand = Rc::new(Errand::new(Box::new(io::stdin().lock()), Box::new(io::stdout().lock())));
    let globals = interpreter::globals();
    while let Some(message) = errand.receive()? {
        match serde_json::from_slice(&message)? {
            ToWorker::Run(job) => {
                confinement::allow_processor(job.processor_seconds).map_err(WorkerFault::Unlimited)?;
                let ended = interpreter::run(job, &globals, &errand);
                errand.failed()?;
                errand.send(&ended)?;
            }
            ToWorker::Check { text } => {
                confinement::allow_processor(CHECK_SECONDS).map_err(WorkerFault::Unlimited)?;
                errand.send(&FromWorker::Checked { fault: check::check(text, &globals) })?;
            }
            ToWorker::Answer { .. } | ToWorker::Refused { .. } => {
                return Err(io::Error::from(io::ErrorKind::InvalidData).into());
            }
        }
    }
    Ok(())
}

/// The most time of the processor that reading a text may take.
const CHECK_SECONDS: u64 = 5;
