//! The machine's curl: what people and the vendors' pages use.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of the last answer; 0 when there was none.
    pub status: u16,
    /// The headers of the last answer in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// curl's exit code: 0 when an answer came, whatever its status.
    pub exit: i32,
    /// What curl complained about.
    pub complaint: String,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics with the body when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}), status {}: {}", self.status, self.text()))
    }

    /// The value of a header that comes once, or not at all; panics when it comes more often.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "the answer has `{name}` more than once");
        value
    }
}

/// `curl URL`.
pub fn get(url: &str) -> Answer {
    curl([url])
}

/// `curl` with these arguments, as they would stand on a command line.
///
/// What the arguments do not say is curl's default, except that it is silent, uses no proxy, and gives up after a
/// minute. `-o`, `-D` and `-w` are taken; with `-i` the headers are in the body, as people see them.
pub fn curl(arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Answer {
    let mut command = Command::new("curl");
    command.args(arguments);
    run(command)
}

/// A whole command line that starts with `curl`, run by the shell as somebody would paste it.
pub fn line(line: &str) -> Answer {
    assert!(line.trim_start().starts_with("curl "), "not a curl command: {line}");
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    run(command)
}

fn run(mut command: Command) -> Answer {
    // The answer's parts are asked for in a configuration file, so that the arguments stay the caller's alone; it
    // also stands in for the one in somebody's home.
    let directory =
        tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for curl's answer: {error}"));
    let (headers, body) = (directory.path().join("headers"), directory.path().join("body"));
    let settings = format!(
        "silent\nshow-error\nnoproxy = \"*\"\nmax-time = 60\ndump-header = \"{}\"\noutput = \"{}\"\nwrite-out = \"%{{http_code}}\"\n",
        headers.display(),
        body.display()
    );
    fs::write(directory.path().join(".curlrc"), settings)
        .unwrap_or_else(|error| panic!("cannot write curl's settings: {error}"));
    let output = command
        .env("CURL_HOME", directory.path())
        .output()
        .unwrap_or_else(|error| panic!("curl does not start: {error}; `cargo xtask test` installs it"));
    Answer {
        status: String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0),
        headers: last_headers(&headers),
        body: fs::read(&body).unwrap_or_default(),
        exit: output.status.code().unwrap_or(-1),
        complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The last block of header lines: redirects that were followed and `100 Continue` write blocks of their own.
fn last_headers(file: &Path) -> Vec<(String, String)> {
    let bytes = fs::read(file).unwrap_or_default();
    let text: String = bytes.into_iter().map(char::from).collect();
    let block = text.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default();
    block
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports;
    use crate::upstream::Upstream;

    #[test]
    fn an_answer_has_its_parts() {
        let upstream = Upstream::start();
        let url = format!("{}/a?b=c", upstream.url());
        let answer = curl(["-X", "PUT", "-H", "X-One: 1", "-d", "hello", &url]);
        assert_eq!((answer.status, answer.exit), (200, 0));
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(answer.json()["method"], "PUT");
        assert_eq!(answer.json()["uri"], "/a?b=c");
        assert_eq!(answer.json()["body"], "hello");
    }

    #[test]
    fn a_pasted_line_is_run_by_the_shell() {
        let upstream = Upstream::start();
        let answer = line(&format!("curl -u \"admin:$(printf secret)\" '{}/'", upstream.url()));
        assert_eq!(answer.status, 200);
        assert_eq!(upstream.requests()[0].header("authorization"), Some("Basic YWRtaW46c2VjcmV0"));
    }

    #[test]
    fn nobody_there_is_status_zero() {
        let answer = get(&format!("http://127.0.0.1:{}/", ports::free()));
        assert_eq!((answer.status, answer.exit), (0, 7));
        assert!(!answer.complaint.is_empty());
    }
}
