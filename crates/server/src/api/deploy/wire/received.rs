//! The body of a request to Deploy: JSON or XML, as its `Content-Type` says.

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use patgate_core::xml::{self, Element};
use serde::de::DeserializeOwned;

use crate::api::json::{arrive, is_one_of, read, wipe};
use crate::problem::Problem;

const JSON: [&str; 1] = ["application/json"];
const XML: [&str; 2] = ["application/xml", "text/xml"];

/// What can be read from both forms.
pub(in crate::api) trait FromEither: Sized {
    /// As JSON brings it.
    type Json: DeserializeOwned;

    /// From JSON.
    fn of_json(json: Self::Json) -> Result<Self, Problem>;

    /// From XML.
    fn of_xml(element: &Element) -> Result<Self, Problem>;
}

/// A body in one of the two forms.
///
/// Refuses with 415 what is sent as neither, with 413 what is above the limit of the server, with 408 what does not arrive in
/// time, and with 400 what cannot be read.
pub(in crate::api) struct Received<T>(pub(in crate::api) T);

impl<S: Send + Sync, T: FromEither> FromRequest<S> for Received<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_one_of(&JSON, request.headers());
        if !is_json && !is_one_of(&XML, request.headers()) {
            let detail = "The body must be XML or JSON";
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no_xml_or_json", detail);
            return Err(problem.hint("Send the header `Content-Type: application/xml` or `application/json`"));
        }
        let body = arrive(request, state).await?;
        let received = if is_json { read(&body).and_then(T::of_json) } else { of_xml(&body) };
        wipe(body);
        received.map(Self)
    }
}

fn of_xml<T: FromEither>(body: &[u8]) -> Result<T, Problem> {
    let element = xml::read(body).map_err(|why| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_xml", format!("The body cannot be read as XML: {why}"))
    })?;
    T::of_xml(&element)
}
