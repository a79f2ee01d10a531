//! What the server and a worker say to each other.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::call::Call;

/// What the server says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum ToWorker {
    /// Run this.
    Run(Job),
    /// Say whether this is a script.
    Check {
        /// The text.
        text: String,
    },
    /// What came back from a call.
    Answer {
        /// The status.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        text: String,
    },
    /// A call was not made.
    Refused {
        /// Why, as the end of a sentence.
        reason: String,
    },
}

/// A script with all that it may know.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    /// The script.
    pub(super) text: String,
    /// The variables of the release.
    pub(super) variables: Map<String, Value>,
    /// The most statements.
    pub(super) steps: u64,
    /// The most of its heap, in bytes.
    pub(super) heap_bytes: u64,
    /// The most that it may print, in bytes.
    pub(super) output_bytes: u64,
    /// The most calls.
    pub(super) calls: u32,
    /// The most time of the processor, in seconds.
    pub(super) processor_seconds: u64,
}

/// What a worker says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum FromWorker {
    /// The script printed this.
    Printed {
        /// The text, without the line's end.
        text: String,
    },
    /// The script asks for a call, and waits.
    Call {
        /// `GET`, `POST`, `PUT` or `DELETE`.
        method: String,
        /// As [`Call::target`].
        target: String,
        /// The headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Option<Box<RawValue>>,
    },
    /// The script completed.
    Completed {
        /// What it left as variables.
        variables: Map<String, Value>,
    },
    /// The script did not complete.
    Failed(Fault),
    /// What was to be checked is a script, or not.
    Checked {
        /// What is wrong with it.
        fault: Option<SyntaxAt>,
    },
}

/// What is wrong with a text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyntaxAt {
    /// The line, from one.
    pub(super) line: u32,
    /// The character of that line, from one.
    pub(super) column: u32,
    /// What is wrong.
    pub(super) message: String,
}

/// Why a script did not complete, as far as a worker can tell.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Fault {
    /// The text is no script.
    Syntax(SyntaxAt),
    /// The script failed.
    Script {
        /// The line, from one.
        line: Option<u32>,
        /// What happened there.
        message: String,
    },
    /// Too many statements.
    Steps,
    /// Too much heap.
    Memory,
    /// It printed too much.
    Output,
    /// Too many calls.
    Calls,
    /// Calls of functions too deep.
    Recursion,
    /// What it left are no variables.
    Variables {
        /// What is wrong with them.
        message: String,
    },
}

/// What a worker said, in types: from here on it can be used.
pub(super) enum Said {
    /// As [`FromWorker::Printed`].
    Printed(String),
    /// As [`FromWorker::Call`].
    Call(Call),
    /// A call that is none: the worker is told so.
    NoCall(String),
    /// As [`FromWorker::Completed`].
    Completed(Map<String, Value>),
    /// As [`FromWorker::Failed`].
    Failed(Fault),
    /// As [`FromWorker::Checked`].
    Checked(Option<SyntaxAt>),
}

/// Reads what a worker said.
///
/// # Errors
/// What is not understood, without the message itself.
pub(super) fn read(bytes: &[u8]) -> Result<Said, String> {
    // Of what serde says the first part names the place; the rest could be a value.
    let said = serde_json::from_slice(bytes)
        .map_err(|error| format!("not a message, at line {} column {}", error.line(), error.column()))?;
    Ok(match said {
        FromWorker::Printed { text } => Said::Printed(text),
        FromWorker::Call { method, target, headers, body } => {
            Call::read(&method, target, &headers, body).map_or_else(Said::NoCall, Said::Call)
        }
        FromWorker::Completed { variables } => Said::Completed(variables),
        FromWorker::Failed(fault) => Said::Failed(fault),
        FromWorker::Checked { fault } => Said::Checked(fault),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_into_types() {
        let text =
            r#"{"Call":{"method":"POST","target":"/api/v1/x","headers":[["X-A","1"]],"body":{"a":1}}}"#;
        let Ok(Said::Call(call)) = read(text.as_bytes()) else { panic!("no call") };
        assert_eq!((call.method.as_str(), call.target.as_str()), ("POST", "/api/v1/x"));
        assert_eq!(call.headers["x-a"], "1");
        assert_eq!(call.body.unwrap().get(), r#"{"a":1}"#);
    }

    #[test]
    fn a_call_that_is_none_is_refused_by_name() {
        for (method, target, name, value) in [
            ("PATCH", "/x", "a", "b"),
            ("GET", "", "a", "b"),
            ("GET", "/x\r\nHost: y", "a", "b"),
            ("GET", "/x", "a b", "b"),
            ("GET", "/x", "a", "b\r\nc: d"),
        ] {
            let said = FromWorker::Call {
                method: method.to_owned(),
                target: target.to_owned(),
                headers: vec![(name.to_owned(), value.to_owned())],
                body: None,
            };
            let said = read(&serde_json::to_vec(&said).unwrap());
            assert!(matches!(said, Ok(Said::NoCall(_))), "{method} {target:?} {name:?} {value:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_told_without_its_words() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"Printed":{"text":1}}"#,
            r#"{"Secret":{}}"#,
            r#"{"Printed":{"text":"a","more":1}}"#,
        ] {
            let Err(message) = read(text.as_bytes()) else { panic!("{text} was read") };
            assert!(!message.contains("Secret"), "{message}");
        }
    }

    #[test]
    fn nesting_ends_no_process() {
        let deep = format!(r#"{{"Completed":{{"variables":{{"a":{}}}}}}}"#, "[".repeat(1_000_000));
        assert!(read(deep.as_bytes()).is_err());
    }
}
