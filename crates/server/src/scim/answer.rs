//! Answers.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::projection::Projection;

/// The media type of SCIM (RFC 7644 §8.1).
pub(super) const SCIM_JSON: &str = "application/scim+json";

/// A resource with its place and its tag, when it has them: what is asked for of it.
pub(super) fn resource(status: StatusCode, resource: Value, projection: &Projection) -> Response {
    let meta = |name: &str| resource["meta"][name].as_str().and_then(|text| text.parse::<HeaderValue>().ok());
    let (tag, location) = (meta("version"), meta("location").filter(|_| status == StatusCode::CREATED));
    let mut response = body(status, &projection.of(resource));
    for (name, value) in [(ETAG, tag), (LOCATION, location)] {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Some JSON.
pub(super) fn body(status: StatusCode, json: &Value) -> Response {
    let mut response = empty(status);
    *response.body_mut() = Body::from(json.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
    response
}

/// Nothing but the status.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 304: the client has what there is (RFC 7644 §3.14).
pub(super) fn not_modified(resource: &Value) -> Response {
    let mut response = empty(StatusCode::NOT_MODIFIED);
    if let Some(tag) = resource["meta"]["version"].as_str().and_then(|tag| tag.parse().ok()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
