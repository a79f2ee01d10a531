//! Where settings come from: flags, variables, the file. Read once, at the start.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::fault::Fault;
use super::value::{Lines, Place, Table};

/// The file that is read when none is named, if it exists.
pub const DEFAULT_FILE: &str = "patgate.toml";
/// The variable that names the file.
pub(super) const FILE_VARIABLE: &str = "PATGATE_CONFIG";
/// What every variable of ours starts with.
const VARIABLES: &str = "PATGATE_";
/// Variables of others that start like ours: the test runs' own, and what Kubernetes sets for a service named
/// `patgate` (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
const FOREIGN: &[&str] = &["PATGATE_TEST_", "PATGATE_SERVICE_", "PATGATE_PORT"];

/// What the command line says; each overrides its variable and its line in the file.
#[derive(Clone, Default)]
pub struct Flags {
    /// `--config`: the file.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<String>,
    /// `--listen`, as often as it was given.
    pub listen: Vec<String>,
    /// `--database-url`.
    pub database_url: Option<String>,
}

/// Everything a configuration is made from, before any of it has a type.
#[derive(Clone, Default)]
pub struct Sources {
    pub(super) flags: Flags,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) file: Table,
    pub(super) faults: Vec<Fault>,
}

impl Sources {
    /// Reads the environment of this process and the file that the flags or `PATGATE_CONFIG` name, or
    /// [`DEFAULT_FILE`] in the working directory if it exists. What cannot be read becomes a fault of the
    /// configuration.
    #[must_use]
    pub fn of_process(flags: Flags) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let variables = std::env::vars_os();
        let mut readable = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLES)) else { continue };
            match value.into_string() {
                Ok(value) => drop(readable.insert(name.to_owned(), value)),
                Err(_) => faults.push(Fault::new("", &Place::Variable(name.to_owned()), "is no UTF-8")),
            }
        }
        let mut sources = Self::new(flags, readable);
        sources.faults.extend(faults);
        sources.read_file();
        sources
    }

    /// Flags and variables. Variables that are no settings become faults; empty ones count as absent.
    #[must_use]
    pub fn new(flags: Flags, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables
            .into_iter()
            .filter(|(name, value)| {
                !value.is_empty() && !FOREIGN.iter().any(|foreign| name.starts_with(foreign))
            })
            .collect();
        Self { flags, variables, file: Table::new(), faults: Vec::new() }
    }

    /// Adds the text of a file under its name. Faults of its syntax are reported with their lines, and then
    /// nothing else of it counts.
    #[must_use]
    pub fn with_file(mut self, name: &str, text: &str) -> Self {
        let lines = Lines { text, file: Ok(name) };
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            self.file = lines.table(table.get_ref());
        }
        for error in errors {
            let place = error.span().map(|span| lines.place(span.start));
            let place = place.unwrap_or_else(|| Place::File(name.to_owned()));
            // What follows on the same line follows from the first.
            if self.faults.iter().all(|fault| *fault.place() != place) {
                self.faults.push(Fault::new("", &place, error.message().trim_end()));
            }
        }
        self
    }

    fn read_file(&mut self) {
        let named =
            self.flags.config.clone().or_else(|| self.variables.get(FILE_VARIABLE).map(PathBuf::from));
        let path = named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => *self = std::mem::take(self).with_file(&name, &text),
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let place = Place::File(name);
                self.faults.push(Fault::new("", &place, format_args!("the file cannot be read: {error}")));
            }
        }
    }
}
