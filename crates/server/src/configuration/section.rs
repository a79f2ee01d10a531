//! One table of settings: which values it has, and how they get their types. Every fault is kept, none ends the reading.

use std::fmt;
use std::str::FromStr;

use confique::meta::{Field, FieldKind, LeafKind, Meta};
use toml::de::DeTable;

use super::fault::Fault;
use super::sources::{FILE_VARIABLE, Flags, Sources};
use super::value::{Given, Lines, Place, Table, Value};

/// The settings of one table that were given, and the faults found so far.
pub(super) struct Section<'f> {
    /// `application[1].` or nothing.
    prefix: String,
    meta: &'static Meta,
    given: Vec<(String, Given)>,
    /// The place of the table itself, for what is missing in it.
    place: Place,
    faults: &'f mut Vec<Fault>,
}

impl<'f> Section<'f> {
    /// The top of the configuration: for each setting the flag, else the variable, else the line of the file.
    pub(super) fn of_sources(meta: &'static Meta, sources: Sources, faults: &'f mut Vec<Fault>) -> Self {
        faults.extend(sources.faults);
        let mut given = Vec::new();
        flatten(meta, "", sources.file, &mut given, faults);
        let mut section = Self { prefix: String::new(), meta, given, place: Place::Nowhere, faults };
        for (name, text) in sources.variables {
            section.take_variable(&name, text);
        }
        section.take_flags(sources.flags);
        section
    }

    /// A table inside the file, like one `[[application]]`.
    pub(super) fn of_table(
        name: &str,
        meta: &'static Meta,
        table: Given,
        faults: &'f mut Vec<Fault>,
    ) -> Self {
        let prefix = format!("{name}.");
        let mut given = Vec::new();
        match table.value {
            Value::Table(entries) => flatten(meta, &prefix, entries, &mut given, faults),
            other => faults.push(Fault::new(
                name,
                &table.place,
                format_args!("must be a table, and is {}", other.kind()),
            )),
        }
        Self { prefix, meta, given, place: table.place, faults }
    }

    /// The value of a setting: what was given, or the default.
    pub(super) fn value(&self, name: &str) -> Option<Given> {
        self.given
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, given)| given.clone())
            .or_else(|| default(self.meta, name))
    }

    /// Whether it was given, rather than left to its default.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(known, _)| known == name)
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Option<(String, Place)> {
        let Given { value, place } = self.value(name)?;
        match value {
            Value::Text(text) => Some((text, place)),
            other => self.wrong_kind(name, &place, "a text", &other),
        }
    }

    /// A text that is read as something.
    pub(super) fn parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let (text, place) = self.text(name)?;
        self.parse(name, &text, &place)
    }

    /// A text that must be given, read as something.
    pub(super) fn required<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.demand(name);
        self.parsed(name)
    }

    /// Keeps a fault of a setting that must be given and is not.
    pub(super) fn demand(&mut self, name: &str) {
        if !self.is_given(name) {
            self.fault_of(name, "is missing");
        }
    }

    /// A list of texts, each read as something. A variable separates them by commas.
    pub(super) fn list<T>(&mut self, name: &str) -> Vec<(T, Place)>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let items = match self.value(name) {
            None => return Vec::new(),
            Some(Given { value: Value::Text(text), place: place @ Place::Variable(_) }) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Given { value: Value::Text(item.to_owned()), place: place.clone() })
                .collect(),
            Some(Given { value: Value::List(items), .. }) => items,
            Some(Given { value, place }) => {
                return self.wrong_kind(name, &place, "a list of texts", &value).unwrap_or_default();
            }
        };
        items
            .into_iter()
            .filter_map(|item| match item.value {
                Value::Text(text) => self.parse(name, &text, &item.place).map(|parsed| (parsed, item.place)),
                other => self.wrong_kind(name, &item.place, "a list of texts", &other),
            })
            .collect()
    }

    /// A whole number between two, both included.
    pub(super) fn number(&mut self, name: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let Given { value, place } = self.value(name)?;
        let number = match value {
            Value::Number(number) => Some(number),
            Value::Text(text) if matches!(place, Place::Variable(_)) => text.trim().parse().ok(),
            _ => None,
        };
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(number);
        }
        let expected = format!("write a whole number from {} to {}", range.start(), range.end());
        self.fault(name, &place, expected);
        None
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, name: &str) -> Option<bool> {
        let Given { value, place } = self.value(name)?;
        match value {
            Value::Truth(truth) => Some(truth),
            other => self.wrong_kind(name, &place, "`true` or `false`", &other),
        }
    }

    /// The tables of `[[name]]`, each with the name it has in faults.
    pub(super) fn tables(&mut self, name: &str) -> Vec<(String, Given)> {
        let Some(Given { value, place }) = self.value(name) else { return Vec::new() };
        let field = format!("{}{name}", self.prefix);
        match value {
            Value::List(tables) => tables
                .into_iter()
                .enumerate()
                .map(|(at, table)| (format!("{field}[{}]", at + 1), table))
                .collect(),
            other => self.wrong_kind(name, &place, "a list of tables", &other).unwrap_or_default(),
        }
    }

    /// Keeps a fault of a setting.
    pub(super) fn fault(&mut self, name: &str, place: &Place, expected: impl fmt::Display) {
        self.faults.push(Fault::new(format!("{}{name}", self.prefix), place, expected));
    }

    /// Keeps a fault of a setting, at the place of its value or, when it has none, of its table.
    pub(super) fn fault_of(&mut self, name: &str, expected: impl fmt::Display) {
        let place = self.place_of(name);
        self.fault(name, &place, expected);
    }

    /// The place of a value or, when it was not given, of its table.
    pub(super) fn place_of(&self, name: &str) -> Place {
        let given = self.given.iter().find(|(known, _)| known == name);
        given.map_or_else(|| self.place.clone(), |(_, given)| given.place.clone())
    }

    /// The faults, for a section inside this one.
    pub(super) fn faults(&mut self) -> &mut Vec<Fault> {
        self.faults
    }

    fn parse<T>(&mut self, name: &str, text: &str, place: &Place) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        text.parse().map_err(|error: T::Err| self.fault(name, place, error)).ok()
    }

    fn wrong_kind<T>(&mut self, name: &str, place: &Place, expected: &str, value: &Value) -> Option<T> {
        self.fault(name, place, format_args!("must be {expected}, and is {}", value.kind()));
        None
    }

    fn take_variable(&mut self, variable: &str, text: String) {
        let place = Place::Variable(variable.to_owned());
        if variable == FILE_VARIABLE {
            return;
        }
        let Some(name) = setting_of_variable(self.meta, variable, "") else {
            let expected = "is no variable of Patgate; `patgate config example` lists them";
            return self.faults.push(Fault::new("", &place, expected));
        };
        let is_structured = is_list_of_tables(&name);
        let value = if is_structured { self.toml(&name, variable, &text) } else { Some(Value::Text(text)) };
        if let Some(value) = value {
            self.set(name, Given { value, place });
        }
    }

    /// A variable whose value is TOML: a list of inline tables.
    fn toml(&mut self, name: &str, variable: &str, text: &str) -> Option<Value> {
        let text = format!("{name} = {text}");
        let lines = Lines { text: &text, file: Err(variable) };
        match DeTable::parse(&text) {
            Ok(table) => lines.table(table.get_ref()).pop().map(|(_, given)| given.value),
            Err(error) => {
                let expected =
                    format!("write a list of TOML tables, `[{{ name = \"shop\" }}]`: {}", error.message());
                self.fault(name, &Place::Variable(variable.to_owned()), expected.trim_end());
                None
            }
        }
    }

    fn take_flags(&mut self, flags: Flags) {
        let text = |text| Value::Text(text);
        if let Some(folder) = flags.data_dir {
            self.set("data_dir".to_owned(), Given { value: text(folder), place: Place::Flag("--data-dir") });
        }
        if let Some(url) = flags.database_url {
            self.set(
                "database_url".to_owned(),
                Given { value: text(url), place: Place::Flag("--database-url") },
            );
        }
        if !flags.listen.is_empty() {
            let place = Place::Flag("--listen");
            let items = flags.listen.into_iter();
            let items = items.map(|item| Given { value: text(item), place: place.clone() }).collect();
            self.set("listen".to_owned(), Given { value: Value::List(items), place });
        }
    }

    fn set(&mut self, name: String, given: Given) {
        self.given.retain(|(known, _)| *known != name);
        self.given.push((name, given));
    }
}

/// Settings whose value is a list of tables.
fn is_list_of_tables(name: &str) -> bool {
    matches!(name, "application" | "rule" | "ldap" | "oidc")
}

/// Puts the entries of a table, and of the tables in it, under their dotted names. What is no setting is a fault.
fn flatten(meta: &'static Meta, prefix: &str, table: Table, given: &mut Table, faults: &mut Vec<Fault>) {
    flatten_below(meta, prefix, "", table, given, faults);
}

fn flatten_below(
    meta: &'static Meta,
    prefix: &str,
    path: &str,
    table: Table,
    given: &mut Table,
    faults: &mut Vec<Fault>,
) {
    for (key, value) in table {
        let name = format!("{path}{key}");
        match meta.fields.iter().find(|field| field.name == key).map(|field| field.kind) {
            Some(FieldKind::Leaf { .. }) => given.push((name, value)),
            Some(FieldKind::Nested { meta }) => match value.value {
                Value::Table(entries) => {
                    flatten_below(meta, prefix, &format!("{name}."), entries, given, faults);
                }
                other => faults.push(Fault::new(
                    format!("{prefix}{name}"),
                    &value.place,
                    format_args!("must be a table, and is {}", other.kind()),
                )),
            },
            None => {
                let known: Vec<_> = meta.fields.iter().map(|field| format!("`{}`", field.name)).collect();
                let expected = format!("is no setting; here there are {}", known.join(", "));
                faults.push(Fault::new(format!("{prefix}{name}"), &value.place, expected));
            }
        }
    }
}

/// The dotted name of the setting that a variable sets.
fn setting_of_variable(meta: &'static Meta, variable: &str, path: &str) -> Option<String> {
    meta.fields.iter().find_map(|field| match field.kind {
        FieldKind::Leaf { env, .. } => (env == Some(variable)).then(|| format!("{path}{}", field.name)),
        FieldKind::Nested { meta } => setting_of_variable(meta, variable, &format!("{path}{}.", field.name)),
    })
}

/// The default of a setting with a dotted name.
fn default(meta: &'static Meta, name: &str) -> Option<Given> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let field: &Field = meta.fields.iter().find(|field| field.name == first)?;
    match (field.kind, rest) {
        (FieldKind::Nested { meta }, Some(rest)) => default(meta, rest),
        (FieldKind::Leaf { kind: LeafKind::Required { default: Some(value) }, .. }, None) => {
            Some(Given { value: Value::of_default(&value), place: Place::Nowhere })
        }
        _ => None,
    }
}
