//! The messages that a mail server has taken, as Python's mail library understands them.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the client called itself.
    pub hello: String,
    /// Whom it came from, as the server was told.
    pub sender: String,
    /// Whom it was for, as the server was told.
    pub recipients: Vec<String>,
    /// Whether it came over TLS.
    pub is_encrypted: bool,
    /// Who had signed in.
    pub user: Option<String>,
    /// By which mechanism.
    pub mechanism: Option<String>,
    /// Names and decoded values, in their order.
    pub headers: Vec<(String, String)>,
    /// The types of its parts, the whole first.
    pub parts: Vec<String>,
    /// The decoded body as text.
    pub text: Option<String>,
    /// The decoded body as HTML.
    pub html: Option<String>,
    /// As it came over the wire, without doubled dots.
    pub source: String,
}

impl Kept {
    /// The decoded values of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// Those in a folder, in the order in which they were taken, without the first ones.
pub(super) fn read(folder: &Path, first: usize) -> Vec<Kept> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list the kept mails: {error}"));
    let mut paths: Vec<_> = files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    paths.iter().skip(first).map(|path| one(path)).collect()
}

fn one(path: &Path) -> Kept {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", path.display()));
    let facts: Value = serde_json::from_slice(&bytes)
        .unwrap_or_else(|error| panic!("`{}` is no JSON: {error}", path.display()));
    let source = fs::read(path.with_extension("eml")).unwrap_or_default();
    let list = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    };
    let text = |name: &str| facts[name].as_str().map(str::to_owned);
    Kept {
        hello: text("hello").unwrap_or_default(),
        sender: text("sender").unwrap_or_default(),
        recipients: list(&facts["recipients"]),
        is_encrypted: facts["is_encrypted"] == true,
        user: text("user"),
        mechanism: text("mechanism"),
        headers: facts["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())))
            .collect(),
        parts: list(&facts["parts"]),
        text: text("text"),
        html: text("html"),
        source: String::from_utf8_lossy(&source).into_owned(),
    }
}
