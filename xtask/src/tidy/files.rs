//! What every file keeps to: at most 400 lines, a module document, no loose ends.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::tree;

/// The most lines a source file may have.
const LONGEST: usize = 400;

// In two parts each, so that this file does not find itself.
const LOOSE_END: &str = concat!("TO", "DO");
const SKIPPED_TEST: &str = concat!("#[ig", "nore");

/// Where nothing may fail for a reason outside, and what would make it.
const PURE: &str = "crates/core/src";
const OUTSIDE: [&str; 8] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
];

/// One line for each place that breaks a rule.
///
/// # Errors
/// When the files cannot be listed or read.
pub(super) fn findings() -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for file in tree::files()? {
        let path = tree::root().join(&file);
        let bytes = fs::read(&path).map_err(Failure::file(&path))?;
        // What is not text (a picture) has no lines to speak of.
        if let Ok(text) = String::from_utf8(bytes) {
            findings.extend(findings_in(&file, &text));
        }
    }
    Ok(findings)
}

fn findings_in(file: &Path, text: &str) -> Vec<String> {
    let name = file.display();
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let mut findings = Vec::new();
    let is_source =
        matches!(ending, "rs" | "html" | "css" | "js" | "sh" | "lua") || file.ends_with(".ci/run");
    let is_written_by_people = is_source || matches!(ending, "md" | "toml" | "txt" | "json" | "yml" | "yaml");
    let lines = text.lines().count();
    if is_source && lines > LONGEST {
        findings.push(format!("{name}: {lines} lines; split it, {LONGEST} is the most"));
    }
    if ending == "rs" && !text.starts_with("//!") {
        findings.push(format!("{name}:1: start with a `//!` line that says what the file is for"));
    }
    if is_written_by_people && !text.is_empty() && !text.ends_with('\n') {
        findings.push(format!("{name}:{lines}: end the last line"));
    }
    // `lines` would hide the `\r` of a foreign line end.
    for (number, line) in (1..).zip(text.split('\n')) {
        if is_written_by_people && line.ends_with([' ', '\t', '\r']) {
            findings.push(format!("{name}:{number}: remove the space at the end of the line"));
        }
        if is_written_by_people && has_loose_end(line) {
            findings.push(format!("{name}:{number}: a {LOOSE_END} names its issue: `{LOOSE_END} #12`"));
        }
        let outside = OUTSIDE.iter().find(|outside| file.starts_with(PURE) && line.contains(**outside));
        if let Some(outside) = outside.filter(|_| !line.trim_start().starts_with("//")) {
            findings.push(format!("{name}:{number}: `{outside}` reaches outside; `core` is told everything"));
        }
        if ending == "rs" && line.trim_start().starts_with(SKIPPED_TEST) {
            findings.push(format!("{name}:{number}: a test runs, or it is removed"));
        }
    }
    findings
}

/// Whether a line has the word without `#` and the number of an issue behind it.
fn has_loose_end(line: &str) -> bool {
    line.match_indices(LOOSE_END).any(|(at, word)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let is_word = !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
            && !after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let issue = after.trim_start_matches([' ', '(', ':']).strip_prefix('#').unwrap_or_default();
        is_word && !issue.starts_with(|letter: char| letter.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<String> {
        findings_in(Path::new(file), text)
    }

    #[test]
    fn a_tidy_file_has_no_finding() {
        assert_eq!(found("a.rs", "//! What it is.\n"), Vec::<String>::new());
        assert_eq!(found("a.rs", &format!("//! What.\n// {LOOSE_END} #12: later.\n")), Vec::<String>::new());
    }

    #[test]
    fn each_rule_names_its_line() {
        assert_eq!(found("a.rs", "fn main() {}\n").len(), 1);
        assert!(found("a.css", &"a\n".repeat(401))[0].contains("401 lines"));
        assert_eq!(found("a.css", &"a\n".repeat(400)), Vec::<String>::new());
        assert!(found("a.md", "one\ntwo \n")[0].starts_with("a.md:2:"));
        assert!(found("a.md", "one\r\n")[0].starts_with("a.md:1:"));
        assert!(found("a.md", "one")[0].contains("end the last line"));
        assert!(found("a.sh", &format!("# {LOOSE_END}: later\n"))[0].starts_with("a.sh:1:"));
        assert!(found("a.rs", &format!("//! A.\n    {SKIPPED_TEST}]\n"))[0].starts_with("a.rs:2:"));
    }

    #[test]
    fn the_core_reaches_nothing_outside() {
        for line in ["use std::fs;", "    std::net::TcpStream::connect(a)", "use std::{fs, io};"] {
            assert_eq!(found("crates/store/src/a.rs", &format!("//! A.\n{line}\n")), Vec::<String>::new());
        }
        for line in ["use std::fs;", "let a = std::net::TcpStream::connect(a);", "std::env::var(a)"] {
            assert_eq!(found("crates/core/src/a/b.rs", &format!("//! A.\n{line}\n")).len(), 1, "{line}");
        }
        let told = "//! A.\n// As std::fs has it.\nuse std::net::IpAddr;\n";
        assert_eq!(found("crates/core/src/a.rs", told), Vec::<String>::new());
    }

    #[test]
    fn a_word_that_holds_the_letters_is_no_loose_end() {
        assert!(!has_loose_end(&format!("MAS{LOOSE_END}NT")));
        assert!(has_loose_end(&format!("{LOOSE_END}(somebody)")));
    }
}
