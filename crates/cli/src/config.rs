//! `patgate config`.

use patgate_server::configuration::{self, Configuration};
use patgate_server::edge::Clock;
use patgate_server::provider::check;
use patgate_server::tls::Certificates;
use tokio::runtime;

use crate::arguments::{Check, Config};
use crate::failure::Failure;
use crate::output::print;

/// Shows or checks settings.
pub(crate) fn run(command: Config) -> Result<(), Failure> {
    match command {
        Config::Example => print(&configuration::example()),
        Config::Reference => print(&configuration::reference()),
        Config::Check(arguments) => check_all(arguments),
    }
}

fn check_all(arguments: Check) -> Result<(), Failure> {
    let configuration = arguments.listening.load()?;
    if let Some(files) = configuration.tls.clone() {
        Certificates::load(files).map_err(|fault| Failure::Unusable(fault.to_string()))?;
    }
    print("The configuration has no faults.\n")?;
    if arguments.connect { connect(&configuration) } else { Ok(()) }
}

/// Tries the providers, and tells each step.
fn connect(configuration: &Configuration) -> Result<(), Failure> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format_args!("cannot start: {error}")))?;
    let checked = runtime.block_on(check::all(configuration, Clock::system().now()));
    if checked.is_empty() {
        return print("There is no provider to connect to.\n");
    }
    checked.iter().try_for_each(|provider| print(&format!("\n{provider}")))?;
    match checked.iter().filter(|provider| !provider.is_good()).count() {
        0 => Ok(()),
        count => {
            Err(Failure::failed(format_args!("nobody can sign in at {count} of {} providers", checked.len())))
        }
    }
}
