//! The value of a variable in a form: what is to be typed, what was, and what is wrong with it.

use std::collections::BTreeMap;

use patgate_core::release::{Variable, VariableKind, VariableValue, check_value};
use patgate_store::StoredRelease;

use crate::pages::form::sentence;
use crate::pages::releases::one::shown;
use crate::pages::{Choice, Fields};
use crate::service::releases::VariableEntry;

/// The kinds, in words.
const KINDS: [(&str, VariableKind, &str); 6] = [
    ("text", VariableKind::Text, "Text"),
    ("password", VariableKind::Password, "Password"),
    ("integer", VariableKind::Integer, "Number"),
    ("boolean", VariableKind::Boolean, "Yes or no"),
    ("list", VariableKind::List, "List"),
    ("map", VariableKind::Map, "Names and values"),
];

/// The field.
pub(in crate::pages::releases) struct ValueForm {
    /// What the names of its fields begin with.
    pub(in crate::pages::releases) prefix: String,
    pub(in crate::pages::releases) kind: VariableKind,
    /// What is typed; of a password what was typed just now.
    pub(in crate::pages::releases) value: String,
    /// Whether there is a password already.
    pub(in crate::pages::releases) has_password: bool,
    /// Whether one was typed that the form keeps.
    pub(in crate::pages::releases) keeps_typed: bool,
    pub(in crate::pages::releases) error: Option<String>,
}

/// The kind of this word; a text when there is none.
pub(super) fn kind_of(word: &str) -> VariableKind {
    KINDS.iter().find(|(known, ..)| *known == word).map_or(VariableKind::Text, |(_, kind, _)| *kind)
}

/// What a kind is called on a page.
pub(super) fn kind_name(kind: VariableKind) -> &'static str {
    KINDS.iter().find(|(_, known, _)| *known == kind).map_or("", |(.., name)| *name)
}

/// The kinds to choose from.
pub(super) fn kinds(chosen: VariableKind) -> Vec<Choice> {
    let chosen = KINDS.iter().find(|(_, kind, _)| *kind == chosen).map_or("", |(word, ..)| *word);
    KINDS.iter().map(|(word, _, label)| Choice::new(*word, *label, chosen)).collect()
}

impl ValueForm {
    /// As it is stored.
    pub(in crate::pages::releases) fn of(
        prefix: impl Into<String>,
        stored: &StoredRelease,
        variable: &Variable,
    ) -> Self {
        Self {
            value: variable.value.as_ref().map(shown).unwrap_or_default(),
            has_password: stored.secrets.contains_key(variable.id.as_str()),
            ..Self::empty(prefix, variable.kind)
        }
    }

    /// Of a variable of this kind that has no value.
    pub(super) fn empty(prefix: impl Into<String>, kind: VariableKind) -> Self {
        Self {
            prefix: prefix.into(),
            kind,
            value: String::new(),
            has_password: false,
            keeps_typed: false,
            error: None,
        }
    }

    /// With the value that was typed. Browsers send lines with two characters at their ends.
    pub(in crate::pages::releases) fn typed(&mut self, fields: &Fields) {
        self.value = fields.secret(&self.name()).replace("\r\n", "\n");
    }

    /// The name of its field.
    pub(in crate::pages::releases) fn name(&self) -> String {
        format!("{}-value", self.prefix)
    }

    pub(in crate::pages::releases) fn is_password(&self) -> bool {
        self.kind == VariableKind::Password
    }

    pub(in crate::pages::releases) fn is_boolean(&self) -> bool {
        self.kind == VariableKind::Boolean
    }

    /// Whether its value may have several lines.
    pub(in crate::pages::releases) fn is_long(&self) -> bool {
        matches!(self.kind, VariableKind::Text | VariableKind::List | VariableKind::Map)
    }

    /// What is to be typed.
    pub(in crate::pages::releases) fn hint(&self) -> &'static str {
        match self.kind {
            VariableKind::Text | VariableKind::Boolean => "",
            VariableKind::Password if self.keeps_typed => "It is entered. Leave it blank to keep that.",
            VariableKind::Password if self.has_password => "Leave it blank to keep the one that is stored.",
            VariableKind::Password => "It is not shown again.",
            VariableKind::Integer => "A whole number.",
            VariableKind::List => "One text a line.",
            VariableKind::Map => "One line each: a name, an equals sign, a text.",
        }
    }

    /// The value that was typed.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(in crate::pages::releases) fn entry(&self) -> Result<VariableEntry, String> {
        let text = self.value.as_str();
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let value = match self.kind {
            VariableKind::Password if text.is_empty() => return Ok(VariableEntry::Kept),
            VariableKind::Password => return Ok(VariableEntry::Secret(text.into())),
            _ if text.trim().is_empty() => return Ok(VariableEntry::Nothing),
            VariableKind::Text => VariableValue::Text(text.to_owned()),
            VariableKind::Integer => {
                let number = text.trim().parse();
                VariableValue::Integer(number.map_err(|_| "Enter a whole number".to_owned())?)
            }
            VariableKind::Boolean => VariableValue::Boolean(text.trim() == "true"),
            VariableKind::List => VariableValue::List(lines().map(str::to_owned).collect()),
            VariableKind::Map => {
                let pair = |line: &str| {
                    let (name, text) = line.split_once('=')?;
                    Some((name.trim().to_owned(), text.trim().to_owned()))
                };
                let pairs: Option<BTreeMap<_, _>> = lines().map(pair).collect();
                VariableValue::Map(pairs.ok_or("Each line needs a name, an equals sign and a text")?)
            }
        };
        check_value(&value).map_err(|error| sentence(&error))?;
        Ok(VariableEntry::Value(value))
    }
}
