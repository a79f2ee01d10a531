//! Databases on the PostgreSQL cluster that `cargo xtask test` starts once for the whole run.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::child::{program, run};

/// The variable by which `cargo xtask test` tells where its cluster is.
pub const VARIABLE: &str = "PATGATE_TEST_POSTGRES";

/// The URL of the cluster's maintenance database, as a user who may create databases.
#[must_use]
pub fn admin_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
    let url = std::env::var(VARIABLE);
    url.unwrap_or_else(|_| {
        panic!("there is no PostgreSQL for the tests: run them by `cargo xtask test`, which starts one and sets `{VARIABLE}`")
    })
}

/// An empty database of one test. It goes away with the cluster, at the end of the run: dropping it would take six
/// times as long as making it.
///
/// ```no_run
/// use patgate_testkit::servers::{patgate::Patgate, postgres::Database};
/// let database = Database::create();
/// let patgate = Patgate::with().database_url(database.url()).start();
/// ```
#[derive(Debug)]
pub struct Database {
    url: String,
}

impl Database {
    /// Makes one that no other test has.
    #[must_use]
    pub fn create() -> Self {
        Self::create_on(&admin_url())
    }

    /// As [`Database::create`], on the cluster with this [`admin_url`].
    #[must_use]
    pub fn create_on(admin_url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // A process id may come again while the cluster lives, if a test before left its database behind.
        query(admin_url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        query(admin_url, &format!("CREATE DATABASE {name} STRATEGY wal_log"));
        let url = match admin_url.rsplit_once('/') {
            Some((server, _)) => format!("{server}/{name}"),
            None => panic!("`{VARIABLE}` is not a URL that ends with a database"),
        };
        Self { url }
    }

    /// `postgres://…`, for `--database-url`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL by psql and returns the rows: one a line, columns separated by `|`.
    pub fn query(&self, sql: &str) -> String {
        query(&self.url, sql)
    }
}

/// Runs SQL on the database of a URL, by psql.
pub(super) fn query(url: &str, sql: &str) -> String {
    let words =
        ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--command"];
    run(client(), words.into_iter().chain([sql, url]))
}

/// The newest installed `psql` itself: what stands on the `PATH` of Debian is a slower wrapper around it.
fn client() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("bin/psql"))
        .filter(|file| file.is_file())
        .max()
        .unwrap_or_else(|| program("psql"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_fresh() {
        let (one, two) = (Database::create(), Database::create());
        one.query("CREATE TABLE a (b int)");
        two.query("CREATE TABLE a (b int)");
        one.query("INSERT INTO a VALUES (1)");
        assert_eq!((one.query("SELECT b FROM a").trim(), two.query("SELECT b FROM a").trim()), ("1", ""));
    }

    #[test]
    fn the_cluster_writes_durably() {
        let database = Database::create();
        assert_eq!(database.query("SHOW fsync").trim(), "on");
        assert_eq!(database.query("SHOW synchronous_commit").trim(), "on");
        assert_eq!(database.query("SHOW full_page_writes").trim(), "on");
    }
}
