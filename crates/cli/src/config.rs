//! `patgate config`.

use patgate_server::configuration;
use patgate_server::tls::Certificates;

use crate::arguments::{Config, Listening};
use crate::failure::Failure;
use crate::output::print;

/// Shows or checks settings.
pub(crate) fn run(command: Config) -> Result<(), Failure> {
    match command {
        Config::Example => print(&configuration::example()),
        Config::Reference => print(&configuration::reference()),
        Config::Check(arguments) => check(arguments),
    }
}

fn check(arguments: Listening) -> Result<(), Failure> {
    let configuration = arguments.load()?;
    if let Some(files) = configuration.tls {
        Certificates::load(files).map_err(|fault| Failure::Unusable(fault.to_string()))?;
    }
    print("The configuration has no faults.\n")
}
