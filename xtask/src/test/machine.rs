//! What the tests need of the machine, and its installation.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use patgate_testkit::child::find_program;
use rustix::process::getuid;

use crate::failure::Failure;
use crate::process;

/// Programs that the tests run, and Debian's packages that bring them.
const PROGRAMS: [(&str, &str); 13] = [
    ("nginx", "nginx"),
    ("wrk", "wrk"),
    ("strace", "strace"),
    ("curl", "curl"),
    ("jq", "jq"),
    ("openssl", "openssl"),
    ("sqlite3", "sqlite3"),
    ("setpriv", "util-linux"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("npm", "npm"),
    ("slapd", "slapd"),
    ("ldapadd", "ldap-utils"),
];
/// Debian's package of the PostgreSQL server, in the version of the release (15 on Debian 12).
const POSTGRES: &str = "postgresql";
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
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// Installs packages of Debian's.
///
/// # Errors
/// Without root or apt, one line that tells what to install; else when apt fails.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failure> {
    let list = packages.join(" ");
    if !getuid().is_root() || find_program("apt-get").is_none() {
        return Err(Failure::Found(format!(
            "missing here; install it first: `apt-get install {list}` as root"
        )));
    }
    println!("missing here, installing now: {list}");
    let mut update = Command::new("apt-get");
    process::run(update.args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
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
