//! A variable in a form.

use std::collections::BTreeMap;

use patgate_core::release::{
    Variable, VariableKind, VariableValue, check_description, check_key, check_value,
};
use patgate_store::StoredRelease;

use crate::pages::form::sentence;
use crate::pages::releases::one::shown;
use crate::pages::{Choice, Fields};
use crate::service::releases::{VariableDraft, VariableEntry};

/// The kinds, in words.
const KINDS: [(&str, VariableKind, &str); 6] = [
    ("text", VariableKind::Text, "Text"),
    ("password", VariableKind::Password, "Password"),
    ("integer", VariableKind::Integer, "Number"),
    ("boolean", VariableKind::Boolean, "Yes or no"),
    ("list", VariableKind::List, "List"),
    ("map", VariableKind::Map, "Names and values"),
];

/// The fields of a variable.
pub(in crate::pages::releases) struct VariableForm {
    /// What the names of its fields begin with.
    pub(in crate::pages::releases) prefix: String,
    /// Its place in the list, from 1.
    pub(in crate::pages::releases) number: usize,
    /// Its name, empty for a new one.
    pub(in crate::pages::releases) id: String,
    pub(in crate::pages::releases) key: String,
    pub(in crate::pages::releases) kind: VariableKind,
    pub(in crate::pages::releases) value: String,
    pub(in crate::pages::releases) label: String,
    pub(in crate::pages::releases) requires_value: bool,
    pub(in crate::pages::releases) show_on_release_start: bool,
    /// Whether there is a password already.
    pub(in crate::pages::releases) has_password: bool,
    pub(in crate::pages::releases) error: Option<String>,
    description: String,
}

impl VariableForm {
    /// As it is stored.
    pub(in crate::pages::releases) fn of(at: usize, stored: &StoredRelease, variable: &Variable) -> Self {
        Self {
            prefix: prefix(at),
            number: at + 1,
            id: variable.id.as_str().to_owned(),
            key: variable.key.clone(),
            kind: variable.kind,
            value: variable.value.as_ref().map(shown).unwrap_or_default(),
            label: variable.label.clone(),
            requires_value: variable.requires_value,
            show_on_release_start: variable.show_on_release_start,
            has_password: stored.secrets.contains_key(variable.id.as_str()),
            error: None,
            description: variable.description.clone(),
        }
    }

    /// A new one.
    pub(super) fn empty() -> Self {
        Self {
            prefix: String::new(),
            number: 0,
            id: String::new(),
            key: String::new(),
            kind: VariableKind::Text,
            value: String::new(),
            label: String::new(),
            requires_value: false,
            show_on_release_start: true,
            has_password: false,
            error: None,
            description: String::new(),
        }
    }

    /// As it was typed; `None` when there is none at this place of the form.
    pub(super) fn of_fields(at: usize, fields: &Fields) -> Option<Self> {
        let prefix = prefix(at);
        let field = |name: &str| fields.text(&format!("{prefix}-{name}")).to_owned();
        let has = |name: &str| fields.has(&format!("{prefix}-{name}"));
        if !has("key") {
            return None;
        }
        let kind = field("kind");
        let kind =
            KINDS.iter().find(|(word, ..)| *word == kind).map_or(VariableKind::Text, |(_, kind, _)| *kind);
        Some(Self {
            number: at + 1,
            id: field("id"),
            key: field("key"),
            kind,
            value: value(fields, &prefix),
            label: field("label"),
            requires_value: has("requires"),
            show_on_release_start: has("asked"),
            has_password: has("kept"),
            error: None,
            description: field("description"),
            prefix,
        })
    }

    /// With the value that was typed.
    pub(in crate::pages::releases) fn typed(&mut self, fields: &Fields) {
        self.value = value(fields, &self.prefix);
    }

    /// Puts it at another place of the form.
    pub(super) fn place(&mut self, at: usize) {
        (self.prefix, self.number) = (prefix(at), at + 1);
    }

    /// The kinds to choose from.
    pub(in crate::pages::releases) fn kinds(&self) -> Vec<Choice> {
        let chosen = KINDS.iter().find(|(_, kind, _)| *kind == self.kind).map_or("", |(word, ..)| *word);
        KINDS.iter().map(|(word, _, label)| Choice::new(*word, *label, chosen)).collect()
    }

    /// What people call it.
    pub(in crate::pages::releases) fn shown_name(&self) -> &str {
        match (self.label.as_str(), self.key.as_str()) {
            ("", "") => "New variable",
            ("", key) => key,
            (label, _) => label,
        }
    }

    /// The name of a field of it.
    pub(in crate::pages::releases) fn named(&self, field: &str) -> String {
        format!("{}-{field}", self.prefix)
    }

    pub(in crate::pages::releases) fn description(&self) -> &str {
        &self.description
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

    /// The variable as it is to be; what is wrong stands beside its fields then.
    pub(super) fn draft(&mut self) -> Option<VariableDraft> {
        let value = match self.entry() {
            Ok(value) => value,
            Err(error) => {
                self.error = Some(error);
                return None;
            }
        };
        if self.key.is_empty() {
            self.error = Some("Enter the name by which scripts read it".to_owned());
            return None;
        }
        if let Err(error) = check_key(&self.key).and_then(|()| check_description(&self.label)) {
            self.error = Some(sentence(&error));
            return None;
        }
        Some(VariableDraft {
            id: self.id.parse().ok(),
            key: self.key.clone(),
            kind: self.kind,
            value,
            label: self.label.clone(),
            description: self.description.clone(),
            requires_value: self.requires_value,
            show_on_release_start: self.show_on_release_start,
        })
    }
}

fn prefix(at: usize) -> String {
    format!("variable-{at}")
}

/// Browsers send lines with two characters at their ends.
fn value(fields: &Fields, prefix: &str) -> String {
    fields.secret(&format!("{prefix}-value")).replace("\r\n", "\n")
}
