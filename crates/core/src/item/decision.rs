//! The one rule for making and for changing an item: what was entered, over what is stored.

use std::collections::{BTreeMap, BTreeSet};

use super::descriptor::{Kind, PropertyDescriptor, TextForm, TypeDescriptor};
use super::{Draft, Entered, Properties, PropertyFault, Reason, SecretText, Value};

/// What stands for a stored secret in every answer. When it comes back, the stored one stays.
pub const MASK: &str = "********";

/// The most entries of a map.
const MOST_ENTRIES: usize = 100;
/// The most characters of a name in a map.
const LONGEST_ENTRY_NAME: usize = 200;
/// The most characters of a value in a map.
const LONGEST_ENTRY_VALUE: usize = 1_000;

/// An item as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'s> {
    /// Its values.
    pub properties: &'s Properties,
    /// The names of the properties for which a secret is stored.
    pub secrets: &'s BTreeSet<String>,
}

/// An item as it will be.
#[derive(Clone, Debug)]
pub struct Decision {
    /// All its values.
    pub properties: Properties,
    /// What becomes of its secrets. What is not named stays as it is.
    pub secrets: BTreeMap<&'static str, SecretChange>,
}

/// What becomes of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    /// This takes its place.
    Set(SecretText),
    /// It is forgotten.
    Remove,
}

/// Judges what was entered for an item of this type; `stored` is `None` for a new one.
///
/// What is absent stays as it is, and a new item gets the default. [`MASK`] leaves a secret as it is. A secret that
/// stays while it would be sent elsewhere, or guarded less, must be given again: otherwise whoever may edit an item
/// could have its secret sent to themselves.
///
/// # Errors
/// All that is wrong, in the order of the form; what the type does not know comes last.
pub fn decide(
    descriptor: &TypeDescriptor,
    stored: Option<Stored<'_>>,
    mut draft: Draft,
) -> Result<Decision, Vec<PropertyFault>> {
    let mut faults = Vec::new();
    // What an older or newer program stored, and this one does not know, stays.
    let mut properties = stored.map(|stored| stored.properties.clone()).unwrap_or_default();
    let mut secrets = BTreeMap::new();
    for property in descriptor.properties {
        let entered = draft.remove(property.name);
        let judged = if let Kind::Secret { least, longest, .. } = property.kind {
            let is_stored = stored.is_some_and(|stored| stored.secrets.contains(property.name));
            judge_secret(property, (least, longest), is_stored, entered)
                .map(|change| secrets.extend(change.map(|change| (property.name, change))))
        } else {
            judge(property, entered, stored.is_none(), &mut properties)
        };
        faults.extend(judged.err().map(|reason| PropertyFault::new(property.name, reason)));
    }
    if let Some(stored) = stored {
        let needed = secrets_needed(descriptor, stored, &properties, &secrets);
        let is_new = |fault: &PropertyFault| {
            !faults.iter().any(|known: &PropertyFault| known.property == fault.property)
        };
        let needed: Vec<_> = needed.into_iter().filter(is_new).collect();
        faults.extend(needed);
    }
    let known: Vec<_> = descriptor.properties.iter().map(|property| format!("`{}`", property.name)).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    faults.extend(draft.into_keys().map(|name| {
        PropertyFault::new(name, Reason::Unknown { type_name: descriptor.name, known: known.clone() })
    }));
    if faults.is_empty() { Ok(Decision { properties, secrets }) } else { Err(faults) }
}

/// The stored secrets that would go elsewhere.
fn secrets_needed(
    descriptor: &TypeDescriptor,
    stored: Stored<'_>,
    after: &Properties,
    secrets: &BTreeMap<&'static str, SecretChange>,
) -> Vec<PropertyFault> {
    let leads = |property: &&PropertyDescriptor| {
        property.leads_elsewhere(stored.properties.get(property.name), after.get(property.name))
    };
    let changed: Vec<_> = descriptor.properties.iter().filter(leads).map(|property| property.label).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let stays = |property: &&PropertyDescriptor| {
        property.is_sent() && stored.secrets.contains(property.name) && !secrets.contains_key(property.name)
    };
    let needed = descriptor.secrets().filter(stays);
    needed
        .map(|property| {
            PropertyFault::new(property.name, Reason::SecretNeeded { changed: changed.join(" and ") })
        })
        .collect()
}

fn judge_secret(
    property: &PropertyDescriptor,
    (least, longest): (usize, usize),
    is_stored: bool,
    entered: Option<Entered>,
) -> Result<Option<SecretChange>, Reason> {
    let stays = || if is_stored || !property.is_required { Ok(None) } else { Err(Reason::Needed) };
    match entered {
        None => stays(),
        Some(Entered::Text(text)) if text.reveal() == MASK => {
            if is_stored {
                Ok(None)
            } else {
                Err(Reason::NothingBehindTheMask)
            }
        }
        Some(Entered::Text(text)) if !text.reveal().is_empty() => {
            let fits = (least..=longest).contains(&text.reveal().chars().count())
                && !text.reveal().contains(char::is_control);
            if fits {
                return Ok(Some(SecretChange::Set(text)));
            }
            Err(expected(match least {
                0 | 1 => format!("a text of at most {longest} characters without control characters"),
                _ => format!("a text of {least} to {longest} characters without control characters"),
            }))
        }
        Some(Entered::Text(_) | Entered::Nothing) if property.is_required => Err(Reason::Needed),
        Some(Entered::Text(_) | Entered::Nothing) => Ok(is_stored.then_some(SecretChange::Remove)),
        Some(_) => Err(expected("a text")),
    }
}

/// Puts the value of a property that is no secret in place.
fn judge(
    property: &PropertyDescriptor,
    entered: Option<Entered>,
    is_new: bool,
    properties: &mut Properties,
) -> Result<(), Reason> {
    let value = match entered {
        None if is_new => property.default.value(),
        None => properties.get(property.name).cloned(),
        Some(entered) => read(property.kind, entered)?.or_else(|| property.default.value()),
    };
    match value {
        Some(value) => {
            properties.insert(property.name.to_owned(), value);
        }
        None if property.is_required => return Err(Reason::Needed),
        None => {
            properties.remove(property.name);
        }
    }
    Ok(())
}

/// Reads what was entered as the kind of value it must be; `None` is nothing.
fn read(kind: Kind, entered: Entered) -> Result<Option<Value>, Reason> {
    match (kind, entered) {
        (_, Entered::Nothing) => Ok(None),
        (_, Entered::Text(text)) if text.reveal().trim().is_empty() => Ok(None),
        (Kind::Text { longest, form }, Entered::Text(text)) => {
            read_text(text.reveal().trim(), longest, form).map(Some)
        }
        (Kind::Integer { least, most }, Entered::Integer(number)) if (least..=most).contains(&number) => {
            Ok(Some(Value::Integer(number)))
        }
        (Kind::Boolean, Entered::Boolean(yes)) => Ok(Some(Value::Boolean(yes))),
        (Kind::Choice(choices), Entered::Text(text)) => {
            let chosen = choices.iter().find(|(value, _)| *value == text.reveal().trim());
            let chosen = chosen.ok_or_else(|| expected(kind_in_words(kind)))?;
            Ok(Some(Value::Text(chosen.0.to_owned())))
        }
        (Kind::Map, Entered::Map(map)) => read_map(map),
        (kind, _) => Err(expected(kind_in_words(kind))),
    }
}

fn kind_in_words(kind: Kind) -> String {
    match kind {
        Kind::Text { .. } | Kind::Secret { .. } => "a text".to_owned(),
        Kind::Integer { least, most } => format!("a whole number from {least} to {most}"),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Choice(choices) => {
            let values: Vec<_> = choices.iter().map(|(value, _)| format!("`{value}`")).collect();
            format!("one of {}", values.join(", "))
        }
        Kind::Map => "texts by name".to_owned(),
    }
}

fn read_text(text: &str, longest: usize, form: TextForm) -> Result<Value, Reason> {
    if text.chars().count() > longest || text.contains(char::is_control) {
        return Err(expected(format!("one line of at most {longest} characters without control characters")));
    }
    let is_of_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    match form {
        TextForm::Host if !text.chars().all(is_of_host) => {
            Err(expected("the name or the address of a host, without a scheme, a port or a path"))
        }
        TextForm::MailAddress
            if !text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) =>
        {
            Err(expected("a mail address, such as `patgate@example.org`"))
        }
        TextForm::PathSegment if !is_path_segment(text) => {
            Err(expected("one segment of a path, of the characters A-Z, a-z, 0-9, `-`, `.`, `_` and `~`"))
        }
        TextForm::WebAddress if !["https://", "http://"].iter().any(|start| text.starts_with(start)) => {
            Err(expected("an address that begins with `https://` or `http://`"))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn is_path_segment(text: &str) -> bool {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    text.chars().all(is_unreserved) && text != "." && text != ".."
}

fn read_map(map: BTreeMap<String, String>) -> Result<Option<Value>, Reason> {
    if map.len() > MOST_ENTRIES {
        return Err(expected(format!("at most {MOST_ENTRIES} entries")));
    }
    let mut read = BTreeMap::new();
    for (name, value) in map {
        let (name, value) = (name.trim(), value.trim());
        let is_name = (1..=LONGEST_ENTRY_NAME).contains(&name.chars().count())
            && !name.contains(|c: char| c.is_control() || c.is_whitespace() || c == '=');
        if !is_name {
            return Err(expected(format!(
                "a map whose names have 1 to {LONGEST_ENTRY_NAME} characters, without blanks and `=`"
            )));
        }
        if value.chars().count() > LONGEST_ENTRY_VALUE || value.contains(char::is_control) {
            return Err(expected(format!(
                "a map whose values have at most {LONGEST_ENTRY_VALUE} characters, without control characters"
            )));
        }
        if names_a_secret(name) {
            return Err(Reason::SecretInTheOpen(name.to_owned()));
        }
        if read.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(expected(format!("a map in which `{name}` stands once")));
        }
    }
    Ok(if read.is_empty() { None } else { Some(Value::Map(read)) })
}

/// Whether an entry of this name is there to hold a secret, as far as names tell.
fn names_a_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["password", "passwd", "secret"].iter().any(|word| lower.contains(word))
        || lower.split(|c: char| !c.is_alphanumeric()).any(|part| {
            ["pass", "pwd", "token", "credential", "credentials"].iter().any(|word| part.ends_with(word))
        })
}

fn expected(expected: impl Into<String>) -> Reason {
    Reason::Expected { expected: expected.into() }
}
