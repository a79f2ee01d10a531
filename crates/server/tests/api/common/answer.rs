//! Answers, read whole.

use std::fmt::Write;

use bytes::Bytes;
use http::response::Parts;
use serde_json::Value;
use url::form_urlencoded;

/// An answer.
pub(crate) struct Answer {
    parts: Parts,
    body: Bytes,
}

impl Answer {
    pub(crate) fn new(parts: Parts, body: Bytes) -> Self {
        Self { parts, body }
    }

    /// The status as a number.
    pub(crate) fn status(&self) -> u16 {
        self.parts.status.as_u16()
    }

    /// The only header of this name; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let all: Vec<_> = self.parts.headers.get_all(name).iter().collect();
        assert!(all.len() < 2, "{name} stands {} times", all.len());
        all.first().map_or("", |value| value.to_str().unwrap())
    }

    /// Where the log-in page that this leads to leads on, with what was typed.
    pub(crate) fn after_login(&self) -> String {
        let query = self.header("location").strip_prefix("/login?").unwrap();
        let (name, next) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
        assert_eq!(name, "next");
        next.into_owned()
    }

    /// All headers of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.parts.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// How often a header stands there.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.parts.headers.get_all(name).iter().count()
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status, headers and body, for a snapshot. Left out is the header that every answer has, as `callers` shows.
    pub(crate) fn shown(&self) -> String {
        let mut shown = self.parts.status.to_string();
        for (name, value) in &self.parts.headers {
            if !["content-length", "x-content-type-options"].contains(&name.as_str()) {
                write!(shown, "\n{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(json) => write!(shown, "\n\n{json:#}").unwrap(),
            Err(_) if self.body.is_empty() => {}
            Err(_) => write!(shown, "\n\n{}", self.text()).unwrap(),
        }
        shown
    }
}
