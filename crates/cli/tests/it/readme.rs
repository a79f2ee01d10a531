//! The lines of the README under "Run it", as somebody pastes them: only the port, the folder and the token are put in.

use std::process::Command;

use patgate_testkit::servers::patgate::Patgate;
use serde_json::Value;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));

/// The blocks for a shell below a heading.
fn blocks(heading: &str) -> Vec<&'static str> {
    let (_, section) = README.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// Runs these lines in the folder of the server and returns what they write.
fn pasted(patgate: &Patgate, lines: &str) -> String {
    let lines = lines.replace("127.0.0.1:5516", &format!("127.0.0.1:{}", patgate.ports()[0]));
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &lines]).current_dir(patgate.directory());
    let output = shell.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{lines}\n{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn somebody_pastes_the_lines_of_the_readme() {
    let patgate = Patgate::with().without_admin_password().start();
    let blocks = blocks("Run it");
    let [run, lines] = blocks[..] else { panic!("{blocks:?}") };
    assert!(run.lines().any(|line| line == "./target/release/patgate serve"), "{run}");
    // It is started in the folder in which the lines are typed, with the default folder of the state.
    std::os::unix::fs::symlink(patgate.data_directory(), patgate.directory().join("patgate-data")).unwrap();
    let (make, use_it) = lines.split_once("\ncurl -u :pat_…").unwrap();
    let made: Value = serde_json::from_str(&pasted(&patgate, make)).unwrap();
    assert_eq!(made["tokenNote"], "ci");
    let token = made["token"].as_str().unwrap();
    let mut each = format!("curl -u :pat_…{use_it}").replace("pat_…", token);
    let end = each.find("\ncurl").unwrap();
    let delete = each.split_off(end);
    let read = pasted(&patgate, &each);
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap()["id"], made["id"]);
    assert_eq!(pasted(&patgate, &delete), "");
    assert!(pasted(&patgate, &each).contains("the token was deleted"));
}
