//! `patgate demo`.

use patgate_server::demo::{Demo, configuration};
use patgate_server::logging;
use tokio::runtime;

use crate::failure::Failure;
use crate::output::print;

/// Runs the demonstration until it is told to stop. Its folder goes away with it.
pub(crate) fn run() -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("patgate-demo-").tempdir();
    let folder = folder.map_err(|error| Failure::failed(format_args!("cannot make a folder: {error}")))?;
    let configuration = configuration(folder.path()).map_err(Failure::failed)?;
    logging::start(&configuration.log).map_err(Failure::failed)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format_args!("cannot start threads: {error}")))?;
    runtime.block_on(async {
        let demo = Demo::start(configuration).await.map_err(Failure::failed)?;
        print(&demo.instructions())?;
        demo.run().await;
        Ok(())
    })
}
