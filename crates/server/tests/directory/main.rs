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
use patgate_server::provider::ldap::{Directory, Fault};
use patgate_server::provider::{Answer, Person};
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::slapd::{GROUPS, PEOPLE, READER, READER_PASSWORD, Slapd};

/// A directory as an administrator writes it, with these lines besides a name. Later lines replace earlier ones.
fn configured(lines: &str) -> Directory {
    let mut written: Vec<&str> = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let name = line.split('=').next().unwrap().trim();
        written.retain(|earlier| earlier.split('=').next().unwrap().trim() != name);
        written.push(line);
    }
    let text = format!("[[ldap]]\nname = 'corp'\n{}\n", written.join("\n"));
    let sources = Sources::new(Flags::default(), []).with_file("patgate.toml", &text);
    let configuration =
        Configuration::of_sources(sources).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    Directory::new(configuration.directories.into_iter().next().unwrap())
}

/// The lines for a slapd over `ldaps`, with the search for groups.
fn lines(slapd: &Slapd) -> String {
    format!(
        "urls = ['{}']\ntrust = '{}'\nmanager_dn = '{READER}'\nmanager_password = '{READER_PASSWORD}'\n\
         user_search_base = '{PEOPLE}'\ngroup_search_base = '{GROUPS}'\n",
        slapd.ldaps_url(),
        slapd.authority().display()
    )
}

/// A directory over a slapd, with these lines besides or instead.
fn over(slapd: &Slapd, more: &str) -> Directory {
    configured(&format!("{}\n{more}", lines(slapd)))
}

/// What a password brings: `None` when it is wrong, or the name nobody's.
async fn try_in(directory: &Directory, name: &str, password: &str) -> Result<Option<Answer>, Fault> {
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
