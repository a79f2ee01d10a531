//! The first start makes an administrator; later ones refuse what would lose tokens.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use patgate_testkit::ports;
use patgate_testkit::servers::patgate::{DidNotStart, Patgate};
use patgate_testkit::servers::postgres::Database;
use serde_json::json;

use crate::actors::{Person, TOKENS, admin, auth};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A data folder with one token in it, whose server has stopped; and that token.
fn left_behind() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut patgate = Patgate::with().data_directory(directory.path()).start();
    let token = admin(&patgate).token("t", "release").text;
    assert!(patgate.stop().success());
    (directory, token)
}

fn refusal(directory: &Path) -> DidNotStart {
    let failure = Patgate::with().data_directory(directory).try_start().unwrap_err();
    assert_eq!(failure.status.and_then(|status| status.code()), Some(1), "{}", failure.log);
    failure
}

#[test]
fn an_operator_reads_the_made_up_password_in_a_file_that_goes_away_with_it() {
    let mut patgate = Patgate::with().without_admin_password().start();
    let file = patgate.data_directory().join("initial-admin-password");
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(password.len() >= 20, "too short");
    assert_eq!(mode(&file), 0o600);
    assert!(patgate.log().contains("initial-admin-password"), "{}", patgate.log());
    assert!(!patgate.log().contains(&password));
    Person::new(&patgate, "admin", &password).token("first", "release");

    // Another start leaves it as it is.
    patgate.start_again();
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), password);
    let body = json!({ "currentPassword": password, "newPassword": "a password of my own" });
    let answer =
        Person::new(&patgate, "admin", &password).send("POST", "/api/v1/users/admin/password", &body);
    assert!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.text());
    assert!(!file.exists());
    assert_eq!(Person::new(&patgate, "admin", &password).get(TOKENS).status, 401);
    assert_eq!(Person::new(&patgate, "admin", "a password of my own").get(TOKENS).status, 200);
    patgate.start_again();
    assert!(!file.exists());
    assert!(!patgate.log().contains(&password) && !patgate.log().contains("a password of my own"));
}

#[test]
fn an_operator_sets_the_first_password_once() {
    let directory = tempfile::tempdir().unwrap();
    let start = |password: &str| {
        Patgate::with()
            .data_directory(directory.path())
            .environment("PATGATE_ADMIN_PASSWORD", password)
            .start()
    };
    let mut patgate = start("chosen by the operator");
    assert!(!directory.path().join("initial-admin-password").exists());
    assert_eq!(Person::new(&patgate, "admin", "chosen by the operator").get(TOKENS).status, 200);
    assert!(patgate.stop().success());
    let patgate = start("another one, later");
    assert_eq!(Person::new(&patgate, "admin", "another one, later").get(TOKENS).status, 401);
    assert_eq!(Person::new(&patgate, "admin", "chosen by the operator").get(TOKENS).status, 200);
    assert!(!patgate.log().contains("chosen by the operator"));
}

#[test]
fn an_operator_who_sets_a_password_that_is_too_short_is_told_so() {
    let start = Patgate::with().environment("PATGATE_ADMIN_PASSWORD", "short");
    let failure = start.try_start().unwrap_err();
    assert!(failure.status.is_some_and(|status| !status.success()));
    assert!(failure.log.contains("admin_password"), "{}", failure.log);
}

#[test]
fn nobody_else_reads_the_state() {
    let patgate = Patgate::start();
    let folder = patgate.data_directory();
    assert_eq!(mode(&folder), 0o700);
    for file in ["keys", "patgate.db", "patgate.db-wal"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_server_whose_keys_are_gone_does_not_start_with_new_ones() {
    let (directory, old) = left_behind();
    let (keys, safe) = (directory.path().join("keys"), directory.path().join("keys.safe"));
    fs::rename(&keys, &safe).unwrap();
    let failure = refusal(directory.path());
    assert!(failure.log.contains("keys` is missing") && failure.log.contains("hint: "), "{}", failure.log);
    assert!(!keys.exists(), "it made new ones");
    fs::rename(&safe, &keys).unwrap();
    let patgate = Patgate::with().data_directory(directory.path()).start();
    assert_eq!(auth(&patgate, &old), 200);
}

#[test]
fn a_server_whose_keys_others_can_read_does_not_start() {
    let (directory, _) = left_behind();
    fs::set_permissions(directory.path().join("keys"), Permissions::from_mode(0o644)).unwrap();
    let failure = refusal(directory.path());
    assert!(failure.log.contains("chmod 600"), "{}", failure.log);
}

#[test]
fn a_server_with_the_keys_of_another_database_does_not_start() {
    let ((directory, old), (other, _)) = (left_behind(), left_behind());
    let (keys, safe) = (directory.path().join("keys"), directory.path().join("keys.safe"));
    fs::rename(&keys, &safe).unwrap();
    fs::copy(other.path().join("keys"), &keys).unwrap();
    let failure = refusal(directory.path());
    assert!(failure.log.contains("another database") && failure.log.contains("hint: "), "{}", failure.log);
    fs::rename(&safe, &keys).unwrap();
    let patgate = Patgate::with().data_directory(directory.path()).start();
    assert_eq!(auth(&patgate, &old), 200);
}

#[test]
fn a_server_that_finds_tables_of_a_newer_program_touches_nothing() {
    let (directory, _) = left_behind();
    let file = directory.path().join("patgate.db").display().to_string();
    let sqlite = |sql: &str| patgate_testkit::child::run("sqlite3", [file.as_str(), sql]);
    sqlite("UPDATE schema_version SET version = 4711");
    let before = sqlite(".dump");
    let failure = refusal(directory.path());
    assert!(failure.log.contains("4711") && failure.log.contains("newer"), "{}", failure.log);
    assert!(sqlite(".dump") == before, "something was written");
}

#[test]
fn a_server_that_finds_a_newer_postgresql_database_touches_nothing() {
    let database = Database::create();
    let mut patgate = Patgate::with().database_url(database.url()).start();
    assert!(patgate.stop().success());
    database.query("UPDATE schema_version SET version = 4711");
    // A row that is written gets another transaction, and statistics would come late.
    let rows = "SELECT (SELECT xmin FROM schema_version), (SELECT xmin FROM change_sequence), \
                (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM users), \
                (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM nodes), \
                (SELECT count(*) FROM audit_events), (SELECT count(*) FROM change_log), \
                (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)";
    let before = database.query(rows);
    let failure = Patgate::with().database_url(database.url()).try_start().unwrap_err();
    assert!(failure.log.contains("4711") && failure.log.contains("newer"), "{}", failure.log);
    assert_eq!(database.query(rows), before);
}

#[test]
fn an_operator_whose_port_is_taken_is_told_which() {
    let (taken, free) = (ports::free(), ports::free());
    let _other = std::net::TcpListener::bind(("127.0.0.1", taken)).unwrap();
    let start = Patgate::with().listeners(1).argument("--listen").argument(format!("127.0.0.1:{taken}"));
    let failure = start.argument("--listen").argument(format!("127.0.0.1:{free}")).try_start().unwrap_err();
    assert_eq!(failure.status.and_then(|status| status.code()), Some(1), "{}", failure.log);
    assert!(failure.log.contains(&format!("127.0.0.1:{taken}")), "{}", failure.log);
    assert!(!failure.log.contains(&format!("127.0.0.1:{free}")), "{}", failure.log);
}

#[test]
fn an_idle_server_holds_no_huge_pages() {
    let patgate = Patgate::with().start();
    let held = fs::read_to_string(format!("/proc/{}/smaps_rollup", patgate.id())).unwrap();
    let huge: Vec<&str> =
        held.lines().find(|line| line.starts_with("AnonHugePages:")).unwrap().split_whitespace().collect();
    assert_eq!(huge[1..], ["0", "kB"]);
}

#[test]
fn a_server_that_a_loader_loads_starts() {
    let mappings = fs::read_to_string("/proc/self/maps").unwrap();
    let mut files = mappings.lines().filter_map(|mapping| mapping.split_whitespace().nth(5)).map(Path::new);
    let is_loader =
        |file: &&Path| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-"));
    let loader = files.find(is_loader).unwrap();
    let mut patgate = Patgate::with().under([loader]).start();
    assert_eq!(admin(&patgate).token("t", "release").text.split('_').next(), Some("rpa"));
    assert!(patgate.stop().success());
}

#[test]
fn a_server_whose_file_is_gone_starts_and_outlives_broken_pipes() {
    // A program that cannot begin again, because its file was put out of the way while it started.
    let script =
        "ln -- \"$0\" \"$0-$$\" && exec 9< \"$0-$$\" && rm -- \"$0-$$\" && exec /proc/self/fd/9 \"$@\"";
    let mut patgate = Patgate::with().under(["sh", "-c", script]).start();
    let status = fs::read_to_string(format!("/proc/{}/status", patgate.id())).unwrap();
    let signals = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    // SIGPIPE is the thirteenth (signal(7)).
    let outlived = signals("SigIgn:") | signals("SigCgt:");
    assert_eq!(outlived >> 12 & 1, 1, "{status}");
    assert!(patgate.stop().success());
}
