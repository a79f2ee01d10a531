//! Why a command of `xtask` did not do what it was asked.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Ends a command. Its text is the last line that the person sees.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A program ran and said no. What it wrote stands above this line.
    #[error("`{command}` failed ({status})")]
    Refused {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program could not be run.
    #[error("`{command}` does not start: {source}")]
    DoesNotStart {
        /// The command line.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Cargo could not say what the workspace consists of.
    #[error("cargo does not describe the workspace: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// Something was found that the person has to change.
    #[error("{0}")]
    Found(String),
    /// Somebody pressed Ctrl-C, or the machine asked us to stop.
    #[error("stopped by a signal")]
    Interrupted,
}

impl Failure {
    /// Turns an error of a file into one that names the file.
    pub(crate) fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        |source| Self::File { path, source }
    }

    /// The exit code of `xtask`: that of the program that failed, if there is one.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { status, .. } => {
                status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).unwrap_or(1)
            }
            Self::Interrupted => 130,
            _ => 1,
        }
    }
}
