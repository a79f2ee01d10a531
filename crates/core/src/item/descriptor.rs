//! What a type of items is: its properties, from which forms are drawn and values are judged.

use std::collections::BTreeMap;

use super::{Properties, Value};

/// A type of items.
#[derive(Debug)]
pub struct TypeDescriptor {
    /// `area.Name`, as the vendor has it: `notification.PatSmtpServer`.
    pub name: &'static str,
    /// What people call one.
    pub label: &'static str,
    /// What it is for, in a sentence.
    pub description: &'static str,
    /// Whether other items can be in it.
    pub is_folder: bool,
    /// In the order of the form.
    pub properties: &'static [PropertyDescriptor],
    /// What no two items may share.
    pub unique: Option<Unique>,
}

/// A property whose value one item in the whole system may have, whatever the case.
#[derive(Clone, Copy, Debug)]
pub struct Unique {
    /// The name of the property, a text.
    pub property: &'static str,
    /// Among what it is unique: types that share this word share one set of values.
    pub among: &'static str,
}

/// A property of a type.
#[derive(Debug)]
pub struct PropertyDescriptor {
    /// In calls and in the database: `fromAddress`.
    pub name: &'static str,
    /// On the page: *From Address*.
    pub label: &'static str,
    /// What it means, in sentences.
    pub description: &'static str,
    /// Under which heading it stands; properties of one category follow each other.
    pub category: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether an item must have it.
    pub is_required: bool,
    /// What it is when nothing is given.
    pub default: DefaultValue,
    /// Whether it says where the secrets of the item are sent, or how well they are guarded on the way.
    pub leads_secret: LeadsSecret,
}

/// What the values of a property are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line.
    Text {
        /// The most characters.
        longest: usize,
        /// What it must look like.
        form: TextForm,
    },
    /// A whole number.
    Integer {
        /// The least one.
        least: i64,
        /// The greatest one.
        most: i64,
    },
    /// Yes or no.
    Boolean,
    /// One of several: values and what they are called.
    Choice(&'static [(&'static str, &'static str)]),
    /// Texts by name, at most 100.
    Map,
    /// A text that is never shown.
    Secret {
        /// The least characters.
        least: usize,
        /// The most characters.
        longest: usize,
        /// As what it is kept.
        keeping: Keeping,
    },
}

/// As what a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Encrypted, because it is sent to another server.
    ToSend,
    /// Encrypted, because it must be known to compute what others sent, or what is sent with a message. It never leaves.
    ToCompute,
    /// As a keyed digest, or as the grant of the personal access token that it is: it is only compared.
    Digest,
}

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// Anything.
    Any,
    /// The name or address of a host.
    Host,
    /// A mail address. Only roughly judged here.
    MailAddress,
    /// One segment of the path of a URL, of unreserved characters (RFC 3986 §2.3).
    PathSegment,
    /// The beginning of an http or https address. Only roughly judged here.
    WebAddress,
}

/// What a property is when nothing is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// Nothing.
    Nothing,
    /// A text.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
}

/// Whether a property says where the secrets of its item are sent.
#[derive(Clone, Copy, Debug)]
pub enum LeadsSecret {
    /// No: it may change while the secrets stay.
    No,
    /// Yes: whoever changes it must know the secrets.
    Yes,
    /// Some changes of the map do: those of which this says so, given the map before and after.
    When(fn(&BTreeMap<String, String>, &BTreeMap<String, String>) -> bool),
}

impl TypeDescriptor {
    /// What stands before the point in its name: the menu under which one is made.
    #[must_use]
    pub fn area(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(area, _)| area)
    }

    /// What stands after the point in its name.
    #[must_use]
    pub fn simple_name(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, name)| name)
    }

    /// The property of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'static PropertyDescriptor> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// What no other item may have as its key, when this type has something unique and these properties have a value
    /// for it.
    #[must_use]
    pub fn unique_key(&self, properties: &Properties) -> Option<String> {
        let unique = self.unique?;
        let value = properties.get(unique.property)?.as_text()?;
        Some(format!("{}:{}", unique.among, value.to_lowercase()))
    }

    /// Its secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &'static PropertyDescriptor> {
        self.properties.iter().filter(|property| property.is_secret())
    }
}

impl PropertyDescriptor {
    /// Whether its values are never shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret { .. })
    }

    /// Whether its values are sent to another server.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        matches!(self.kind, Kind::Secret { keeping: Keeping::ToSend, .. })
    }

    /// Whether this change of it would send the secrets elsewhere, or guard them less.
    #[must_use]
    pub fn leads_elsewhere(&self, before: Option<&Value>, after: Option<&Value>) -> bool {
        let map = |value: Option<&Value>| value.and_then(Value::as_map).cloned().unwrap_or_default();
        before != after
            && match self.leads_secret {
                LeadsSecret::No => false,
                LeadsSecret::Yes => true,
                LeadsSecret::When(leads) => leads(&map(before), &map(after)),
            }
    }
}

impl Kind {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Integer { .. } => "integer",
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
            Self::Map => "map",
            Self::Secret { .. } => "secret",
        }
    }
}

impl DefaultValue {
    /// As a value.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => Some(Value::Text(text.to_owned())),
            Self::Integer(number) => Some(Value::Integer(number)),
            Self::Boolean(yes) => Some(Value::Boolean(yes)),
        }
    }
}
