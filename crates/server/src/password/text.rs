//! A password in the clear, on its way to the hash.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A password that arrived. It cannot be printed or serialised, and is wiped when dropped.
#[derive(Clone)]
pub struct PasswordText(Zeroizing<String>);

impl PasswordText {
    /// Takes a password over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Copies a password out of a request.
    #[must_use]
    pub fn copy_of(text: &str) -> Self {
        Self::new(text.to_owned())
    }

    /// The password, for the hash.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PasswordText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for PasswordText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordText(…)")
    }
}
