//! The command line. No type here has `Debug`: a database URL may hold a password.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use patgate_server::configuration::{Configuration, Flags};

use crate::failure::Failure;

/// Personal access tokens for every API.
///
/// Ends with 0 when all went well, 1 when it did not, and 2 when the command line or the configuration cannot be used.
#[derive(Parser)]
#[command(name = "patgate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server until it is told to stop (SIGTERM, SIGINT)
    Serve(Listening),
    /// Try it: start everything in a folder that is thrown away, and print what to type
    Demo,
    /// Make, list and delete tokens
    #[command(subcommand)]
    Token(Token),
    /// Make, list and change users
    #[command(subcommand)]
    User(User),
    /// Rotate the keys that encrypt stored secrets, such as the passwords of mail servers
    #[command(subcommand)]
    Keys(Keys),
    /// Show and check settings
    #[command(subcommand)]
    Config(Config),
    /// Ask the server on this machine whether it answers: 0 when it does, 1 when it does not
    ///
    /// Asks the first configured address for `/healthz`. Over TLS the certificate is not verified: the address is this
    /// machine's own, and nothing secret is sent.
    Healthcheck(Listening),
    /// Print the description of the API
    #[command(hide = true)]
    Openapi,
    /// Run scripts for the server that started this, until it closes the pipe
    #[command(hide = true)]
    ScriptWorker(ScriptWorker),
}

/// What the server tells a process that runs scripts for it.
#[derive(Args)]
pub(crate) struct ScriptWorker {
    /// How much memory it may take
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory_bytes: u64,
}

/// Commands on tokens. A running server has a change in force before the command ends.
#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, once
    Create(NewToken),
    /// List tokens by name: everybody's, or only some
    List {
        #[command(flatten)]
        place: Place,
        /// Only the tokens of this user
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
        /// Only tokens whose name begins with this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only tokens made for this application
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
    },
    /// Delete a token for good
    Delete {
        #[command(flatten)]
        place: Place,
        /// The id of the token, as `patgate token list` shows it
        id: String,
    },
}

/// What is asked of a new token.
#[derive(Args)]
pub(crate) struct NewToken {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The user for whom the token speaks
    #[arg(long, value_name = "USER")]
    pub(crate) owner: String,
    /// What the token is for, 1 to 100 characters
    #[arg(long, value_name = "NOTE")]
    pub(crate) name: String,
    /// The application it is made for; `any` for all of them [default: release]
    #[arg(long, value_name = "APPLICATION")]
    pub(crate) application: Option<String>,
    /// How many days it lasts [default: as long as the maximum allows]
    #[arg(long, value_name = "DAYS", conflicts_with = "expires_at")]
    pub(crate) expires_in_days: Option<i64>,
    /// When it expires, in RFC 3339, like 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// A permission it carries; can be repeated [default: all that the user has]
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(crate) permissions: Vec<String>,
    /// Give it no permission at all
    #[arg(long, conflicts_with = "permissions")]
    pub(crate) no_permissions: bool,
}

/// Commands on users. A running server has a change in force before the command ends.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Make an internal user; the password is one line of the input
    Create(NewUser),
    /// List users by name: all, or only some
    List {
        #[command(flatten)]
        place: Place,
        /// Only users whose log-in name begins with this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Disable a user: they cannot sign in, and their tokens pass nowhere
    Disable {
        #[command(flatten)]
        place: Place,
        /// The user's log-in name
        name: String,
    },
    /// Enable a user again
    Enable {
        #[command(flatten)]
        place: Place,
        /// The user's log-in name
        name: String,
    },
    /// Set the password of an internal user; it is one line of the input
    SetPassword {
        #[command(flatten)]
        place: Place,
        /// The user's log-in name
        name: String,
        /// Read the password from the first line of this file
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

/// What is said of a new user.
#[derive(Args)]
pub(crate) struct NewUser {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The log-in name
    pub(crate) name: String,
    /// The name for people to read
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) full_name: String,
    /// The mail address
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    pub(crate) email: String,
    /// A role to put the user into
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Read the password from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Give no password: tokens alone work
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) no_password: bool,
}

/// Commands on the sealing keys of the key file.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Add a sealing key to the key file, and encrypt every stored secret anew with it
    ///
    /// With several nodes that do not share the file: `add` on one, copy the file to the others, then `reseal`.
    Rotate {
        #[command(flatten)]
        place: Place,
    },
    /// Add a sealing key to the key file; the next secret is encrypted with it
    Add {
        #[command(flatten)]
        place: Place,
    },
    /// Encrypt every stored secret anew with the newest sealing key of the key file
    Reseal {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Print a configuration file with every setting, its default and what it means
    Example,
    /// Report every fault of the configuration, without starting anything
    Check(Check),
    /// Print the reference of all settings
    #[command(hide = true)]
    Reference,
}

/// What `patgate config check` takes.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) listening: Listening,
    /// Try every directory and identity provider as well, and tell what was seen
    #[arg(long)]
    pub(crate) connect: bool,
}

/// Where the settings and the state are.
#[derive(Args)]
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
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// As [`Place`], with the addresses.
#[derive(Args)]
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
    /// Reads the settings from everywhere.
    pub(crate) fn load(self) -> Result<Configuration, Failure> {
        Ok(Configuration::load(self.into_flags())?)
    }

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
