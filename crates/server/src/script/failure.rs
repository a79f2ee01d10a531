//! Why a script did not complete.

use std::time::Duration;

/// What is wrong with the text of a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxFault {
    /// The line, from one.
    pub line: u32,
    /// The character of that line, from one.
    pub column: u32,
    /// What is wrong there.
    pub message: String,
}

/// Why a text was not found to be a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckFailed {
    /// It is none.
    #[error(transparent)]
    Syntax(#[from] SyntaxFault),
    /// Nobody knows: what looked at it was stopped.
    #[error("the script was not checked: {0}")]
    NotChecked(Failure),
}

/// Why a script did not complete. Each text is a sentence for people, in which no secret of the script stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The text is no script.
    #[error("The script cannot be read: {0}.")]
    Syntax(SyntaxFault),
    /// The script itself failed, or a call of it was refused.
    #[error("{}{message}", place(*line))]
    Script {
        /// The line, from one, when it is known.
        line: Option<u32>,
        /// What happened there.
        message: String,
    },
    /// It took too many statements.
    #[error("The script was stopped: it took more than {limit} steps. Look for a loop that does not end.")]
    Steps {
        /// The limit.
        limit: u64,
    },
    /// It took too much memory.
    #[error("The script was stopped: it needed more than {bytes} bytes of memory.")]
    Memory {
        /// The limit.
        bytes: u64,
    },
    /// It took too much time of the processor.
    #[error("The script was stopped: it used the processor for more than {} seconds.", limit.as_secs())]
    Processor {
        /// The limit.
        limit: Duration,
    },
    /// It took too long.
    #[error("The script was stopped: it took longer than {} seconds, the time of its calls included.", limit.as_secs_f64())]
    Wall {
        /// The limit.
        limit: Duration,
    },
    /// It printed too much.
    #[error("The script was stopped: it printed more than {bytes} bytes.")]
    Output {
        /// The limit.
        bytes: u64,
    },
    /// It made too many calls.
    #[error("The script was stopped: it made more than {limit} calls.")]
    Calls {
        /// The limit.
        limit: u32,
    },
    /// Functions called functions too deeply.
    #[error("The script was stopped: its functions call each other too deeply.")]
    Recursion,
    /// The text or a value is nested more deeply than can be read.
    #[error("The script was stopped: its text or one of its values is nested too deeply.")]
    Nesting,
    /// What its process would be given is too long.
    #[error("The {what} of the script may have {bytes} bytes at most.")]
    TooLong {
        /// `text`, `variables` at its beginning, or `answer to a call`.
        what: &'static str,
        /// The limit.
        bytes: usize,
    },
    /// What the script left as its variables is no set of variables, or is too much.
    #[error("The script left no variables that can be kept: {message}.")]
    Variables {
        /// What is wrong with them.
        message: String,
    },
    /// The process that ran it ended.
    #[error(
        "The process that ran the script ended unexpectedly ({how}). Start the task again; if it happens again, tell your administrator."
    )]
    Died {
        /// A signal or an exit code.
        how: String,
    },
    /// The process that ran it said something that is not understood.
    #[error(
        "The process that ran the script was stopped, because it said something that is not understood: {message}."
    )]
    Garbled {
        /// What.
        message: String,
    },
    /// No process can be started.
    #[error("No process could be started for the script: {message}. Tell your administrator.")]
    NoWorker {
        /// What the system says.
        message: String,
    },
}

fn place(line: Option<u32>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}
