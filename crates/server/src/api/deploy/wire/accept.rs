//! In which form a client wants to be answered.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use patgate_core::xml::Element;
use serde_json::{Value, json};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Format {
    /// Deploy's own.
    Xml,
    /// What its clients of today ask for.
    Json,
}

/// What can be answered in both forms.
pub(in crate::api) trait Document {
    /// In JSON.
    fn json(&self) -> Value;
    /// In XML.
    fn xml(&self) -> Element;
}

/// An answer in the form that the client wants.
pub(in crate::api) struct Answer<T>(pub(in crate::api) Format, pub(in crate::api) T);

/// Yes or no: `{"boolean": true}`.
pub(in crate::api) struct Flag(pub(in crate::api) bool);

/// A text: `{"string": "…"}`.
pub(in crate::api) struct Text(pub(in crate::api) String);

/// Several of them.
pub(in crate::api) struct List<T>(pub(in crate::api) Vec<T>);

impl Format {
    /// A document in this form.
    pub(in crate::api) fn text(self, document: &impl Document) -> String {
        match self {
            Self::Xml => document.xml().to_document(),
            Self::Json => document.json().to_string(),
        }
    }

    /// What it is to a client.
    pub(in crate::api) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        })
    }

    /// What `Accept` prefers (RFC 9110 §12.5.1). Where it leaves the choice, and where it takes neither, XML.
    fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let (mut json, mut xml) = (Wish::default(), Wish::default());
        for range in lines.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let (of_json, of_xml) = match name.as_str() {
                "application/json" => (Some(2), None),
                "application/xml" | "text/xml" => (None, Some(2)),
                "application/*" => (Some(1), Some(1)),
                "*/*" => (Some(0), Some(0)),
                _ => (None, None),
            };
            json.hear(of_json, quality);
            xml.hear(of_xml, quality);
        }
        if json.quality > 0.0 && (json.quality, json.exactness) > (xml.quality, xml.exactness) {
            Self::Json
        } else {
            Self::Xml
        }
    }
}

/// How much a form is wanted: by the most exact range that names it.
#[derive(Clone, Copy, Default)]
struct Wish {
    exactness: u8,
    quality: f32,
}

impl Wish {
    fn hear(&mut self, exactness: Option<u8>, quality: f32) {
        if let Some(exactness) = exactness.filter(|exactness| *exactness >= self.exactness) {
            *self = Self { exactness, quality };
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl<T: Document> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let Self(format, document) = self;
        ([(CONTENT_TYPE, format.content_type())], format.text(&document)).into_response()
    }
}

impl<T: Document> Document for List<T> {
    fn json(&self) -> Value {
        self.0.iter().map(Document::json).collect()
    }

    fn xml(&self) -> Element {
        Element::new("list").children_of(self.0.iter().map(Document::xml))
    }
}

impl Document for Flag {
    fn json(&self) -> Value {
        json!({ "boolean": self.0 })
    }

    fn xml(&self) -> Element {
        Element::new("boolean").text(self.0.to_string())
    }
}

impl Document for Text {
    fn json(&self) -> Value {
        json!({ "string": self.0 })
    }

    fn xml(&self) -> Element {
        Element::new("string").text(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_the_form_it_reads() {
        for (accept, format) in [
            (&[][..], Format::Xml),
            (&["*/*"], Format::Xml),
            (&["application/json"], Format::Json),
            (&["application/xml"], Format::Xml),
            // A browser, and a script of axios.
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Format::Xml),
            (&["application/json, text/plain, */*"], Format::Json),
            (&["application/xml;q=0.5, application/json;q=0.6"], Format::Json),
            (&["application/json;q=0", "*/*"], Format::Xml),
            (&["Application/JSON; charset=utf-8"], Format::Json),
            (&["text/csv"], Format::Xml),
            (&["application/json;q=x"], Format::Xml),
        ] {
            let mut headers = HeaderMap::new();
            for line in accept {
                headers.append(ACCEPT, HeaderValue::from_static(line));
            }
            assert_eq!(Format::of(&headers), format, "{accept:?}");
        }
    }
}
