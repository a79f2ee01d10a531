//! `patgate config check --connect`: every provider is tried, and each step told.

use std::process::{Command, Output};

use patgate_testkit::servers::fake_http::{FakeHttp, Reply};
use patgate_testkit::servers::oidc::Certified;
use patgate_testkit::servers::patgate::binary;
use patgate_testkit::servers::slapd::{READER_PASSWORD, Slapd};
use patgate_testkit::{child, ports};
use serde_json::json;

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
    let urls = slapd.url();
    slapd.table(name, &format!("urls = ['{urls}']\nstart_tls = true\nmanager_password = '{password}'"))
}

#[test]
fn an_operator_sees_what_each_directory_does() {
    let slapd = Slapd::start();
    let good = directory(&slapd, "corp", READER_PASSWORD);
    let output = check(&good);
    let told = shown(&output);
    assert!(output.status.success(), "{told}");
    for line in [
        "LDAP provider `corp`",
        "encryption: TLS 1.3",
        "manager: ",
        "users: `(uid={0})` finds users",
        "re-checks: they confirm who is there, as `recheck_confirms` says; a disabled entry is not noticed",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    for (lines, expected) in [
        (
            "recheck_confirms =",
            "they suspend who is gone, and confirm nobody: only a sign-in does, since neither",
        ),
        ("preset = 'openldap'", "they confirm who is there and not disabled"),
        (
            "preset = 'openldap'\nrecheck_confirms = false",
            "they suspend who is gone or disabled, and confirm nobody",
        ),
    ] {
        let told = shown(&check(&slapd.table("corp", lines)));
        assert!(told.contains(&format!("ok     re-checks: {expected}")), "{lines}: {told}");
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

/// The table of an identity provider that Patgate calls `company`.
fn identity_provider(issuer: &str) -> String {
    format!(
        "[[oidc]]\nname = 'company'\nissuer = '{issuer}'\nclient_id = 'patgate'\nclient_secret = 'hunter2'\n"
    )
}

/// What is told of an identity provider at which something is wrong.
fn failed(issuer: &str) -> String {
    let output = check(&identity_provider(issuer));
    let (told, complaint) = (shown(&output), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(output.status.code(), Some(1), "{told}{complaint}");
    assert!(
        told.contains("OIDC provider `company`") && complaint.contains("at 1 of 1 providers"),
        "{told}{complaint}"
    );
    assert!(!told.contains("hunter2") && !complaint.contains("hunter2"), "{told}{complaint}");
    told
}

#[test]
fn an_operator_sees_what_an_identity_provider_does() {
    let port = ports::free();
    let _provider = Certified::start(port, "http://127.0.0.1:5516", "company");
    let output = check(&identity_provider(&Certified::issuer_on(port)));
    let told = shown(&output);
    assert!(output.status.success(), "{told}");
    for line in [
        "ok     discovery: ",
        "ok     keys: ",
        "PKCE: it takes PKCE with S256",
        "ok     re-checks: they bring new groups, and confirm nobody: only a sign-in does (`recheck_confirms`)",
        "`/login/backchannel-logout/company`",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // The same server by another name.
    let told = failed(&format!("http://127.0.0.1:{port}"));
    assert!(told.contains("FAILED discovery: the discovery document is of the issuer"), "{told}");
}

#[test]
fn an_operator_sees_what_is_wrong_with_an_identity_provider() {
    let told = failed(&format!("http://127.0.0.1:{}", ports::free()));
    assert!(told.contains("FAILED discovery: ") && told.contains("cannot be reached"), "{told}");
    let document = |url: &str, keys: &str| {
        json!({
            "issuer": url, "authorization_endpoint": format!("{url}/sign-in"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}{keys}"),
        })
    };
    for (keys, expected) in [
        ("/none", "FAILED keys: none of its keys can check a signature here"),
        ("/missing", "status 404"),
        ("/nonsense", "cannot be read"),
    ] {
        let provider = FakeHttp::start(move |url, path| match path {
            "/none" => Reply::json(&json!({ "keys": [] })),
            "/missing" => Reply::text(404, ""),
            "/nonsense" => Reply::text(200, "<html>"),
            _ => Reply::json(&document(url, keys)),
        });
        let told = failed(&provider.url());
        assert!(told.contains("ok     discovery") && told.contains(expected), "{keys}: {told}");
    }
    let lacking = FakeHttp::start(|url, _| Reply::json(&json!({ "issuer": url })));
    let told = failed(&lacking.url());
    assert!(
        told.contains("FAILED endpoints: the discovery document names no `authorization_endpoint`"),
        "{told}"
    );
}
