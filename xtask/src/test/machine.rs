//! What the tests need of the machine, and its installation.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use patgate_testkit::child::find_program;
use rustix::process::{Uid, getuid};

use crate::failure::Failure;
use crate::process;

/// Programs that the tests run, and Debian's packages that bring them.
const PROGRAMS: [(&str, &str); 14] = [
    ("git", "git"),
    ("nginx", "nginx"),
    ("wrk", "wrk"),
    ("strace", "strace"),
    ("curl", "curl"),
    ("jq", "jq"),
    ("openssl", "openssl"),
    ("sqlite3", "sqlite3"),
    ("setpriv", "util-linux"),
    ("chromium-headless-shell", "chromium-headless-shell"),
    ("chromedriver", "chromium-driver"),
    ("npm", "npm"),
    ("slapd", "slapd"),
    ("ldapadd", "ldap-utils"),
];
/// Debian's package of the PostgreSQL server, in the version of the release (15 on Debian 12).
const POSTGRES: &str = "postgresql";
/// Debian keeps Python's module for virtual environments in a package of its own.
pub(crate) const ENVIRONMENTS: &str = "python3-venv";
/// Where Debian puts the server's programs, one folder a version.
const POSTGRES_FOLDER: &str = "/usr/lib/postgresql";

/// Installs what is missing, and says so.
///
/// # Errors
/// When something is missing and we may not, or cannot, install it; the text says what to install.
pub(crate) fn prepare() -> Result<(), Failure> {
    let mut missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(name, _)| find_program(name).is_none())
        .map(|(_, package)| *package)
        .collect();
    if postgres_programs().is_none() {
        missing.push(POSTGRES);
    }
    if !makes_environments() {
        missing.push(ENVIRONMENTS);
    }
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// Whether Python is here, with what it makes virtual environments of.
fn makes_environments() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// Installs packages of Debian's.
///
/// # Errors
/// Without root or apt, one line that tells what to install; else when apt fails.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failure> {
    let list = packages.join(" ");
    if !may_install(getuid(), find_program("apt-get").is_some()) {
        return Err(advice(&list));
    }
    println!("missing here, installing now: {list}");
    let mut update = Command::new("apt-get");
    process::run(update.args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn may_install(user: Uid, has_apt: bool) -> bool {
    user.is_root() && has_apt
}

fn advice(list: &str) -> Failure {
    Failure::Found(format!("missing here; install it first: `apt-get install {list}` as root"))
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, or the one on the `PATH`.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir(POSTGRES_FOLDER).into_iter().flatten().flatten();
    let version = |folder: &PathBuf| -> Option<u32> { folder.parent()?.file_name()?.to_str()?.parse().ok() };
    versions
        .map(|folder| folder.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .max_by_key(version)
        .or_else(|| Some(find_program("initdb")?.parent()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_install_is_told_in_one_line_what_to_install() {
        let (root, ann) = (Uid::ROOT, Uid::from_raw(1_000));
        assert!(may_install(root, true));
        assert!(!may_install(ann, true) && !may_install(root, false));
        let advice = advice("nginx wrk").to_string();
        assert_eq!(advice, "missing here; install it first: `apt-get install nginx wrk` as root");
    }
}
