//! `patgate config` and `patgate healthcheck`.

use std::process::{Command, Output};
use std::time::Duration;

use patgate_testkit::child;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::Certified;
use patgate_testkit::servers::patgate::{Patgate, binary};
use patgate_testkit::wait;

/// Runs the program in an empty folder, without the variables of the test run.
fn run(arguments: &[&str], file: Option<&str>, environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.env_clear().current_dir(folder.path()).args(arguments);
    command.envs(environment.iter().copied());
    if let Some(text) = file {
        std::fs::write(folder.path().join("patgate.toml"), text).unwrap();
    }
    child::run_with_input(command, "")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_example_is_a_configuration_and_so_is_every_line_of_it() {
    let example = run(&["config", "example"], None, &[]);
    assert!(example.status.success());
    let text = String::from_utf8(example.stdout).unwrap();
    let output = run(&["config", "check"], Some(&text), &[]);
    assert!(output.status.success(), "{}", complaint(&output));
    for setting in [
        "listen",
        "data_dir",
        "database_url",
        "public_url",
        "trusted_proxies",
        "body_limit",
        "[[application]]",
    ] {
        assert!(text.contains(setting), "{setting}");
    }
}

#[test]
fn an_operator_sees_every_fault_at_once_each_with_its_name() {
    let file = "\
listen = [\"127.0.0.1:99999\", \"nowhere\"]
public_url = \"ftp://example.com\"
trusted_proxies = [\"10.0.0.0/99\"]
body_limit = 7
colour = \"blue\"

[tls]
certificate = \"a.pem\"

[log]
format = \"poem\"

[[application]]
name = \"Shop!\"
token_prefix = \"pat\"

[[application]]
name = \"shop\"
token_prefix = \"shop\"
token_header = \"authorization\"

[[application.rule]]
path = \"orders\"

[[application]]
name = \"depot\"
token_prefix = \"depot\"

[[application.rule]]
path = \"/stock\"
permission = \"no#such\"
";
    let output = run(
        &["config", "check"],
        Some(file),
        &[("PATGATE_DATABASE_URL", "mysql://a"), ("PATGATE_COLOR", "red")],
    );
    assert_eq!(output.status.code(), Some(2));
    let complaint = complaint(&output);
    for word in [
        "99999",
        "nowhere",
        "public_url",
        "trusted_proxies",
        "body_limit",
        "colour",
        "tls.key",
        "log.format",
        "application[1].name",
        "application[1].token_prefix",
        "application[2].token_header",
        "application[2].rule[1].path",
        "no#such",
        "PATGATE_DATABASE_URL",
        "PATGATE_COLOR",
    ] {
        assert!(complaint.contains(word), "{word} is missing in\n{complaint}");
    }
    assert!(!complaint.contains("mysql://a"), "a database URL may hold a password");
    // A server with the same faults does not start.
    let output = run(&["serve"], Some(file), &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_flag_overrides_a_variable_and_a_variable_the_file() {
    let (flag, variable, file) = (ports::free(), ports::free(), ports::free());
    let text = format!("listen = [\"127.0.0.1:{file}\"]\nlog.filter = \"info\"\n");
    let start = |is_flagged: bool| {
        let start = Patgate::with()
            .configuration(&text)
            .listeners(usize::from(is_flagged))
            .environment("PATGATE_LISTEN", format!("127.0.0.1:{variable}"));
        if is_flagged { start.argument("--listen").argument(format!("127.0.0.1:{flag}")) } else { start }
    };
    let patgate = start(true).start();
    let listens = wait::is_listening;
    assert_eq!([flag, variable, file].map(listens), [true, false, false]);
    drop(patgate);
    let patgate = start(false).begin();
    let is_up = wait::until(Duration::from_secs(60), || listens(variable).then_some(()));
    assert!(is_up.is_some(), "{}", patgate.log());
    assert_eq!([flag, variable, file].map(listens), [false, true, false]);
}

#[test]
fn a_supervisor_learns_from_the_exit_code_whether_the_server_answers() {
    let mut patgate = Patgate::start();
    let listen = format!("127.0.0.1:{}", patgate.ports()[0]);
    let check = || patgate.run(["healthcheck", "--listen", &listen]).status.code();
    assert_eq!(check(), Some(0));
    patgate.kill();
    let output = patgate.run(["healthcheck", "--listen", &listen]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains(&listen), "{}", complaint(&output));
    assert_eq!(patgate.run(["healthcheck", "--listen", "nowhere"]).status.code(), Some(2));
}

#[test]
fn somebody_who_types_a_wrong_command_is_told_so() {
    for arguments in [
        &["serv"][..],
        &[],
        &["serve", "--no-such-flag"],
        &["token"],
        &["config", "check", "--config", "nosuch.toml"],
    ] {
        let output = run(arguments, None, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", complaint(&output));
        assert!(!complaint(&output).is_empty());
    }
    for arguments in [&["--help"][..], &["--version"], &["serve", "--help"]] {
        assert_eq!(run(arguments, None, &[]).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn an_operator_tries_the_providers_before_anybody_signs_in() {
    let port = ports::free();
    let table = |name: &str, issuer: &str| {
        format!("[[oidc]]\nname = '{name}'\nissuer = '{issuer}'\nclient_id = 'p'\n")
    };
    let good = table("company", &Certified::issuer_on(port));
    let _provider = Certified::start(port, "http://127.0.0.1:5516", "company");
    let output = run(&["config", "check", "--connect"], Some(&good), &[]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", complaint(&output));
    assert!(told.contains("OIDC provider `company`\n  ok     discovery: "), "{told}");
    let dead = format!("{good}{}", table("other", &format!("http://127.0.0.1:{}", ports::free())));
    let output = run(&["config", "check", "--connect"], Some(&dead), &[]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("OIDC provider `other`\n  FAILED discovery: ") && told.contains("ok     keys"),
        "{told}"
    );
    assert!(complaint(&output).contains("nobody can sign in at 1 of 2 providers"), "{}", complaint(&output));
    let output = run(&["config", "check", "--connect"], Some(""), &[]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("no provider"));
}
