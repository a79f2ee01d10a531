//! The program is started, crashed, stopped and started again as the test kit promises.

use patgate_testkit::servers::patgate::{Patgate, binary};
use patgate_testkit::{curl, wait};

#[test]
fn a_test_starts_stops_and_crashes_the_program() {
    let mut patgate = Patgate::with().listeners(2).start();
    let second = format!("{}/healthz", patgate.url_of_listener(1));
    assert_eq!(curl::get(&second).status, 200);

    patgate.kill();
    assert!(!wait::is_listening(patgate.ports()[0]));
    patgate.start_again();
    assert_eq!(curl::get(&patgate.url_of("/readyz")).status, 200);

    assert!(patgate.stop().success(), "{}", patgate.log());
    assert!(!wait::is_listening(patgate.ports()[1]));
}

#[test]
fn a_test_sees_why_the_program_did_not_start() {
    let failure = Patgate::with().configuration("no_such_setting = 1\n").try_start().unwrap_err();
    assert_eq!(failure.status.map(|status| status.success()), Some(false));
    assert!(failure.log.contains("no_such_setting"), "{}", failure.log);
}

#[test]
fn a_program_under_strace_is_still_the_direct_child() {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let file = trace.path().display().to_string();
    let words = ["strace", "-D", "-f", "-o", &file, "-e", "trace=fsync,fdatasync"];
    let mut patgate = Patgate::with().under(words).start();
    let program = std::fs::read_link(format!("/proc/{}/exe", patgate.id())).unwrap();
    assert_eq!(program, binary().canonicalize().unwrap());
    assert!(patgate.stop().success());
    // The first start makes the administrator, durably.
    assert!(std::fs::read_to_string(trace.path()).unwrap().contains("sync("));
}
