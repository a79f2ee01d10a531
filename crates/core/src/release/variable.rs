//! Variables of a release: named, typed, bounded values that scripts read and assign.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::VariableId;

/// A variable. The value of a password is never in it: that is sealed, and stands elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Names it within its release.
    pub id: VariableId,
    /// What scripts call it.
    pub key: String,
    /// What its values are.
    pub kind: VariableKind,
    /// Its value; of a password always nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<VariableValue>,
    /// What people read.
    #[serde(default)]
    pub label: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// Whether a release starts only when it has a value.
    #[serde(default)]
    pub requires_value: bool,
    /// Whether who starts a release is asked for it.
    #[serde(default)]
    pub show_on_release_start: bool,
}

impl Variable {
    /// What people call it: its label, or its key where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.label.is_empty() { &self.key } else { &self.label }
    }

    /// What scripts find of it that is not for others to choose; the value, too, unless they are asked for it. That it is there
    /// at all counts: a script may read it in place of a default of its own.
    pub(super) fn steering(&self) -> (&str, VariableKind, bool, Option<&VariableValue>) {
        let value = self.value.as_ref().filter(|_| !self.show_on_release_start);
        (self.key.as_str(), self.kind, self.show_on_release_start, value)
    }
}

/// What the values of a variable are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// A text.
    Text,
    /// A text that is never shown.
    Password,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// Texts in an order.
    List,
    /// Texts by name.
    Map,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum VariableValue {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Texts in an order.
    List(Vec<String>),
    /// Texts by name.
    Map(BTreeMap<String, String>),
}

impl VariableKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Password, Self::Integer, Self::Boolean, Self::List, Self::Map];

    /// The vendor's name of the type.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Text => "xlrelease.StringVariable",
            Self::Password => "xlrelease.PasswordStringVariable",
            Self::Integer => "xlrelease.IntegerVariable",
            Self::Boolean => "xlrelease.BooleanVariable",
            Self::List => "xlrelease.ListStringVariable",
            Self::Map => "xlrelease.MapStringStringVariable",
        }
    }

    /// The one that the vendor calls so.
    #[must_use]
    pub fn of_type_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.type_name() == name)
    }

    /// Whether a value is one of these.
    #[must_use]
    pub const fn fits(self, value: &VariableValue) -> bool {
        matches!(
            (self, value),
            (Self::Text | Self::Password, VariableValue::Text(_))
                | (Self::Integer, VariableValue::Integer(_))
                | (Self::Boolean, VariableValue::Boolean(_))
                | (Self::List, VariableValue::List(_))
                | (Self::Map, VariableValue::Map(_))
        )
    }

    /// What a value of this kind is, in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Text | Self::Password => "a text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::List => "a list of texts",
            Self::Map => "texts by name",
        }
    }
}

impl VariableValue {
    /// What kind of variable a value makes that has none yet.
    #[must_use]
    pub const fn kind(&self) -> VariableKind {
        match self {
            Self::Boolean(_) => VariableKind::Boolean,
            Self::Integer(_) => VariableKind::Integer,
            Self::Text(_) => VariableKind::Text,
            Self::List(_) => VariableKind::List,
            Self::Map(_) => VariableKind::Map,
        }
    }

    /// How many bytes of text are in it.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Boolean(_) | Self::Integer(_) => 8,
            Self::Text(text) => text.len(),
            Self::List(texts) => texts.iter().map(|text| text.len() + 8).sum(),
            Self::Map(texts) => texts.iter().map(|(name, text)| name.len() + text.len() + 8).sum(),
        }
    }
}
