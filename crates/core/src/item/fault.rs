//! What is wrong with a property, said so that whoever entered it knows what to do.

/// One thing that is wrong, and with which property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyFault {
    /// The name of the property, as it was sent.
    pub property: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The type has no such property.
    #[error("`{type_name}` has no such property; it has {known}")]
    Unknown {
        /// The type.
        type_name: &'static str,
        /// Its properties.
        known: String,
    },
    /// It must be given.
    #[error("this is needed")]
    Needed,
    /// It is of another kind.
    #[error("this is {expected}")]
    Expected {
        /// What it must be.
        expected: String,
    },
    /// There is nothing that the mask could stand for.
    #[error("`********` stands for the stored secret, and there is none; give the secret itself")]
    NothingBehindTheMask,
    /// A secret would be stored where everybody who may see the item reads it.
    #[error("`{0}` looks like a secret, which would be stored and shown readable here; leave it out")]
    SecretInTheOpen(String),
    /// The stored secret would go to another place than the one it was entered for.
    #[error(
        "give this again: {changed} changed, and a stored secret is not sent where it was not meant to go"
    )]
    SecretNeeded {
        /// What changed, by label.
        changed: String,
    },
    /// What another judge of the values says.
    #[error("{0}")]
    Judged(String),
}

impl PropertyFault {
    /// A fault of a property.
    pub fn new(property: impl Into<String>, reason: Reason) -> Self {
        Self { property: property.into(), reason }
    }
}
