//! Which database: a file of SQLite, or a PostgreSQL server.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use zeroize::Zeroizing;

/// Where the state is kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file; it is made, readable by its owner alone, when it is missing.
    Sqlite(PathBuf),
    /// A server. The database must exist; its tables are made.
    Postgres(DatabaseUrl),
}

/// The URL of a PostgreSQL database. It may hold a password and so cannot be printed.
#[derive(Clone)]
pub struct DatabaseUrl(Zeroizing<String>);

/// A text names no database. The text itself is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database is `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")]
pub struct NotADatabase;

impl DatabaseUrl {
    /// The URL, for the driver alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("postgres://…")
    }
}

impl FromStr for Database {
    type Err = NotADatabase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            // `sqlite:///var/lib/…` is how other programs write an absolute path.
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(NotADatabase) } else { Ok(Self::Sqlite(path.into())) };
        }
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match rest {
            Some(rest) if !rest.is_empty() => {
                Ok(Self::Postgres(DatabaseUrl(Zeroizing::new(text.to_owned()))))
            }
            _ => Err(NotADatabase),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_names_either_database() {
        let path = |text: &str| match text.parse() {
            Ok(Database::Sqlite(path)) => path,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(path("sqlite:patgate-data/patgate.db"), PathBuf::from("patgate-data/patgate.db"));
        assert_eq!(path("sqlite:///var/lib/patgate.db"), PathBuf::from("/var/lib/patgate.db"));
        for url in ["postgres://pat@localhost/pat", "postgresql://pat@localhost/pat"] {
            assert!(matches!(url.parse(), Ok(Database::Postgres(_))), "{url}");
        }
        for bad in ["", "sqlite:", "postgres://", "mysql://localhost/pat", "patgate.db"] {
            assert!(bad.parse::<Database>().is_err(), "{bad}");
        }
    }

    #[test]
    fn nobody_reads_a_password_out_of_a_log() {
        let database: Database = "postgres://pat:hunter2@localhost/pat".parse().unwrap();
        assert!(!format!("{database:?}").contains("hunter2"));
    }
}
