//! Directories, asked over real connections: slapd in every way it can be set up, and servers that lie.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be prepared or read fails the test, and the message says where"
)]

mod again;
mod check;
mod encryption;
mod fail_over;
mod groups;
mod liars;
mod sign_in;

use patgate_server::configuration::{Configuration, Flags, Sources};
use patgate_server::provider::ldap::{Directory, LdapFault};
use patgate_server::provider::{Answer, Person};
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::slapd::Slapd;

/// A directory as an administrator writes it, with its whole table.
fn configured(table: &str) -> Directory {
    let sources = Sources::new(Flags::default(), []).with_file("patgate.toml", table);
    let configuration =
        Configuration::of_sources(sources).unwrap_or_else(|faults| panic!("{faults}\n{table}"));
    Directory::new(configuration.directories.into_iter().next().unwrap())
}

/// A directory over a slapd, with these lines besides or instead.
fn over(slapd: &Slapd, more: &str) -> Directory {
    configured(&slapd.table("corp", more))
}

/// What a password brings: `None` when it is wrong, or the name nobody's.
async fn try_in(directory: &Directory, name: &str, password: &str) -> Result<Option<Answer>, LdapFault> {
    let Some(candidate) = directory.find(name, NOON).await? else { return Ok(None) };
    if !directory.is_password(&candidate, password, NOON).await? {
        return Ok(None);
    }
    directory.read(&candidate, NOON).await.map(Some)
}

/// Somebody whose password must be right.
async fn person(directory: &Directory, name: &str) -> Person {
    match try_in(directory, name, &format!("{name} password")).await.unwrap() {
        Some(Answer::Present(person)) => person,
        other => panic!("{name}: {other:?}"),
    }
}
