//! A call of the API that a script asks for.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::value::RawValue;

/// The longest body of an answer that a script is given, in bytes.
pub const ANSWER_BYTES: usize = 1_024 * 1_024;
/// The longest target, in bytes.
const TARGET_BYTES: usize = 8_192;
/// The most headers a script may give.
const HEADERS: usize = 32;

/// What a script asks for. It is well formed, and nothing else is known of it: who runs it says what it may call.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: Method,
    /// A path of this server, such as `/api/v1/releases`, or of an application, such as `shop:/orders`: visible characters, 8,192
    /// bytes at most.
    pub target: String,
    /// The headers that the script gave, 32 at most.
    pub headers: HeaderMap,
    /// The body, to be sent as it is: JSON. It stays a text, because values take many times its memory.
    pub body: Option<Box<RawValue>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers. Those whose values are no text are not shown to the script.
    pub headers: HeaderMap,
    /// The body; longer than [`ANSWER_BYTES`] fails the script.
    pub body: Bytes,
}

/// A call that was not made. It fails the script at the line of the call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call was refused: {reason}")]
pub struct CallRefused {
    reason: String,
}

impl CallRefused {
    /// With the reason, as the end of a sentence.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Call {
    /// Reads what a worker said.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(super) fn read(
        method: &str,
        target: String,
        headers: &[(String, String)],
        body: Option<Box<RawValue>>,
    ) -> Result<Self, String> {
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "DELETE" => Method::DELETE,
            _ => return Err("a method that no script can name".to_owned()),
        };
        let is_visible =
            target.chars().all(|character| !character.is_control() && !character.is_whitespace());
        if target.is_empty() || target.len() > TARGET_BYTES || !is_visible {
            return Err(format!("a path has 1 to {TARGET_BYTES} visible characters"));
        }
        if headers.len() > HEADERS {
            return Err(format!("a call has {HEADERS} headers at most"));
        }
        let mut read = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let name =
                http::HeaderName::try_from(name).map_err(|_| "a header has a name that none can have")?;
            let value = http::HeaderValue::try_from(value)
                .map_err(|_| format!("the header `{name}` has a value that none can have"))?;
            read.append(name, value);
        }
        Ok(Self { method, target, headers: read, body })
    }
}
