//! `patgate demo`: one command, and every line that it prints does what it says when somebody pastes it.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use patgate_testkit::child::Process;
use patgate_testkit::curl;
use patgate_testkit::servers::patgate::binary;
use patgate_testkit::wait;
use rustix::process::Signal;

/// How long a debug build may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn somebody_tries_every_line_that_the_demonstration_prints() {
    let folder = tempfile::tempdir().unwrap();
    let output = tempfile::NamedTempFile::new().unwrap();
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(binary());
    // The folder that is thrown away is made in here.
    command.arg("demo").current_dir(folder.path()).env("TMPDIR", folder.path());
    command.stdin(Stdio::null()).stdout(File::create(output.path()).unwrap());
    command.stderr(File::create(errors.path()).unwrap());
    let mut demo = Process::start(command);
    let text = wait::until(PATIENCE, || {
        assert_eq!(demo.ended(), None, "{}", fs::read_to_string(errors.path()).unwrap());
        // It is printed in one go.
        let text = fs::read_to_string(output.path()).unwrap();
        (text.contains("curl ") && text.ends_with('\n')).then_some(text)
    });
    let text = text.unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();
    let answers: Vec<_> = lines.iter().map(|line| curl::line(line)).collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 401, 200, 200, 201, 204, 401], "{text}\n{answers:#?}");
    assert_eq!(answers[0].text(), "Hello admin, your token `demonstration` lets you GET /orders\n");
    assert_eq!(answers[2].text(), "Hello admin, your token `demonstration` lets you POST /orders\n");
    assert_eq!(answers[4].header("x-patgate-user"), Some("admin"));
    assert!(answers[6].json()["token"].as_str().unwrap().starts_with("shop_"));
    // The same line as the first, after the token was deleted.
    assert!(answers[8].text().contains("deleted"), "{}", answers[8].text());

    demo.signal(Signal::INT);
    let status = demo.wait(PATIENCE).unwrap();
    assert!(status.success(), "{}", fs::read_to_string(errors.path()).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "its folder is still there");
}
