//! What the program's commands do besides serving: change tokens and users on the database itself, under the rules and
//! in the transactions of the API. A running server has the change in force before the command ends.
//!
//! Commands bring texts and take texts back, so that the program needs to know nothing but this.

mod account;
pub mod keys;
pub mod tokens;
pub mod users;

use std::fmt;

use patgate_store::{Actor, ActorKind, Sequence, StoreError};

use crate::app::{self, StartError};
use crate::configuration::Configuration;
use crate::keys::KeysFault;
use crate::node::follow::NotConfirmed;
use crate::problem::Problem;
use crate::state::AppState;

/// An open database, and who works on it.
pub struct Workplace {
    state: AppState,
    actor: Actor,
}

/// Why a command did not do its work. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database or the keys cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The key file cannot be changed.
    #[error(transparent)]
    Keys(KeysFault),
    /// A rule stands against it.
    #[error("{0}")]
    Refused(Problem),
    /// The rules do not allow what an argument says; the sentence names it.
    #[error("{0}")]
    Unfit(String),
    /// An argument is not what it must be.
    #[error("`{argument}`: {reason}")]
    Argument {
        /// As it stands on the command line.
        argument: &'static str,
        /// What is expected.
        reason: String,
    },
}

/// What a command changed.
#[derive(Debug)]
pub struct Changed<T> {
    /// What it has to show.
    pub value: T,
    /// Set when the change is stored, but a running server has not said in time that it is in force there.
    pub unconfirmed: Option<Unconfirmed>,
}

/// Why it is not known whether a stored change is in force everywhere.
#[derive(Debug, thiserror::Error)]
pub enum Unconfirmed {
    /// Servers that run did not say so in time.
    #[error(transparent)]
    Nodes(#[from] NotConfirmed),
    /// The database did not answer the question.
    #[error("the change is stored, but whether the running servers have applied it is not known: {0}")]
    Store(#[from] StoreError),
}

impl Workplace {
    /// Opens the database and the keys of a configuration. On an empty database this makes the first administrator, as
    /// a server would.
    ///
    /// # Errors
    /// [`CommandError::Start`].
    pub async fn open(configuration: &Configuration) -> Result<Self, CommandError> {
        let state = app::for_command(configuration).await?;
        let actor = Actor {
            kind: ActorKind::CommandLine,
            name: account::name(),
            user: None,
            grant: None,
            address: None,
        };
        Ok(Self { state, actor })
    }

    /// Ends a command that changed something.
    async fn finish<T>(self, value: T, change: Sequence) -> Changed<T> {
        let unconfirmed = match app::finish(&self.state, change).await {
            Ok(Ok(())) => None,
            Ok(Err(nodes)) => Some(nodes.into()),
            Err(store) => Some(store.into()),
        };
        Changed { value, unconfirmed }
    }

    /// Ends a command that only looked.
    async fn close(self) {
        self.state.store.clone().close().await;
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// Reads an argument.
pub(crate) fn argument<T>(argument: &'static str, text: &str) -> Result<T, CommandError>
where
    T: std::str::FromStr<Err: fmt::Display>,
{
    text.parse().map_err(|reason: T::Err| CommandError::Argument { argument, reason: reason.to_string() })
}

/// A refusal as somebody at a terminal reads it: `flags` are fields of the API, and what they are called here.
fn in_words_of_the_terminal(problem: Problem, flags: &[(&str, &'static str)]) -> CommandError {
    let named = flags.iter().find(|(field, _)| problem.wrong_field() == Some(*field));
    let Some(&(field, argument)) = named else { return CommandError::Refused(problem) };
    let told = problem.detail();
    let beginnings = [format!("`{field}`: "), format!("The field `{field}`: ")];
    let told = beginnings.iter().find_map(|name| told.strip_prefix(name.as_str())).unwrap_or(told);
    let told = told.replace(&format!("`{field}`"), &format!("`{argument}`"));
    if told.contains(argument) {
        CommandError::Unfit(told)
    } else {
        CommandError::Argument { argument, reason: told }
    }
}
