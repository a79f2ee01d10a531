//! The example file and the reference, made from the schema alone.

use confique::meta::{Expr, Field, FieldKind, LeafKind, Meta};

use super::schema;
use super::sources::{DEFAULT_FILE, FILE_VARIABLE};

/// What introduces the value that the example file shows, in backticks.
const EXAMPLE: &str = "Example: ";

/// The tables of which there may be many, and what the reference says of each as a whole.
const TABLES: [(&str, &Meta, &str); 4] = [
    (
        "application",
        schema::APPLICATION,
        "Each application is a table of its own in the file. As a variable, all of them are one list of inline tables: \
         `PATGATE_APPLICATION='[{ name = \"shop\", token_prefix = \"shop\" }]'`.",
    ),
    ("application.rule", schema::RULE, ""),
    (
        "ldap",
        schema::LDAP,
        "Each LDAP directory is a table of its own in the file; `docs/guide/ldap.md` shows how to set one up. As a \
         variable, all of them are one list of inline tables, as with applications.",
    ),
    (
        "oidc",
        schema::OIDC,
        "Each identity provider is a table of its own in the file; `docs/guide/oidc.md` shows how to set one up. As a \
         variable, all of them are one list of inline tables, as with applications.",
    ),
];

/// The example file: every setting, commented out, with its default or an example.
#[must_use]
pub fn example() -> String {
    let mut text = comment(schema::SETTINGS.doc);
    text.push('\n');
    for field in leaves(schema::SETTINGS).filter(|field| !is_tables(field.name)) {
        entry(&mut text, field);
    }
    for (section, meta) in sections(schema::SETTINGS) {
        text.push_str(&comment(section.doc));
        text.push_str(&format!("#[{}]\n\n", section.name));
        leaves(meta).for_each(|field| entry(&mut text, field));
    }
    for (name, meta, _) in TABLES {
        for field in leaves(schema::SETTINGS).filter(|field| field.name == name) {
            text.push_str(&comment(&explanation(field)));
        }
        tables(&mut text, name, meta);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The reference of all settings as a page in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = format!(
        "<!-- Generated from the program by `cargo xtask generate`; change `configuration/schema` instead. -->\n\n\
         # Configuration\n\n\
         A flag overrides a variable, a variable overrides the file, and what is nowhere has its default. The file is \
         named by `--config` or `{FILE_VARIABLE}`; without either it is `{DEFAULT_FILE}` in the folder in which Patgate \
         is started, if that exists. Paths are relative to that folder. An empty variable counts as absent; a list in a \
         variable is separated by commas. `patgate config check` reports every fault at once, `patgate config example` \
         prints a file to start from.\n\n"
    );
    text.push_str("## Settings\n\n");
    rows(&mut text, schema::SETTINGS, "");
    for (section, meta) in sections(schema::SETTINGS) {
        rows(&mut text, meta, &format!("{}.", section.name));
    }
    for (name, meta, introduction) in TABLES {
        text.push_str(&format!("## `[[{name}]]`\n\n"));
        text.extend((!introduction.is_empty()).then(|| format!("{introduction}\n\n")));
        rows(&mut text, meta, "");
        for (section, meta) in sections(meta) {
            text.push_str(&format!("## `[{name}.{}]`\n\n", section.name));
            rows(&mut text, meta, "");
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn tables(text: &mut String, name: &str, meta: &'static Meta) {
    text.push_str(&format!("#[[{name}]]\n\n"));
    leaves(meta).filter(|field| field.name != "rule").for_each(|field| entry(text, field));
    for (section, meta) in sections(meta) {
        text.push_str(&comment(section.doc));
        text.push_str(&format!("#[{name}.{}]\n\n", section.name));
        leaves(meta).for_each(|field| entry(text, field));
    }
    if let Some(rule) = leaves(meta).find(|field| field.name == "rule") {
        text.push_str(&comment(&explanation(rule)));
    }
}

/// One setting in the example file.
fn entry(text: &mut String, field: &Field) {
    text.push_str(&comment(&explanation(field)));
    if let Some(variable) = variable(field) {
        text.push_str(&format!("# Variable: {variable}\n"));
    }
    // The example tells more than an empty list.
    let value = example_of(field).map(str::to_owned).or_else(|| default(field)).unwrap_or_default();
    text.push_str(&format!("#{} = {value}\n\n", field.name));
}

/// One table's settings in the reference.
fn rows(text: &mut String, meta: &'static Meta, prefix: &str) {
    for field in leaves(meta) {
        text.push_str(&format!("### `{prefix}{}`\n\n", field.name));
        text.push_str(&explanation(field).iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n"));
        text.push_str("\n\n");
        let is_table = is_tables(field.name);
        let default = match default(field).filter(|_| !is_table) {
            Some(default) => format!("Default: `{default}`."),
            None if is_table => "Default: none.".to_owned(),
            None if is_optional(field) => "Default: absent.".to_owned(),
            None => "Required.".to_owned(),
        };
        text.push_str(&default);
        if let Some(variable) = variable(field) {
            text.push_str(&format!(" Variable: `{variable}`."));
        }
        if let Some(flag) = flag(field.name).filter(|_| variable(field).is_some()) {
            text.push_str(&format!(" Flag: `{flag}`."));
        }
        if let Some(example) = example_of(field) {
            text.push_str(&format!(" Example: `{example}`."));
        }
        text.push_str("\n\n");
    }
}

/// Whether a setting is a list of tables.
fn is_tables(name: &str) -> bool {
    TABLES.iter().any(|(table, ..)| table.rsplit('.').next() == Some(name))
}

fn flag(name: &str) -> Option<&'static str> {
    match name {
        "listen" => Some("--listen"),
        "data_dir" => Some("--data-dir"),
        "database_url" => Some("--database-url"),
        _ => None,
    }
}

fn leaves(meta: &'static Meta) -> impl Iterator<Item = &'static Field> {
    meta.fields.iter().filter(|field| matches!(field.kind, FieldKind::Leaf { .. }))
}

fn sections(meta: &'static Meta) -> impl Iterator<Item = (&'static Field, &'static Meta)> {
    meta.fields.iter().filter_map(|field| match field.kind {
        FieldKind::Nested { meta } => Some((field, meta)),
        FieldKind::Leaf { .. } => None,
    })
}

/// The documentation without its example.
fn explanation(field: &Field) -> Vec<&'static str> {
    let lines = field.doc.iter().filter(|line| !line.trim().starts_with(EXAMPLE));
    let mut lines: Vec<_> = lines.copied().collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn example_of(field: &Field) -> Option<&'static str> {
    field.doc.iter().find_map(|line| line.trim().strip_prefix(EXAMPLE)).map(|value| value.trim_matches('`'))
}

fn variable(field: &Field) -> Option<&'static str> {
    match field.kind {
        FieldKind::Leaf { env, .. } => env,
        FieldKind::Nested { .. } => None,
    }
}

fn is_optional(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Leaf { kind: LeafKind::Optional, .. })
}

fn default(field: &Field) -> Option<String> {
    match field.kind {
        FieldKind::Leaf { kind: LeafKind::Required { default: Some(value) }, .. } => Some(written(&value)),
        _ => None,
    }
}

/// A default as TOML writes it.
fn written(value: &Expr) -> String {
    match value {
        Expr::Str(text) => format!("{text:?}"),
        Expr::Integer(number) => number.to_string(),
        Expr::Float(number) => number.to_string(),
        Expr::Bool(truth) => truth.to_string(),
        Expr::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        _ => String::new(),
    }
}

fn comment(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("# {}", line.trim()).trim_end().to_owned() + "\n").collect()
}
