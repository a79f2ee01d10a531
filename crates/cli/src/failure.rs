//! How a command ends when it does not succeed.

use std::fmt;
use std::process::ExitCode;

use patgate_server::command::CommandError;
use patgate_server::configuration::Faults;

/// Why a command did not do its work: a sentence, with a `hint:` line where there is one.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work failed: exit code 1.
    Failed(String),
    /// The command line or the configuration cannot be used: exit code 2, as clap has it.
    Unusable(String),
}

impl Failure {
    /// From whatever went wrong.
    pub(crate) fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// Tells the person, and says which exit code that is.
    #[expect(clippy::print_stderr, reason = "the person at the terminal is who this is for")]
    pub(crate) fn report(&self) -> ExitCode {
        let (code, message) = match self {
            Self::Failed(message) => (1, message),
            Self::Unusable(message) => (2, message),
        };
        eprintln!("error: {message}");
        ExitCode::from(code)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Unusable(format!("{faults}\nhint: `patgate config example` shows every setting"))
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Argument { .. } | CommandError::Unfit(_) => Self::Unusable(error.to_string()),
            CommandError::Start(_) | CommandError::Keys(_) | CommandError::Refused(_) => {
                Self::Failed(error.to_string())
            }
        }
    }
}
