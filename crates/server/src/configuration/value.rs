//! A value before it has a type, and where it was found.

use std::fmt;

use confique::meta::Expr;
use toml::de::DeValue;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the schema, or nowhere at all.
    Nowhere,
    /// On the command line.
    Flag(&'static str),
    /// In the environment.
    Variable(String),
    /// In the file, on a line counted from 1.
    Line { file: String, line: usize },
    /// A file as such.
    File(String),
}

impl Place {
    /// What overrides what: a flag a variable, a variable the file.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Nowhere => 0,
            Self::Line { .. } | Self::File(_) => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => formatter.write_str("default"),
            Self::Flag(flag) => write!(formatter, "flag `{flag}`"),
            Self::Variable(name) => write!(formatter, "variable `{name}`"),
            Self::Line { file, line } => write!(formatter, "`{file}` line {line}"),
            Self::File(file) => write!(formatter, "`{file}`"),
        }
    }
}

/// A value and its place. Not printable: it may be a secret.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// What a file, a variable or a flag can say.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Given>),
    Table(Table),
    /// What no setting is, by its name.
    Other(&'static str),
}

/// The entries of a table, in the order of the file.
pub(super) type Table = Vec<(String, Given)>;

impl Value {
    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Truth(_) => "`true` or `false`",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }

    /// Whether it is a list with nothing in it.
    pub(super) fn is_empty_list(&self) -> bool {
        matches!(self, Self::List(items) if items.is_empty())
    }

    /// A default of the schema.
    pub(super) fn of_default(default: &Expr) -> Self {
        match default {
            Expr::Str(text) => Self::Text((*text).to_owned()),
            Expr::Bool(truth) => Self::Truth(*truth),
            Expr::Integer(number) => number.to_string().parse().map_or(Self::Other("a number"), Self::Number),
            Expr::Array(items) => Self::List(
                items
                    .iter()
                    .map(|item| Given { value: Self::of_default(item), place: Place::Nowhere })
                    .collect(),
            ),
            _ => Self::Other("a default of another kind"),
        }
    }
}

/// Turns parsed TOML into values that know their lines.
pub(super) struct Lines<'t> {
    /// The whole text.
    pub(super) text: &'t str,
    /// The file's name, or `None` when the text is the value of a variable.
    pub(super) file: Result<&'t str, &'t str>,
}

impl Lines<'_> {
    /// The place of a byte of the text.
    pub(super) fn place(&self, offset: usize) -> Place {
        match self.file {
            Err(variable) => Place::Variable(variable.to_owned()),
            Ok(file) => {
                let before = self.text.as_bytes().iter().take(offset);
                let line = 1 + before.filter(|&&byte| byte == b'\n').count();
                Place::Line { file: file.to_owned(), line }
            }
        }
    }

    /// The entries of a table.
    pub(super) fn table(&self, table: &toml::de::DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let given = Given { value: self.value(value.get_ref()), place: self.place(key.span().start) };
                (key.get_ref().to_string(), given)
            })
            .collect()
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("a number that is too large"), Value::Number),
            DeValue::Boolean(truth) => Value::Truth(*truth),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Given {
                        value: self.value(item.get_ref()),
                        place: self.place(item.span().start),
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Datetime(_) => Value::Other("a date"),
        }
    }
}
