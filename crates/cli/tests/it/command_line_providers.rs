//! `patgate config check --connect`: every provider is tried, and each step told.

use std::process::{Command, Output};

use patgate_testkit::child;
use patgate_testkit::servers::patgate::binary;
use patgate_testkit::servers::slapd::{PEOPLE, READER, READER_PASSWORD, Slapd};

/// Checks this configuration in an empty folder, and tries its providers.
fn check(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("patgate.toml"), text).unwrap();
    let mut command = Command::new(binary());
    command.env_clear().current_dir(folder.path()).args(["config", "check", "--connect"]);
    child::run_with_input(command, "")
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn directory(slapd: &Slapd, name: &str, password: &str) -> String {
    format!(
        "[[ldap]]\nname = '{name}'\nurls = ['{}']\nstart_tls = true\ntrust = '{}'\nmanager_dn = '{READER}'\n\
         manager_password = '{password}'\nuser_search_base = '{PEOPLE}'\n",
        slapd.url(),
        slapd.authority().display()
    )
}

#[test]
fn an_operator_sees_what_each_directory_does() {
    let slapd = Slapd::start();
    let good = directory(&slapd, "corp", READER_PASSWORD);
    let output = check(&good);
    let told = shown(&output);
    assert!(output.status.success(), "{told}");
    for line in ["LDAP provider `corp`", "encryption: TLS 1.3", "manager: ", "users: `(uid={0})` finds users"]
    {
        assert!(told.contains(line), "{line}: {told}");
    }
    let output = check(&format!("{good}{}", directory(&slapd, "wrong", "hunter2")));
    let told = shown(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("FAILED") && told.contains("invalidCredentials") && !told.contains("hunter2"),
        "{told}"
    );
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("at 1 of 2 providers"), "{complaint}");
}
