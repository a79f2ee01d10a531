//! How much a release may hold.

use std::collections::HashSet;

use super::document::{Release, TaskKind};
use super::variable::{VariableKind, VariableValue};

/// The most bytes of a script.
pub const LONGEST_SCRIPT: usize = 64 * 1_024;
/// The most bytes of one line of a task's log; a longer one is cut, and shows it.
pub const LONGEST_LINE: usize = 4 * 1_024;
/// The most lines that are kept of one run of a task. One more may stand behind them, which says that there were others.
pub const MOST_LINES: u32 = 2_000;
/// The most characters of a title, and of a variable's key.
pub const LONGEST_TITLE: usize = 255;
/// The most bytes of a description.
const LONGEST_DESCRIPTION: usize = 16 * 1_024;
/// The most phases.
const MOST_PHASES: usize = 100;
/// The most tasks, all phases together.
const MOST_TASKS: usize = 500;
/// The most variables.
const MOST_VARIABLES: usize = 200;
/// The most bytes of a variable's value.
pub const LONGEST_VALUE: usize = 32 * 1_024;
/// The most bytes of all scripts, descriptions and values together: the whole is read and written with each step.
const LONGEST_WHOLE: usize = 512 * 1_024;
/// The most tags, of a release and of a search.
const MOST_TAGS: usize = 50;

/// What is wrong with a release that somebody describes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A title, a key or a tag is empty or too long, or has control characters.
    #[error("{0} is 1 to {LONGEST_TITLE} characters, none of them a control character")]
    Name(&'static str),
    /// There is too much of something.
    #[error("there are at most {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Something is too long.
    #[error("{what} is at most {most} bytes long")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// Two things in it are called the same.
    #[error("`{0}` stands twice; each phase, task and variable has a name of its own")]
    Twice(String),
    /// The value of a variable is of another kind.
    #[error("the value of the variable `{key}` is {wanted}")]
    Value {
        /// Of which variable.
        key: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl Release {
    /// Whether all in it is within the limits.
    ///
    /// # Errors
    /// [`Unfit`], which says what is not.
    pub fn check(&self) -> Result<(), Unfit> {
        check_title(&self.title)?;
        check_tags(&self.tags)?;
        at_most("phases", self.phases.len(), MOST_PHASES)?;
        at_most("tasks", self.tasks().count(), MOST_TASKS)?;
        at_most("variables", self.variables.len(), MOST_VARIABLES)?;
        check_description(&self.description)?;
        let mut whole = self.description.len();
        let mut names = HashSet::new();
        let mut once = |name: &str| match names.insert(name.to_owned()) {
            true => Ok(()),
            false => Err(Unfit::Twice(name.to_owned())),
        };
        for phase in &self.phases {
            check_title(&phase.title)?;
            once(phase.id.as_str())?;
            check_description(&phase.description)?;
            whole += phase.description.len();
        }
        for task in self.tasks() {
            check_title(&task.title)?;
            once(task.id.as_str())?;
            check_description(&task.description)?;
            whole += task.description.len();
            if let TaskKind::Script { script } = &task.kind {
                short("a script", script.len(), LONGEST_SCRIPT)?;
                whole += script.len();
            }
        }
        let mut keys = HashSet::new();
        for variable in &self.variables {
            check_key(&variable.key)?;
            once(variable.id.as_str())?;
            if !keys.insert(variable.key.as_str()) {
                return Err(Unfit::Twice(variable.key.clone()));
            }
            for text in [&variable.label, &variable.description] {
                check_description(text)?;
                whole += text.len();
            }
            let Some(value) = &variable.value else { continue };
            if variable.kind == VariableKind::Password || !variable.kind.fits(value) {
                return Err(Unfit::Value { key: variable.key.clone(), wanted: variable.kind.in_words() });
            }
            check_value(value)?;
            whole += value.size();
        }
        short("a release with all in it", whole, LONGEST_WHOLE)
    }
}

/// Whether a release, a phase or a task may be called so: in 1 to 255 characters without control characters.
///
/// # Errors
/// [`Unfit::Name`].
pub fn check_title(text: &str) -> Result<(), Unfit> {
    name("a title", text)
}

/// Whether a release may have these tags: at most 50, each bounded as a title is.
///
/// # Errors
/// [`Unfit::Name`], [`Unfit::TooMany`].
pub fn check_tags(tags: &[String]) -> Result<(), Unfit> {
    tags.iter().try_for_each(|tag| name("a tag", tag))?;
    at_most("tags", tags.len(), MOST_TAGS)
}

/// Whether scripts may read a variable by this name, which is bounded as a title is.
///
/// # Errors
/// [`Unfit::Name`].
pub fn check_key(text: &str) -> Result<(), Unfit> {
    name("the key of a variable", text)
}

/// Whether a release, a phase, a task or a variable may be described so: in 16 KiB. A variable's label is a
/// description, too.
///
/// # Errors
/// [`Unfit::TooLong`].
pub fn check_description(text: &str) -> Result<(), Unfit> {
    short("a description", text.len(), LONGEST_DESCRIPTION)
}

/// Whether a variable may have so long a value: [`LONGEST_VALUE`] bytes.
///
/// # Errors
/// [`Unfit::TooLong`].
pub fn check_value(value: &VariableValue) -> Result<(), Unfit> {
    short("the value of a variable", value.size(), LONGEST_VALUE)
}

fn name(what: &'static str, text: &str) -> Result<(), Unfit> {
    let fits = (1..=LONGEST_TITLE).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits { Ok(()) } else { Err(Unfit::Name(what)) }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Unfit> {
    if count <= most { Ok(()) } else { Err(Unfit::TooMany { what, most }) }
}

fn short(what: &'static str, bytes: usize, most: usize) -> Result<(), Unfit> {
    if bytes <= most { Ok(()) } else { Err(Unfit::TooLong { what, most }) }
}
