//! The names of releases and of what is in them, in the vendor's form: `Applications/Release4f…/Phase1a…/Task9c…`.

use std::fmt;
use std::str::FromStr;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

/// What all places of releases begin with.
const ROOT: &str = "Applications/";
/// The most letters and digits behind the word of a name.
const LONGEST: usize = 64;

/// Why a text is no name of a release, or of something in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` and 1 to 64 letters and digits name it, as in `Applications/Release1`")]
pub struct NotAReleaseId(&'static str);

macro_rules! name {
    ($(#[$documentation:meta])* $name:ident, $word:literal) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// A fresh one: the word and 32 hexadecimal digits, as the vendor's client makes them.
            pub fn generate(random: &mut impl Rng) -> Self {
                let (high, low) = (random.next_u64(), random.next_u64());
                Self(format!(concat!($word, "{:016x}{:016x}"), high, low).into())
            }

            /// The last part of its place.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAReleaseId;

            fn from_str(text: &str) -> Result<Self, NotAReleaseId> {
                let rest = text.strip_prefix($word).ok_or(NotAReleaseId($word))?;
                let fits = (1..=LONGEST).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
                if fits { Ok(Self(text.into())) } else { Err(NotAReleaseId($word)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAReleaseId;

            fn try_from(text: String) -> Result<Self, NotAReleaseId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into_string()
            }
        }
    };
}

name!(
    /// Names a release or a template: `Release` and letters and digits.
    ReleaseId,
    "Release"
);
name!(
    /// Names a phase within its release.
    PhaseId,
    "Phase"
);
name!(
    /// Names a task within its release.
    TaskId,
    "Task"
);
name!(
    /// Names a variable within its release.
    VariableId,
    "Variable"
);

impl ReleaseId {
    /// Reads a place: the name with `Applications/` before it, or without.
    ///
    /// # Errors
    /// [`NotAReleaseId`].
    pub fn of_place(place: &str) -> Result<Self, NotAReleaseId> {
        place.strip_prefix(ROOT).unwrap_or(place).parse()
    }

    /// Its place.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{ROOT}{}", self.0)
    }

    /// The place of a phase of it.
    #[must_use]
    pub fn phase(&self, phase: &PhaseId) -> String {
        format!("{ROOT}{}/{}", self.0, phase.as_str())
    }

    /// The place of a variable of it.
    #[must_use]
    pub fn variable(&self, variable: &VariableId) -> String {
        format!("{ROOT}{}/{}", self.0, variable.as_str())
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{ROOT}{}", self.0)
    }
}

/// Where a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPlace {
    /// In which release.
    pub release: ReleaseId,
    /// In which phase.
    pub phase: PhaseId,
    /// Which task.
    pub task: TaskId,
}

impl FromStr for TaskPlace {
    type Err = NotAReleaseId;

    fn from_str(text: &str) -> Result<Self, NotAReleaseId> {
        let mut parts = text.strip_prefix(ROOT).unwrap_or(text).split('/');
        let mut part = || parts.next().unwrap_or_default();
        let place = Self { release: part().parse()?, phase: part().parse()?, task: part().parse()? };
        if parts.next().is_some() { Err(NotAReleaseId("Task")) } else { Ok(place) }
    }
}

impl fmt::Display for TaskPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.release, self.phase.as_str(), self.task.as_str())
    }
}
