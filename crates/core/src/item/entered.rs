//! What somebody entered in a form or sent in a call, before it is judged.

use std::collections::BTreeMap;

use super::SecretText;

/// What was entered for one property.
#[derive(Clone, Debug)]
pub enum Entered {
    /// Nothing: the value goes, and the default comes where there is one.
    Nothing,
    /// A text. It may be a secret, so it is not printed.
    Text(SecretText),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Texts by name.
    Map(BTreeMap<String, String>),
    /// Something that no property takes: a list, a fraction.
    Unsuitable,
}

/// What was entered, by property. What is absent stays as it is; of a new item, it gets its default.
pub type Draft = BTreeMap<String, Entered>;

impl Entered {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(SecretText::from(text.into()))
    }
}
