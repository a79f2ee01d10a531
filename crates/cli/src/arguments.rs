//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use patgate_server::configuration::{Configuration, Flags};

use crate::failure::Failure;

/// Personal access tokens for every API.
///
/// Ends with 0 when all went well, 1 when it did not, and 2 when the command line or the configuration cannot be used.
#[derive(Debug, Parser)]
#[command(name = "patgate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until it is told to stop (SIGTERM, SIGINT)
    Serve(Listening),
    /// Show and check settings
    #[command(subcommand)]
    Config(Config),
    /// Ask the server on this machine whether it answers: 0 when it does, 1 when it does not
    ///
    /// Asks the first configured address for `/healthz`. Over TLS the certificate is not verified: the address is this
    /// machine's own, and nothing secret is sent.
    Healthcheck(Listening),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a configuration file with every setting, its default and what it means
    Example,
    /// Report every fault of the configuration, without starting anything
    Check(Listening),
    /// Print the reference of all settings
    #[command(hide = true)]
    Reference,
}

/// Where the settings and the state are.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// The configuration file [default: patgate.toml if it exists] [env: PATGATE_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the state [default: patgate-data] [env: PATGATE_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// The database: `sqlite:PATH` or `postgres://…` [default: a file in the data folder] [env: PATGATE_DATABASE_URL]
    ///
    /// What stands on a command line can be read by every user of this machine: give a URL with a password by the
    /// variable or by the setting `database_url_file`.
    #[arg(long, value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// As [`Place`], with the addresses.
#[derive(Args, Debug)]
pub(crate) struct Listening {
    #[command(flatten)]
    place: Place,
    /// An address to listen on, like 127.0.0.1:5516; can be repeated [env: PATGATE_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
}

impl Listening {
    /// Reads the settings from everywhere.
    pub(crate) fn load(self) -> Result<Configuration, Failure> {
        let mut flags = self.place.into_flags();
        flags.listen = self.listen;
        Ok(Configuration::load(flags)?)
    }
}

impl Place {
    fn into_flags(self) -> Flags {
        Flags {
            config: self.config,
            data_dir: self.data_dir,
            database_url: self.database_url,
            listen: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
